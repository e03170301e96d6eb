"""The kinds of value that a site file holds, with their checks."""

from __future__ import annotations

import ipaddress
import re
import unicodedata
from functools import cache, lru_cache
from pathlib import Path
from typing import Annotated, Any, Self
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
    ValidationInfo,
    model_validator,
)

from pbx.hours import parse_opening
from pbx.numbers import EXTENSION_PATTERN, is_country
from pbx.secret import Secret, SecretForm

# RFC 5321's dot-atom and a host name, in ASCII: Zimbra refuses SMTPUTF8 everywhere.
_ADDRESS = re.compile(
    r"^[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*"
    r"@(?:[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.)*"
    r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?$"
)
_MAX_ADDRESS = 254


@lru_cache(1000)
def check_address(text: str) -> str:
    """An e-mail address that every server takes; libraries would rewrite odd ones silently."""
    if len(text) > _MAX_ADDRESS or _ADDRESS.fullmatch(text) is None:
        raise ValueError(f'"{text}" is no e-mail address like sari@klinik.example')
    return text


def is_address(text: str) -> bool:
    """Whether it is an e-mail address that every server takes."""
    return len(text) <= _MAX_ADDRESS and _ADDRESS.fullmatch(text) is not None


def _check_text(text: str) -> str:
    if any(unicodedata.category(character) in {"Cc", "Zl", "Zp"} for character in text):
        raise ValueError("has a line break or another control character in it")
    return text


def _check_host(text: str) -> str:
    if ":" in text:
        try:
            ipaddress.IPv6Address(text)
        except ValueError:
            raise ValueError(f'"{text}" is no host: a port stands in a key of its own') from None
    elif any(not 0 < len(label) <= 63 for label in text.removesuffix(".").split(".")):
        raise ValueError(f'"{text}" is no host name')
    return text


def _check_country(code: str) -> str:
    if not is_country(code):
        raise ValueError(f'"{code}" is no country of ISO 3166, like ID or GB')
    return code


def _check_zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ValueError(f'"{name}" is no time zone like Asia/Jakarta') from None
    return name


def _check_opening(text: str) -> str:
    parse_opening(text)
    return text


def _resolve(path: Path, info: ValidationInfo) -> Path:
    """A relative path in the site file is relative to the site file."""
    base: Path | None = (info.context or {}).get("base")
    return path if base is None else base / path


def number_as_text(value: Any) -> Any:
    """`extension = 1001` is what people write; a leading zero would not survive as a number."""
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


_LABEL = "[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
_COUNTRY = "^[A-Z]{2}$"
_DOMAIN = rf"^(?:{_LABEL}\.)*{_LABEL}$"
# How long is said by max_length: {1,253} would make the compiled pattern a megabyte.
_HOST = r"^[A-Za-z0-9.:_-]+$"
_SAFE_NAME = r"^[A-Za-z0-9_.-]+$"
_SOUND = r"^[A-Za-z0-9_-][A-Za-z0-9_.-]*(/[A-Za-z0-9_-][A-Za-z0-9_.-]*)*$"
PIN_PATTERN = r"^[0-9]{4,12}$"
ACCESS_PATTERN = r"^[*#]?[0-9]{2,6}$"
CLOCK_SPAN = r"^([01][0-9]|2[0-3]):[0-5][0-9]-([01][0-9]|2[0-3]):[0-5][0-9]$"
HTTPS_PATTERN = r"^https://\S+$"

PATTERN_REMEDIES = {
    EXTENSION_PATTERN: "Write 2 to 8 digits.",
    _COUNTRY: "Write two capital letters like ID.",
    _DOMAIN: "Write a domain like klinik.example; one with other letters in its xn-- form.",
    _HOST: "Write a host name or an address.",
    _SAFE_NAME: "Use letters, digits, '.', '_' and '-'.",
    _SOUND: "Write a sound file's name without its ending, like custom/closed.",
    PIN_PATTERN: "Write 4 to 12 digits.",
    CLOCK_SPAN: "Write a time of day to another: 21:00-08:00.",
    HTTPS_PATTERN: "Write an address that begins with https://.",
    ACCESS_PATTERN: "Write 2 to 6 digits, with * or # before them or without.",
}
"""What to write instead of a value that is not of the right form."""

PIN_FORM = SecretForm(PIN_PATTERN, PATTERN_REMEDIES[PIN_PATTERN])
LONG_SECRET = SecretForm(".{8,}", "Use 8 characters or more.")
TOKEN_FORM = SecretForm(".{16,}", "Use 16 characters or more.")

Text = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=1, max_length=200),
    AfterValidator(_check_text),
]
Address = Annotated[str, AfterValidator(check_address)]
ExtensionNumber = Annotated[
    str,
    BeforeValidator(number_as_text, json_schema_input_type=str | int),
    Field(pattern=EXTENSION_PATTERN),
]
Country = Annotated[str, Field(pattern=_COUNTRY), AfterValidator(_check_country)]
Zone = Annotated[str, AfterValidator(_check_zone)]
OpeningText = Annotated[str, AfterValidator(_check_opening)]
SitePath = Annotated[Path, AfterValidator(_resolve)]
Port = Annotated[int, Field(ge=1, le=65535)]
Seconds = Annotated[float, Field(gt=0, le=3600, allow_inf_nan=False)]
DomainName = Annotated[str, Field(pattern=_DOMAIN, max_length=253)]
HostName = Annotated[str, Field(pattern=_HOST, max_length=253), AfterValidator(_check_host)]
SoundName = Annotated[str, Field(pattern=_SOUND)]
"""A sound file of Asterisk's, without its ending, as "custom/closed"."""
Token = Annotated[str, Field(pattern=_SAFE_NAME, max_length=80)]
"""A name that is safe as a section, context or user name in Asterisk's files."""


class Section(BaseModel):
    """One table of the site file: unknown keys are errors, nothing changes after loading."""

    model_config = ConfigDict(
        extra="forbid",
        frozen=True,
        use_attribute_docstrings=True,
        # The whole file is validated by one validator: each table's own would only take memory.
        defer_build=True,
    )

    @model_validator(mode="after")
    def _one_place_for_a_secret(self) -> Self:
        for name, base in _secret_places(type(self)):
            if {name, base} <= self.model_fields_set:
                raise ValueError(f"has both {base} and {name}: keep one of them")
        return self

    def secret_of(self, name: str, key: str, form: SecretForm | None = None) -> Secret:
        """The secret written as `name`, `name_file` or `name_env`; `key` names it for people."""
        return Secret(
            key,
            value=getattr(self, name, None),
            file=getattr(self, f"{name}_file", None),
            variable=getattr(self, f"{name}_env", None),
            form=form,
        )


@cache
def _secret_places(section: type[Section]) -> tuple[tuple[str, str], ...]:
    """Pairs of keys that say the same secret: ("pin_file", "pin")."""
    names = [name.removesuffix("_env") for name in section.model_fields if name.endswith("_env")]
    return tuple(
        pair
        for name in names
        for pair in ((f"{name}_file", name), (f"{name}_env", name), (f"{name}_env", f"{name}_file"))
    )
