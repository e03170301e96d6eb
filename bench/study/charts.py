"""The report's charts, as SVG."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import NullFormatter

from bench.study.data import BARE, PEER, VOXPOST, WITH, WITHOUT, RtpRun, Study, Usage
from bench.study.summary import MailPoint, Spread, call_points, good_sound, mail_points
from bench.study.thesis import THESIS_CALLS, THESIS_MAILS

# Told apart without colours too: Okabe and Ito's, and each with its own sign.
STYLES: Mapping[str, Mapping[str, str]] = {
    WITHOUT: {"color": "#0072B2", "marker": "o"},
    WITH: {"color": "#D55E00", "marker": "s"},
    BARE: {"color": "#009E73", "marker": "^"},
}
SENDERS = {VOXPOST: "#D55E00", PEER: "#0072B2"}
PARTS = {
    "asterisk": "#0072B2",
    "voxpost": "#D55E00",
    "postfix": "#009E73",
    "dovecot": "#F0E442",
    "load": "#BBBBBB",
}


def write_charts(study: Study, folder: Path) -> None:
    """Write every chart into a folder."""
    # Words stay words, and the same figures give the same file.
    with mpl.rc_context({"svg.fonttype": "none", "svg.hashsalt": "voxpost"}):
        for name, draw in CHARTS.items():
            draw(study).savefig(folder / f"{name}.svg", format="svg", metadata={"Date": None})


def calls_chart(study: Study) -> Figure:
    """Calls carried, over calls asked for."""
    figure, (axes,) = _figure(1)
    points = call_points(study.calls)
    top = max(point.asked for point in points)
    axes.plot([0, top], [0, top], color="#999999", linewidth=1, linestyle=":", label="all of them")
    for way in STYLES:
        own = [point for point in points if point.way == way]
        _line(axes, [it.asked for it in own], [it.carried for it in own], way)
    axes.axhline(THESIS_CALLS, color="black", linewidth=1, linestyle="--", label="the thesis, 2010")
    axes.set(xlabel="calls placed (a second)", ylabel="calls answered (a second)")
    _finish(axes)
    return figure


def delay_chart(study: Study) -> Figure:
    """Ringing delay over calls asked for: median and the slowest of a hundred."""
    figure, (middle, slowest) = _figure(2)
    points = call_points(study.calls)
    for way in STYLES:
        own = [point for point in points if point.way == way]
        rates = [it.asked for it in own]
        _line(middle, rates, [it.ringing for it in own], way)
        _line(slowest, rates, [it.ringing_p99 for it in own], way)
    for axes, title in ((middle, "median"), (slowest, "99th percentile")):
        axes.set(xlabel="calls placed (a second)", ylabel="INVITE to 180 (ms)", title=title)
        axes.set_yscale("log")
        axes.set_ylim(1, max(10.0, axes.get_ylim()[1]))
        axes.yaxis.set_major_formatter("{x:g}")
        axes.yaxis.set_minor_formatter(NullFormatter())
        _finish(axes, zero=False)
    return figure


def mail_chart(study: Study) -> Figure:
    """Mails a minute by size and sender, taken and stored."""
    points = mail_points(study.mails)
    sizes = list(dict.fromkeys(point.size for point in points))
    figure, panels = _figure(len(sizes))
    for axes, size in zip(panels, sizes, strict=True):
        own = [point for point in points if point.size == size]
        for place, point in enumerate(own):
            _bars(axes, place, len(own), point)
        if size == "1.2 MB":
            axes.axhline(THESIS_MAILS, color="black", linestyle="--", label="the thesis, 2010")
        axes.set_xticks([0, 1], ["taken by Postfix", "stored by Dovecot"])
        axes.set(ylabel="mails a minute", title=size)
        axes.yaxis.set_major_formatter("{x:,.0f}")
        _finish(axes)
    return figure


def use_chart(study: Study) -> Figure:
    """What each part takes of processor and memory in each phase."""
    figure, (cpu, memory) = _figure(2)
    phases = use_by_phase(study)
    places = range(len(phases))
    for axes, of in ((cpu, "cpu"), (memory, "memory")):
        left = [0.0] * len(phases)
        for part, color in PARTS.items():
            values = [
                getattr(usage[part], of) if part in usage else 0.0 for usage in phases.values()
            ]
            axes.barh(places, values, left=left, color=color, label=part)
            left = [have + value for have, value in zip(left, values, strict=True)]
        axes.set_yticks(places, list(phases) if of == "cpu" else [""] * len(phases))
        axes.invert_yaxis()
        axes.grid(axis="x", alpha=0.3)
    cpu.set(xlabel="processor (percent of one core)")
    memory.set(xlabel="memory (MB)")
    handles, labels = cpu.get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside upper center", ncols=len(PARTS), frameon=False)
    return figure


def sound_chart(study: Study) -> Figure:
    """Loss, round trip and jitter of one call over the background calls."""
    figure, (loss, trip, jitter) = _figure(3)
    calls = [run.calls for run in study.rtp]
    loss.plot(calls, [run.lost_percent for run in study.rtp], color="#D55E00", marker="o")
    loss.set(ylabel="packets lost (percent)", title="loss")
    _percentiles(trip, study.rtp, lambda run: (run.round_trip.p50, run.round_trip.p99))
    trip.set(ylabel="round trip (ms)", title="delay")
    _percentiles(jitter, study.rtp, lambda run: (run.jitter.p50, run.jitter.p99))
    jitter.set(ylabel="jitter (ms), RFC 3550", title="jitter")
    for axes in (loss, trip, jitter):
        axes.set_xlabel("background calls")
        _finish(axes, zero=axes is loss, legend=axes is not loss)
    for axes in (trip, jitter):
        axes.set_yscale("log")
        axes.yaxis.set_major_formatter("{x:g}")
        axes.yaxis.set_minor_formatter(NullFormatter())
    loss.set_ylim(0, max(1.0, loss.get_ylim()[1]))
    return figure


CHARTS: Mapping[str, Callable[[Study], Figure]] = {
    "calls": calls_chart,
    "ringing": delay_chart,
    "mails": mail_chart,
    "use": use_chart,
    "sound": sound_chart,
}


def use_by_phase(study: Study) -> dict[str, Usage]:
    """What was measured, and what the parts took meanwhile."""
    phases: dict[str, Usage] = {"at rest": study.rest}
    calls = call_points(study.calls)
    for rate in sorted({point.asked for point in calls} & {THESIS_CALLS, calls[-1].asked}):
        for point in calls:
            if point.asked == rate and point.way != BARE:
                phases[f"{rate} calls/s {point.way}"] = point.usage
    for mail in mail_points(study.mails):
        phases[f"{mail.size} mails by {mail.sender}"] = mail.usage
    if good := [run for run in study.rtp if good_sound(run)]:
        phases[f"{good[-1].calls} calls with sound"] = good[-1].usage
    return phases


def _figure(panels: int) -> tuple[Figure, Sequence[Axes]]:
    figure = Figure(figsize=(6.4 if panels == 1 else 4.2 * panels, 3.8), layout="constrained")
    return figure, list(figure.subplots(1, panels, squeeze=False)[0])


def _line(axes: Axes, rates: Sequence[int], spreads: Sequence[Spread | None], way: str) -> None:
    """A line through the medians, with bars from the least to the most."""
    there = [(rate, it) for rate, it in zip(rates, spreads, strict=True) if it is not None]
    axes.errorbar(
        [rate for rate, _ in there],
        [it.middle for _, it in there],
        yerr=[
            [it.middle - it.least for _, it in there],
            [it.most - it.middle for _, it in there],
        ],
        label=way,
        capsize=3,
        color=STYLES[way]["color"],
        marker=STYLES[way]["marker"],
    )


def _bars(axes: Axes, place: int, of: int, point: MailPoint) -> None:
    width = 0.8 / of
    spreads = (point.accepted, point.stored)
    axes.bar(
        [at + (place - (of - 1) / 2) * width for at in range(2)],
        [it.middle for it in spreads],
        width,
        yerr=[[it.middle - it.least for it in spreads], [it.most - it.middle for it in spreads]],
        capsize=3,
        color=SENDERS[point.sender],
        label=point.sender,
    )


def _percentiles(
    axes: Axes,
    runs: Sequence[RtpRun],
    of: Callable[[RtpRun], tuple[float | None, float | None]],
) -> None:
    for which, (label, style) in enumerate((("median", "-"), ("99th percentile", "--"))):
        there = [(run.calls, of(run)[which]) for run in runs]
        axes.plot(
            [calls for calls, value in there if value is not None],
            [value for _, value in there if value is not None],
            color="#0072B2",
            marker="o",
            linestyle=style,
            label=label,
        )


def _finish(axes: Axes, *, zero: bool = True, legend: bool = True) -> None:
    axes.grid(alpha=0.3)
    if zero:
        axes.set_ylim(bottom=0)
    if legend:
        axes.legend(frameon=False, fontsize="small")
