"""A site in a folder of its own: site file, secrets, spools, free ports, voicemail by hand."""

from __future__ import annotations

import subprocess
import sys
import time
import wave
from dataclasses import dataclass, field
from pathlib import Path

from lab.ports import PortFinder
from ledger.entries import NewEntry, State
from ledger.facts import VoicemailFacts

ROOT = Path(__file__).parents[2]
SECRETS = {
    "ami.secret": "ami-s3cret-words",
    "apply.secret": "apply-s3cret-words",
    "1001.pin": "482913",
    "1001.phone": "phone-s3cret-words",
}


@dataclass
class SiteFolder:
    """A site on loopback ports that nobody listens on yet."""

    folder: Path
    finder: PortFinder
    ports: dict[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for name in ("smtp", "ami", "agi", "http"):
            self.ports[name] = self.finder.one()
        self.folder.mkdir(parents=True, exist_ok=True)
        for name, secret in SECRETS.items():
            (self.folder / name).write_text(f"{secret}\n")
        self.write()

    @property
    def file(self) -> Path:
        return self.folder / "site.toml"

    @property
    def state(self) -> Path:
        return self.folder / "state"

    def write(self, more: str = "", *, state_dir: str = "state", smtp: str = "") -> None:
        """Write the site file; `more` stands at its end, `smtp` among the mail server's keys."""
        ports = self.ports
        self.file.write_text(
            f"""\
[site]
name = "Klinik Sehat"
domain = "klinik.example"
[asterisk]
config_dir = "etc"
spool_dir = "spool"
log_dir = "log"
ami = {{ port = {ports["ami"]}, secret_file = "ami.secret", apply_secret_file = "apply.secret" }}
agi = {{ port = {ports["agi"]} }}
[mail]
smtp = {{ host = "127.0.0.1", port = {ports["smtp"]}, security = "plain"{smtp} }}
from = "Voicemail <voicemail@klinik.example>"
[service]
state_dir = "{state_dir}"
http_port = {ports["http"]}
[[people]]
extension = "1001"
name = "Sari"
email = "sari@klinik.example"
voicemail = {{ pin_file = "1001.pin" }}
phone = {{ password_file = "1001.phone" }}
{more}"""
        )

    def leave_voicemail(self, number: int, *, caller: str = '"Budi" <0812>') -> str:
        """Put a message into Sari's mailbox as Asterisk does; returns its msg_id."""
        inbox = self.folder / "spool/voicemail/default/1001/INBOX"
        inbox.mkdir(parents=True, exist_ok=True)
        with wave.open(str(inbox / f"msg{number:04}.wav"), "wb") as sound:
            sound.setnchannels(1)
            sound.setsampwidth(2)
            sound.setframerate(8000)
            sound.writeframes(b"\0\1" * 8000)
        msg_id = f"{int(time.time())}-{number:08}"
        fields = {
            "callerid": caller,
            "origtime": int(time.time()),
            "duration": 1,
            "msg_id": msg_id,
        }
        lines = "".join(f"{key}={value}\n" for key, value in fields.items())
        partial = inbox / "msg.partial"
        partial.write_text(f";\n; Message Information file\n;\n[message]\n{lines}")
        partial.rename(inbox / f"msg{number:04}.txt")
        return msg_id


def voxpost(
    *words: str | Path, stdin: str = "", timeout: float = 30
) -> subprocess.CompletedProcess[str]:
    """Run `voxpost` as a process of its own, to its end."""
    return subprocess.run(
        [sys.executable, "-m", "cli", *map(str, words)],
        input=stdin,
        capture_output=True,
        text=True,
        timeout=timeout,
        cwd=ROOT,
        check=False,
    )


def entry(number: int, **values: object) -> NewEntry:
    """An outbox entry of a voicemail."""
    facts = VoicemailFacts("1001@default", f"{number}-0", "0812", "José \ud83d\x1b[31m", 1, 7, 1)
    fields: dict[str, object] = {
        "source": f"voicemail:{number}",
        "extension": "1001",
        "recipient": "sari@klinik.example",
        "message_id": f"<{number}@klinik.example>",
        "facts": facts,
        "state": State.WAITING,
        **values,
    }
    return NewEntry(**fields)  # type: ignore[arg-type]
