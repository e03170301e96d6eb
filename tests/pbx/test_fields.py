"""The kinds of value of a site file."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from pbx import fields


def takes(kind: Any, value: object) -> bool:
    try:
        TypeAdapter(kind).validate_python(value)
    except ValidationError:
        return False
    return True


@pytest.mark.parametrize(
    "address", ["sari@klinik.example", "a.b+c@x.y.example", "o'neil@x", "1@127.example"]
)
def test_an_address_that_every_server_takes(address: str) -> None:
    assert takes(fields.Address, address)


@pytest.mark.parametrize(
    "address",
    [
        "",
        "sari",
        "@x",
        "a@",
        "a@b@c",
        "a b@x",
        ".a@x",
        "a..b@x",
        "a@x_y",
        "a@-x",
        "a@x\n",
        "a@x\r\nRCPT TO:<b@x>",
        '"a"@x',
        "Sari <a@x>",
        "a@x,b@x",
        "a@x.",
        "ä@x",
        "a@ä",
        f"a@{'x' * 260}",
    ],
)
def test_an_address_that_some_server_would_misread(address: str) -> None:
    assert not takes(fields.Address, address)


@given(st.text())
def test_a_text_has_no_control_character_and_is_never_empty(text: str) -> None:
    try:
        kept: str = TypeAdapter(fields.Text).validate_python(text)
    except ValidationError:
        return
    assert kept.strip()
    assert kept.isprintable() or all(sign >= " " and sign not in "\x7f\x85\u2028" for sign in kept)


@pytest.mark.parametrize("host", ["mail.klinik.example", "10.0.0.1", "::1", "fe80::1", "my_pbx"])
def test_a_host_is_a_name_or_an_address(host: str) -> None:
    assert takes(fields.HostName, host)


@pytest.mark.parametrize(
    "host", ["", "a b", "mail:25", "10.0.0.1:25", "http://x", "[::1]", "a\n", "a..b", ".", "a" * 64]
)
def test_what_is_no_host_is_refused(host: str) -> None:
    assert not takes(fields.HostName, host)


@pytest.mark.parametrize("zone", ["", ".", "..", "/etc/passwd", "../x", "Asia", "a\0b", "é", "WIB"])
def test_what_is_no_zone_is_refused(zone: str) -> None:
    assert not takes(fields.Zone, zone)


@given(st.text(max_size=20))
def test_any_text_is_a_zone_or_refused(zone: str) -> None:
    takes(fields.Zone, zone)


@pytest.mark.parametrize("value", [0, -1, 65536, "x", 1.5, float("nan")])
def test_what_is_no_port_is_refused(value: object) -> None:
    assert not takes(fields.Port, value)


@pytest.mark.parametrize("value", [0, -1, float("inf"), float("nan"), 10**9])
def test_what_is_no_length_of_time_is_refused(value: float) -> None:
    assert not takes(fields.Seconds, value)


@pytest.mark.parametrize("token", ["a b", "a;b", "a]", "a\n", "", "a,b", "é", "x" * 81])
def test_what_is_unsafe_in_asterisks_files_is_no_token(token: str) -> None:
    assert not takes(fields.Token, token)
