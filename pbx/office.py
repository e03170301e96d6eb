"""The main number, and whether the office is open."""

from __future__ import annotations

from datetime import date, datetime
from zoneinfo import ZoneInfo

from pbx.fields import ExtensionNumber, OpeningText, Section, SoundName
from pbx.hours import is_open, parse_opening


class Office(Section):
    """The main number, and where its calls go by the hour."""

    extension: ExtensionNumber = "100"
    """The main number, inside."""
    hours: tuple[OpeningText, ...] = ("mon-fri 08:00-17:00",)
    """When the office is open: "mon-fri 08:00-17:00"."""
    holidays: tuple[date, ...] = ()
    """Days when it is closed: [2026-12-25]."""
    open_destination: ExtensionNumber
    """Extension that rings while the office is open."""
    closed_destination: ExtensionNumber
    """Extension whose voicemail answers while it is closed."""
    open_greeting: SoundName | None = None
    """Sound file played first while open, without its ending: "custom/open"."""
    closed_greeting: SoundName | None = None
    """Sound file played first while closed, without its ending: "custom/closed"."""

    def is_open(self, moment: datetime, zone: ZoneInfo) -> bool:
        """Whether it is open at an aware moment, by the clock of a zone."""
        openings = [parse_opening(text) for text in self.hours]
        return is_open(moment.astimezone(zone), openings, self.holidays)
