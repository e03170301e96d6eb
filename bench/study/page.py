"""The report's page: the findings in words and tables, beside the thesis'."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from bench.study.charts import use_by_phase
from bench.study.data import BARE, PEER, VOXPOST, WITH, WITHOUT, Study
from bench.study.summary import (
    MailPoint,
    Spread,
    call_points,
    good_sound,
    highest,
    mail_points,
)
from bench.study.texts import FOOT, HEAD, HOW, QUICK_NOTE, SECTIONS
from bench.study.thesis import THESIS_CALLS, THESIS_MAILS

CALL_HEADS = (
    "placed a second | way | answered a second | failed | sent again | ringing, median (ms) | "
    "ringing, p99 (ms) | answer, median (ms) | answer, p99 (ms)"
)
MAIL_HEADS = (
    "mails | sender | bytes each | sent | in the mail account | taken by Postfix, a minute | "
    "stored by Dovecot, a minute"
)
SOUND_HEADS = (
    "background calls | up | packets | lost (%) | round trip, median (ms) | "
    "round trip, p99 (ms) | jitter, median (ms) | jitter, most (ms)"
)
_PARTS = ("asterisk", "voxpost", "postfix", "dovecot", "load")


def page(study: Study) -> str:
    """The page in Markdown."""
    blocks = [
        HEAD.format(date=study.date, minutes=f"{study.minutes:g}", rounds=_rounds(study)),
        QUICK_NOTE if study.quick else "",
        _table("what | the thesis, 2010 | here", _headline(study)),
        SECTIONS["calls"],
        _table(CALL_HEADS, _calls(study)),
        SECTIONS["voicemail"].format(
            calls=study.voicemails.calls,
            mails=study.voicemails.mails,
            median=_ms(study.voicemails.delay.p50),
            most=_ms(study.voicemails.delay.most),
        ),
        SECTIONS["mails"],
        _table(MAIL_HEADS, _mails(study)),
        SECTIONS["use"],
        _table(" | ".join(("while", *_PARTS)), _use(study)),
        SECTIONS["sound"],
        _table(SOUND_HEADS, _sound(study)),
        "## The machine",
        _table("part | what", study.machine.items()),
        HOW,
        FOOT,
    ]
    return "\n\n".join(block.strip() for block in blocks if block) + "\n"


def _rounds(study: Study) -> int:
    first = study.calls[0]
    return sum(run.way == first.way and run.asked == first.asked for run in study.calls)


def _headline(study: Study) -> Iterable[tuple[str, ...]]:
    points = call_points(study.calls)
    for way in (WITHOUT, WITH, BARE):
        best = highest(points, way)
        found = f"{best.asked} a second" if best else "none of the rates tried"
        tried = max(point.asked for point in points)
        more = " (the most that was tried)" if best and best.asked == tried else ""
        thesis = f"{THESIS_CALLS} a second" if way == WITH else ""
        yield f"calls carried, {way}", thesis, found + more
    for point in mail_points(study.mails):
        if point.sender == VOXPOST:
            thesis = f"{THESIS_MAILS} a minute" if point.size == "1.2 MB" else ""
            yield (
                f"voicemail mails of {point.size}, in the mail account",
                thesis,
                f"{_spread(point.stored)} a minute",
            )
    share = _share(mail_points(study.mails))
    for size, ratio in share.items():
        yield f"the same beside `smtp-source` without TLS, {size}", "", f"{ratio:.2f} of it"
    if good := [run for run in study.rtp if good_sound(run)]:
        last = good[-1]
        more = " (the most that was tried)" if last is study.rtp[-1] else ""
        yield "background calls beside which one can talk", "", f"{last.calls}{more}"


def _share(points: Sequence[MailPoint]) -> dict[str, float]:
    stored = {(point.size, point.sender): point.stored.middle for point in points}
    sizes = dict.fromkeys(point.size for point in points)
    return {
        size: stored[size, VOXPOST] / stored[size, PEER]
        for size in sizes
        if (size, VOXPOST) in stored and stored.get((size, PEER))
    }


def _calls(study: Study) -> Iterable[tuple[str, ...]]:
    for point in call_points(study.calls):
        yield (
            str(point.asked),
            point.way,
            _spread(point.carried),
            f"{point.failed} of {point.attempted}",
            str(point.retransmissions),
            _spread(point.ringing),
            _spread(point.ringing_p99),
            _spread(point.answer),
            _spread(point.answer_p99),
        )


def _mails(study: Study) -> Iterable[tuple[str, ...]]:
    for point in mail_points(study.mails):
        yield (
            point.size,
            point.sender,
            f"{point.bytes_each:,}",
            str(point.count),
            str(point.in_mailbox),
            _spread(point.accepted),
            _spread(point.stored),
        )


def _use(study: Study) -> Iterable[tuple[str, ...]]:
    for phase, usage in use_by_phase(study).items():
        cells = []
        for part in _PARTS:
            use = usage.get(part)
            memory = f", {use.memory:.0f} MB" if use and use.memory else ""
            cells.append(f"{use.cpu:.0f} %{memory}" if use else "")
        yield (phase, *cells)


def _sound(study: Study) -> Iterable[tuple[str, ...]]:
    for run in study.rtp:
        yield (
            str(run.asked),
            str(run.calls),
            str(run.sent),
            f"{run.lost_percent:.2f}",
            _ms(run.round_trip.p50),
            _ms(run.round_trip.p99),
            _ms(run.jitter.p50),
            _ms(run.jitter.most),
        )


def _table(heads: str, rows: Iterable[Sequence[str]]) -> str:
    lines = [f"| {heads} |", "|---" * (heads.count("|") + 1) + "|"]
    lines += ["| " + " | ".join(cell.replace("|", "\\|") for cell in row) + " |" for row in rows]
    return "\n".join(lines)


def _spread(spread: Spread | None) -> str:
    if spread is None:
        return "none"
    middle = _number(spread.middle)
    if len(spread.values) == 1:
        return middle
    return f"{middle} ({_number(spread.least)} to {_number(spread.most)})"


def _ms(value: float | None) -> str:
    return "none" if value is None else _number(value)


def _number(value: float) -> str:
    if value >= 100:
        return f"{value:,.0f}"
    return f"{value:.1f}" if value >= 10 else f"{value:.2f}"
