"""A private apt: finds and fetches Debian packages without root and without the host's state.

Only the mirror, the keyring and the proxy settings of the host are taken over
(apt.conf(5), apt-get(8): indextargets).
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable, Sequence
from pathlib import Path

from lab.errors import LabError, Unavailable
from lab.machine import Machine, run

KEYRING = Path("/usr/share/keyrings/debian-archive-keyring.gpg")


def host_mirror() -> str:
    """Read the Debian mirror that the host itself uses from its apt.

    Raises Unavailable when apt knows none.
    """
    listing = run(
        ["apt-get", "indextargets", "--format", "$(REPO_URI) $(ORIGIN)", "Created-By: Packages"]
    )
    return choose_mirror(listing)


def choose_mirror(listing: str) -> str:
    """Choose among lines of address and origin. Raises Unavailable when none is Debian's."""
    rows = [line.partition(" ") for line in listing.splitlines()]
    rows = [row for row in rows if "security" not in row[0]]
    # Before the first `apt-get update` the origin is unknown; then the address has to tell.
    for wanted in (
        [uri for uri, _, origin in rows if origin.strip() == "Debian"],
        [
            uri
            for uri, _, origin in rows
            if not origin.strip() and uri.rstrip("/").endswith("debian")
        ],
    ):
        if wanted:
            return wanted[0]
    raise Unavailable("apt knows no Debian mirror here; the lab needs a Debian machine")


def read_status(line: str) -> float | None:
    """Read how much apt has fetched, in percent, from a line of its APT::Status-Fd.

    None when the line is about something else.
    """
    kind, _, rest = line.partition(":")
    try:
        return float(rest.split(":")[1]) if kind == "dlstatus" else None
    except (IndexError, ValueError):
        return None


def _status_of(names: Sequence[str], machine: Machine) -> str:
    stanza = (
        "Package: {name}\nStatus: install ok installed\nVersion: 99:99\n"
        "Architecture: {architecture}\nMulti-Arch: allowed\n"
        "Maintainer: none <none@invalid>\nDescription: placeholder\n\n"
    )
    return "".join(stanza.format(name=name, architecture=machine.architecture) for name in names)


class PrivateApt:
    """apt with a root of its own, which may be thrown away after use.

    root: an empty folder. suite: a Debian release by its code name. pretend: packages to
    treat as installed, so that neither they nor what they need is fetched.
    """

    def __init__(self, root: Path, suite: str, machine: Machine, pretend: Sequence[str]) -> None:
        self.root = root
        self.suite = suite
        self._machine = machine
        self._pretend = pretend

    def prepare(self) -> None:
        """Write the private root and read the suite's package lists. Raises LabError."""
        if not KEYRING.is_file():
            raise Unavailable(f"{KEYRING} is missing: install the package debian-archive-keyring")
        for folder in (
            "state/lists/partial",
            "cache/archives/partial",
            "etc/none",
            "etc/preferences.d",
        ):
            (self.root / folder).mkdir(parents=True, exist_ok=True)
        (self.root / "state/status").write_text(_status_of(self._pretend, self._machine))
        (self.root / "etc/sources.list").write_text(
            f"deb [signed-by={KEYRING}] {host_mirror()} {self.suite} main\n"
        )
        (self.root / "apt.conf").write_text(self._settings() + _proxy_settings())
        self._get("-qq", "update")

    def fetch(
        self, packages: Sequence[str], percent: Callable[[float], None]
    ) -> list[tuple[str, str, Path]]:
        """Fetch packages and all that they need: (name, version, file) of each.

        percent: told how much has come, 0 to 100. Raises LabError.
        """
        self._download(packages, percent)
        found = []
        for line in self._get("-s", "install", *packages).splitlines():
            if line.startswith("Inst "):
                _, name, rest = line.split(" ", 2)
                version = rest.lstrip("(").split(" ", 1)[0]
                pattern = f"{name}_{version.replace(':', '%3a')}_*.deb"
                archive = next((self.root / "cache/archives").glob(pattern), None)
                if archive is None:
                    raise LabError(f"apt said that it fetched {name} {version}, but did not")
                found.append((name, version, archive))
        return sorted(found)

    @property
    def _environment(self) -> dict[str, str]:
        return {
            **os.environ,
            "APT_CONFIG": str(self.root / "apt.conf"),
            "LC_ALL": "C.UTF-8",
            "DEBIAN_FRONTEND": "noninteractive",
        }

    def _get(self, *arguments: str) -> str:
        return run(["apt-get", *arguments], self._environment)

    def _download(self, packages: Sequence[str], percent: Callable[[float], None]) -> None:
        reading, writing = os.pipe()
        command = ["apt-get", "-qq", "-y", "-o", f"APT::Status-Fd={writing}"]
        with os.fdopen(reading) as status, (self.root / "download.log").open("w+") as log:
            process = subprocess.Popen(
                [*command, "--download-only", "install", *packages],
                env=self._environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                pass_fds=(writing,),
            )
            os.close(writing)
            with process:
                for line in status:
                    if (told := read_status(line)) is not None:
                        percent(told)
            if process.returncode != 0:
                log.seek(0)
                words = " / ".join(log.read().strip().splitlines()[-4:])
                raise LabError(f"apt-get could not fetch the packages: {words}")

    def _settings(self) -> str:
        root, architecture = self.root, self._machine.architecture
        # An old suite's Release file has run out; its signature is still checked.
        return f"""\
Dir::State "{root}/state";
Dir::State::status "{root}/state/status";
Dir::Cache "{root}/cache";
Dir::Etc "{root}/etc";
Dir::Etc::parts "{root}/etc/none";
Dir::Etc::main "none.conf";
Dir::Etc::sourcelist "{root}/etc/sources.list";
Dir::Etc::sourceparts "{root}/etc/none";
Dir::Etc::trusted "/dev/null";
Dir::Etc::trustedparts "{root}/etc/none";
Acquire::Check-Valid-Until "false";
Acquire::Languages "none";
Acquire::Retries "3";
APT::Architecture "{architecture}";
APT::Architectures {{ "{architecture}"; }};
APT::Install-Recommends "false";
APT::Sandbox::User "";
Debug::NoLocking "true";
"""


def _proxy_settings() -> str:
    wanted = ("acquire::http::", "acquire::https::")
    lines = run(["apt-config", "dump"]).splitlines()
    return "".join(
        f"{line}\n"
        for line in lines
        if line.lower().startswith(wanted) and "proxy" in line.lower().split(" ", 1)[0]
    )
