"""A phone: real SIP calls with real sound, by sipp, out of the package tree."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from lab.call_result import CallResult, read_result
from lab.errors import DidNotStart, LabError
from lab.packages import PackageTree
from lab.ports import LOOPBACK, PortFinder
from lab.processes import Child
from lab.speech import ALAW_SILENCE, RATE, Speech

SCENARIOS = Path(__file__).parent / "scenarios"
REFUSALS = (401, 403, 404, 408, 410, 415, 480, 484, 486, 488, 500, 503, 600, 603)
SPOKEN_TOO_LONG = 30.0  # seconds of silence sent after the planned end
_RINGS_FOR = 60.0  # seconds: a call that is taken, from its ringing to its end


@dataclass(frozen=True)
class Login:
    """What a phone proves itself with. username: also the device's name."""

    username: str
    password: str


class Phone:
    """Places calls to, and takes calls from, an Asterisk on this machine.

    tree: one that has sip-tester. ports: where free ports come from.
    """

    def __init__(self, tree: PackageTree, ports: PortFinder) -> None:
        self._tree = tree
        self._ports = ports
        self._scenarios = Environment(
            loader=FileSystemLoader(SCENARIOS),
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
            autoescape=False,  # the text is SIP; _plain() guards what goes in
        )

    async def call(
        self,
        number: str,
        to_port: int,
        *,
        speech: Speech | None = None,
        speak_after: float = 0.0,
        hangup_after: float | None = None,
        give_up_after: float | None = None,
        answer_within: float = 20.0,
        caller_number: str = "5550007",
        caller_name: str = "Caller Seven",
        login: Login | None = None,
    ) -> CallResult:
        """Call a number, say something, hang up.

        to_port: Asterisk's SIP port. speech: what to say, silence if None. Times in
        seconds: speak_after and hangup_after count from the answer; hangup_after is the
        speech's end if None. give_up_after: instead of waiting for an answer, CANCEL so long
        after it began to ring. login: call as this device, which then stands for the caller's
        number. Raises LabError for a name or number that SIP cannot say.
        """
        spoken = speech.seconds if speech else 1.0
        until = speak_after + spoken if hangup_after is None else hangup_after
        with tempfile.TemporaryDirectory(prefix="voxphone") as folder:
            values = {
                "caller_number": _plain(login.username if login else caller_number),
                "login": _plain_login(login),
                "caller_name": _plain(caller_name),
                "sound": _sound(Path(folder), speech, speak_after, until),
                "hangup_after": round(1000 * until),
                "give_up_after": None if give_up_after is None else round(1000 * give_up_after),
                "answer_within": round(1000 * answer_within),
                "refusals": REFUSALS,
            }
            target = ["-s", _plain(number), f"{LOOPBACK}:{to_port}"]
            child = self._start("caller", values, Path(folder), self._ports.one(), target)
            limit = answer_within + until + (give_up_after or 0) + 15
            return await _result(child, Path(folder), limit)

    @asynccontextmanager
    async def answering(
        self,
        port: int,
        *,
        ring_for: float = 0.0,
        answers: bool = True,
    ) -> AsyncIterator[asyncio.Task[CallResult]]:
        """Be a phone that rings at a port and takes one call; yields its result to come.

        port: where, on loopback. ring_for: seconds until it answers; answers=False rings
        until the caller gives up.
        """
        with tempfile.TemporaryDirectory(prefix="voxphone") as folder:
            values = {
                "login": None,
                "sound": _sound(Path(folder), None, 0.0, _RINGS_FOR),
                "ring_for": max(1, round(1000 * ring_for)),
                "answers": answers,
            }
            child = self._start("answerer", values, Path(folder), port, [])
            task = asyncio.create_task(_result(child, Path(folder), _RINGS_FOR))
            try:
                await _listening(child, port)
                yield task
            finally:
                task.cancel()
                await asyncio.wait([task])

    async def register(
        self, login: Login, to_port: int, contact_port: int, *, expires: int = 600
    ) -> None:
        """Tell Asterisk where a device can be called: at contact_port, on loopback.

        to_port: Asterisk's SIP port. expires: seconds; 0 takes it back. Raises LabError when
        Asterisk refuses.
        """
        with tempfile.TemporaryDirectory(prefix="voxphone") as folder:
            values = {"login": _plain_login(login), "expires": expires}
            target = [f"{LOOPBACK}:{to_port}"]
            child = self._start("register", values, Path(folder), contact_port, target)
            result = await _result(child, Path(folder), 15)
        if not result.finished:
            raise LabError(f"{login.username} could not register: {result.words}")

    def _start(
        self,
        scenario: str,
        values: Mapping[str, object],
        folder: Path,
        port: int,
        target: list[str],
    ) -> Child:
        text = self._scenarios.get_template(f"{scenario}.xml").render(values)
        (folder / "scenario.xml").write_text(text)
        audio = self._ports.run_of(4)
        command = [
            *self._tree.command("usr/bin/sipp"),
            *("-sf", str(folder / "scenario.xml"), "-m", "1", "-nostdin"),
            *("-i", LOOPBACK, "-p", str(port), "-mi", LOOPBACK),
            *("-min_rtp_port", str(audio), "-max_rtp_port", str(audio + 3)),
            *("-trace_shortmsg", "-shortmessage_file", str(folder / "messages")),
            *("-trace_err", "-error_file", str(folder / "errors")),
            *target,
        ]
        return Child("sipp", command, folder / "screen", {"TERM": "dumb"})


def _plain(text: str) -> str:
    # Brackets are sipp's keywords, a quote ends the name, `]]>` the XML section.
    if not text or any(sign in '[]"\\<>' or not sign.isprintable() for sign in text):
        raise LabError(f"the lab's phone cannot say {text!r}: leave out brackets and quotes")
    return text


def _plain_login(login: Login | None) -> Login | None:
    if login and any(" " in _plain(word) for word in (login.username, login.password)):
        raise LabError(f"the lab's phone cannot log in as {login.username!r}: there is a blank")
    return login


def _sound(folder: Path, speech: Speech | None, before: float, until: float) -> Path:
    """Write what is sent: silence, speech, silence. A phone sends sound all the time."""
    said = ALAW_SILENCE * round(before * RATE) + (speech.alaw if speech else b"")
    whole = round((until + SPOKEN_TOO_LONG) * RATE)
    file = folder / "sound.alaw"
    file.write_bytes(said.ljust(whole, ALAW_SILENCE))
    return file


async def _listening(child: Child, port: int) -> None:
    # sipp tells nobody when it is ready; the kernel's table of sockets does (proc(5)).
    entry = f":{port:04X} "
    for _ in range(250):
        if any(entry in line.split("00000000:0000")[0] for line in _udp_sockets()):
            return
        if not child.is_running():
            break
        await asyncio.sleep(0.02)
    raise DidNotStart(f"the phone does not listen on port {port}: {child.last_words()}")


def _udp_sockets() -> list[str]:
    return Path("/proc/net/udp").read_text().splitlines()[1:]


async def _result(child: Child, folder: Path, timeout: float) -> CallResult:
    try:
        async with asyncio.timeout(timeout):
            finished = await child.ended() == 0
    except TimeoutError:
        finished = False
    finally:
        await child.stop(grace=1.0)
    words = "" if finished else f"{_text(folder / 'errors')}\n{child.last_words(5)}".strip()
    return read_result(_text(folder / "messages"), finished=finished, words=words)


def _text(file: Path) -> str:
    return file.read_text(errors="replace") if file.exists() else ""
