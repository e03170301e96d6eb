"""Many callers, one after another and some at once, who each leave a voicemail."""

from __future__ import annotations

import socket
from collections.abc import Sequence
from pathlib import Path

from lab.packages import PackageTree
from lab.phone import Login
from lab.ports import LOOPBACK, PortFinder
from lab.processes import Child
from lab.speech import Speech

SCENARIO = Path(__file__).parent / "scenarios/voicemail.xml"
AT_ONCE = 24  # calls
AUDIO_PORTS = 4  # of one call
SHORTEST, LONGEST = 3200, 5200  # milliseconds of a call; the beep is over after 1.7 s


class Calls:
    """sipp at work on many calls, to each of the extensions in turn.

    folder: for its files, new. to_port: Asterisk's SIP port. login: the caller's.
    """

    def __init__(
        self,
        folder: Path,
        tree: PackageTree,
        ports: PortFinder,
        *,
        to_port: int,
        extensions: Sequence[str],
        login: Login,
        speech: Speech,
        calls: int,
        per_second: float,
    ) -> None:
        folder.mkdir()
        sound = folder / "sound.alaw"
        sound.write_bytes(speech.alaw)
        scenario = _scenario(login, sound)
        (folder / "scenario.xml").write_text(scenario)
        rows = "".join(f"{extension}\n" for extension in extensions)
        (folder / "extensions.csv").write_text(f"SEQUENTIAL\n{rows}")
        audio = ports.run_of(AUDIO_PORTS * AT_ONCE)
        self._control = ports.one()
        self._paused = False
        command = [
            *tree.command("usr/bin/sipp"),
            *("-sf", str(folder / "scenario.xml"), "-inf", str(folder / "extensions.csv")),
            *("-m", str(calls), "-l", str(AT_ONCE), "-nostdin", "-cp", str(self._control)),
            *("-r", str(round(100 * per_second)), "-rp", "100000"),
            *("-i", LOOPBACK, "-p", str(ports.one()), "-mi", LOOPBACK),
            *("-min_rtp_port", str(audio), "-max_rtp_port", str(audio + AUDIO_PORTS * AT_ONCE - 1)),
            *("-trace_stat", "-stf", str(folder / "statistics"), "-fd", "5"),
            *("-trace_err", "-error_file", str(folder / "errors")),
            f"{LOOPBACK}:{to_port}",
        ]
        self.child = Child("sipp", command, folder / "screen", {"TERM": "dumb"})

    def pause(self, *, paused: bool) -> None:
        """Begin no new calls, or begin again; those that stand go on."""
        if paused != self._paused:
            self._paused = paused
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as control:
                control.sendto(b"p", (LOOPBACK, self._control))


def _scenario(login: Login, sound: Path) -> str:
    text = SCENARIO.read_text()
    for name, value in {
        "login": login.username,
        "password": login.password,
        "sound": str(sound),
        "shortest": str(SHORTEST),
        "longest": str(LONGEST),
    }.items():
        text = text.replace(f"{{{name}}}", value)
    return text
