"""Many calls a second into an Asterisk, by sipp: what became of them, and how fast it answered."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Mapping
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from lab.errors import LabError
from lab.load_result import LoadResult, read_load
from lab.packages import PackageTree
from lab.ports import LOOPBACK, PortFinder
from lab.processes import Child
from lab.speech import Speech

SCENARIOS = Path(__file__).parent / "scenarios"
AUDIO_PORTS = 2  # a call's, for RTP and RTCP
MOST_AT_ONCE = 5000  # calls; sipp wants two files for each


class CallLoad:
    """Places calls at a rate, from 127.0.0.1, so as the endpoint that Asterisk knows by it.

    A call that Asterisk answers takes two of its audio ports for as long as it lasts, half a
    second at least (Answer() waits for sound): pick its ports with `rtp` of twice the rate.

    tree: one that has sip-tester. ports: where free ports come from.
    """

    def __init__(self, tree: PackageTree, ports: PortFinder) -> None:
        self._tree = tree
        self._ports = ports

    async def run(
        self,
        number: str,
        to_port: int,
        *,
        rate: int,
        seconds: float,
        hold: float = 5.0,
        speech: Speech | None = None,
        answer_within: float = 5.0,
    ) -> LoadResult:
        """Call a number `rate` times a second for `seconds`; each call ends when Asterisk ends it.

        to_port: Asterisk's SIP port. hold: seconds after the answer when the caller hangs up, if
        Asterisk did not. speech: what each caller says, again and again; without it nothing is
        sent. answer_within: seconds; a call that takes longer failed. Raises LabError when sipp
        itself fails.
        """
        calls = round(rate * seconds)
        audio_ports = AUDIO_PORTS * (calls if speech else 1)
        with tempfile.TemporaryDirectory(prefix="voxload") as name:
            folder = Path(name)
            sound = folder / "sound.alaw"
            if speech:
                sound.write_bytes(speech.alaw)
            scenario = _render(
                {
                    "login": None,
                    "caller_number": "5550008",
                    "caller_name": "Load",
                    "audio_port": "[rtpstream_audio_port]" if speech else "[media_port]",
                    "sound": sound if speech else None,
                    "hangup_after": round(1000 * hold),
                    "answer_within": round(1000 * answer_within),
                }
            )
            (folder / "load.xml").write_text(scenario)
            audio = self._ports.run_of(audio_ports)
            command = [
                *self._tree.command("usr/bin/sipp"),
                *("-sf", str(folder / "load.xml"), "-s", number, "-nostdin"),
                *("-m", str(calls), "-r", str(rate), "-l", str(MOST_AT_ONCE)),
                *("-i", LOOPBACK, "-p", str(self._ports.one()), "-mi", LOOPBACK),
                *("-min_rtp_port", str(audio)),
                *("-max_rtp_port", str(audio + audio_ports - 1)),
                *("-trace_stat", "-stf", str(folder / "statistics"), "-fd", "1"),
                *("-trace_shortmsg", "-shortmessage_file", str(folder / "messages")),
                *("-trace_err", "-error_file", str(folder / "errors")),
                f"{LOOPBACK}:{to_port}",
            ]
            child = Child("sipp", command, folder / "screen", {"TERM": "dumb"})
            await _ended(child, seconds + hold + answer_within + 40)
            return _read(folder, child)


def _render(values: Mapping[str, object]) -> str:
    scenarios = Environment(
        loader=FileSystemLoader(SCENARIOS),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        autoescape=False,  # the text is SIP, and all that goes in is ours
    )
    return scenarios.get_template("load.xml").render(values)


async def _ended(child: Child, timeout: float) -> None:
    try:
        async with asyncio.timeout(timeout):
            await child.ended()
    except TimeoutError:
        raise LabError(f"sipp did not end in {timeout:.0f} s: {child.last_words(5)}") from None
    finally:
        await child.stop(grace=1.0)


def _read(folder: Path, child: Child) -> LoadResult:
    try:
        with (folder / "messages").open(errors="replace") as messages:
            return read_load((folder / "statistics").read_text(), messages)
    except (OSError, LabError) as trouble:
        words = (folder / "errors").read_text() if (folder / "errors").exists() else ""
        raise LabError(f"sipp failed: {trouble}\n{words}{child.last_words(5)}") from None
