"""A site of many people on a private Asterisk, out of a CSV file as a spreadsheet writes it."""

from __future__ import annotations

import csv
from dataclasses import dataclass, field
from pathlib import Path

from lab.asterisk import PrivateAsterisk
from lab.site_sections import asterisk_section, phones_section

SECRET = "bench-ami-secret"
APPLY_SECRET = "bench-apply-secret"
APPLY_USER = "voxpost-apply"
FIRST = 10_000  # the first person's extension
_COLUMNS = ("extension", "name", "email", "pin", "phone_password")


@dataclass
class BigSite:
    """Arguments:
    folder: of the site file.
    count: how many people.
    smtp: the mail server, as a TOML table.
    """

    folder: Path
    asterisk: PrivateAsterisk
    count: int
    http_port: int
    smtp: str = '{ host = "127.0.0.1", port = 9, security = "plain" }'
    address: str = "p{extension}@lab.example"
    people: list[dict[str, str]] = field(default_factory=list)

    @property
    def file(self) -> Path:
        return self.folder / "site.toml"

    def write(self) -> None:
        """Write the site file and the people."""
        secrets = f'secret = "{SECRET}", apply_secret = "{APPLY_SECRET}"'
        self.file.write_text(
            f"""\
people_file = "people.csv"
[site]
name = "Bench"
domain = "lab.example"
{asterisk_section(self.asterisk, 22, secrets)}
[mail]
from = "Voicemail <voicemail@lab.example>"
smtp = {self.smtp}
{phones_section(self.asterisk.ports)}
[voicemail]
min_seconds = 1
[service]
state_dir = "state"
http_port = {self.http_port}
"""
        )
        self.people = [self._person(FIRST + number) for number in range(self.count)]
        self.write_people()

    def change(self, number: int, column: str, value: str) -> None:
        """Give one person another name, PIN or password, and write the people."""
        self.people[number][column] = value
        self.write_people()

    def write_people(self) -> None:
        with (self.folder / "people.csv").open("w", newline="") as stream:
            writer = csv.DictWriter(stream, _COLUMNS)
            writer.writeheader()
            writer.writerows(self.people)

    def _person(self, extension: int) -> dict[str, str]:
        return {
            "extension": str(extension),
            "name": f"Person {extension}",
            "email": self.address.format(extension=extension),
            "pin": f"{extension * 7919 % 1_000_000:06}",
            "phone_password": f"phone-password-of-{extension}",
        }
