"""Times and lengths as people write them in a letter."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

from pbx.people import Language

_YEAR_2100 = 4_102_444_800

_DAYS: dict[Language, tuple[str, ...]] = {
    "id": ("Senin", "Selasa", "Rabu", "Kamis", "Jumat", "Sabtu", "Minggu"),
    "en": ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"),
}
_MONTHS: dict[Language, tuple[str, ...]] = {
    "id": (
        *("Januari", "Februari", "Maret", "April", "Mei", "Juni"),
        *("Juli", "Agustus", "September", "Oktober", "November", "Desember"),
    ),
    "en": (
        *("January", "February", "March", "April", "May", "June"),
        *("July", "August", "September", "October", "November", "December"),
    ),
}


def moment_at(seconds: float, zone: ZoneInfo) -> datetime:
    """A moment since 1970 by a clock of strangers: one that cannot be is moved to one that can."""
    return datetime.fromtimestamp(min(max(seconds, 0), _YEAR_2100), zone)


def moment_in_words(moment: datetime, language: Language) -> str:
    """ "Sabtu, 21 November 2026 pukul 21.52 WIB". `moment` is aware, in the reader's zone."""
    day, month = _DAYS[language][moment.weekday()], _MONTHS[language][moment.month - 1]
    date = f"{day}, {moment.day} {month} {moment.year}"
    zone = _zone(moment)
    if language == "id":
        return f"{date} pukul {moment:%H.%M} {zone}"
    return f"{date} at {moment:%H:%M} {zone}"


def length_in_words(seconds: float, language: Language) -> str:
    """ "1 menit 5 detik", "1 minute 5 seconds"."""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    parts = [(hours, "jam", "hour"), (minutes, "menit", "minute"), (rest, "detik", "second")]
    said = [part for part in parts if part[0]] or parts[-1:]
    if language == "id":
        return " ".join(f"{count} {unit}" for count, unit, _ in said)
    return " ".join(f"{count} {unit}{'' if count == 1 else 's'}" for count, _, unit in said)


def clock(seconds: float) -> str:
    """ "1:05", "1:02:03"."""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def _zone(moment: datetime) -> str:
    """WIB, WITA, CET; where a zone has no letters of its own, its distance: UTC+7, UTC+5:45."""
    name = moment.tzname() or ""
    if not name.startswith(("+", "-")):
        return name
    hours, minutes = name[:3], name[3:]
    return f"UTC{hours[0]}{int(hours[1:])}" + (f":{minutes}" if minutes else "")
