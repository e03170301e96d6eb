"""What the own mail server found out of an e-mail, and what others say that it did."""

from __future__ import annotations

import authres
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mail.intake.mime import read_part
from mail.intake.proof import proven, read_results

SARI = "sari@klinik.example"
OURS = "Authentication-Results: mail.klinik.example"
DKIM = f'{OURS}; dkim=pass (2048-bit key; unprotected) header.d=klinik.example header.b="a/b="'


def how(*lines: str, sender: str = SARI) -> str | None:
    head = "\n".join((*lines, f"From: {sender}", "", "Halo")).encode()
    return proven(read_part(head).fields, sender, "mail.klinik.example")


@pytest.mark.parametrize(
    ("results", "method"),
    [
        ("dmarc=pass (p=none dis=none) header.from=klinik.example", "dmarc"),
        ("dmarc=pass", "dmarc"),
        ("dmarc=pass header.from=elsewhere.example", None),
        ("dmarc=none header.from=klinik.example; dkim=pass header.d=klinik.example", "dkim"),
        ("dkim=pass header.i=@klinik.example header.s=x", "dkim"),
        ("dkim=pass header.d=elsewhere.example", None),
        ("dkim=pass header.d=example", None),
        ("dkim=pass header.d=evil-klinik.example", None),
        ("dkim=fail header.d=klinik.example", None),
        ("dkim=pass header.d=klinik.example; dmarc=fail header.from=klinik.example", None),
        ("spf=pass (x designates 10.0.0.1) smtp.mailfrom=sari@klinik.example", "spf"),
        ("spf=pass smtp.mailfrom=klinik.example", "spf"),
        ("spf=pass smtp.mailfrom=sari@elsewhere.example", None),
        ("spf=pass smtp.helo=klinik.example", None),
        ("spf=softfail smtp.mailfrom=sari@klinik.example", None),
        ("auth=pass smtp.auth=sari@klinik.example", "auth"),
        ("auth=pass (plain) smtp.auth=sari", "auth"),
        ("auth=pass smtp.auth=budi@klinik.example", None),
        ("auth=fail smtp.auth=sari@klinik.example", None),
        ("iprev=pass policy.iprev=10.0.0.1", None),
        ("none", None),
        ("", None),
        ("x=y=z;;; dkim=pass header.d=klinik.example", None),
        ('dkim=pass reason="header.d=klinik.example"', None),
        ("dkim=fail (dkim=pass header.d=klinik.example)", None),
        ("dkim=pass header.d=klinik.example header.i=@klinik.example; dkim-atps=neutral", "dkim"),
        ("spf=pass smtp.mailfrom=klinik.example (client-ip=10.0.0.1; helo=x; receiver=y)", "spf"),
        ("spf=pass smtp.mailfrom=<sari@klinik.example>", None),
    ],
)
def test_what_the_own_server_found_proves_a_sender_or_not(results: str, method: str | None) -> None:
    assert how(f"{OURS}; {results}") == method
    assert how(f"{OURS} 1;\n\t{results}") == method
    assert how(f"{OURS} (amavisd-new);\n\t{results}") == method


def test_another_servers_word_is_none() -> None:
    forged = DKIM.replace("mail.klinik", "mail.elsewhere")
    assert how(forged) is None
    assert how(DKIM.replace("mail.klinik.example;", "mail.klinik.example.evil.example;")) is None
    assert how(DKIM.replace("Results: mail", "Results: MAIL")) == "dkim"
    assert how(forged, DKIM) == "dkim"


def test_what_stands_below_the_next_servers_received_came_from_outside() -> None:
    found = f"{OURS}; dkim=none; spf=fail smtp.mailfrom=elsewhere.example"
    received = "Received: from elsewhere.example by mail.klinik.example; today"
    assert how("Received: by us", found, received, DKIM) is None
    assert how("Received: by us", found, "X-Spam: no", DKIM, received) == "dkim"
    assert how("Received: by us", received, DKIM, "Received: by them") == "dkim"


def test_nobody_is_never_proven() -> None:
    assert how(DKIM, sender="") is None
    assert how(DKIM, sender="sari") is None


@settings(max_examples=300, deadline=None)
@given(st.text(alphabet='ad=;().@"\\ \t/1\0é', max_size=200) | st.text(max_size=50))
def test_any_header_is_read(text: str) -> None:
    read_results(text)
    read_results(f"mail.klinik.example; {text}")


@pytest.mark.parametrize("unit", ["(", '"', ";", "a=b ", "; dkim=pass", "\\", "=", " ", "a.b=c "])
def test_a_header_that_is_made_to_be_slow_or_deep_is_not(unit: str) -> None:
    name, _ = read_results("mail.klinik.example; dkim=pass " + unit * 100_000)
    assert name in {"", "mail.klinik.example"}


@pytest.mark.parametrize("whose", ["mail.elsewhere.example", "mail.klinik.example"])
def test_many_long_results_of_strangers_for_many_numbers_do_not_hold_up_the_loop(
    monkeypatch: pytest.MonkeyPatch, whose: str
) -> None:
    parsed: list[str] = []
    read = authres.AuthenticationResultsHeader.parse_value

    def parse(value: str) -> object:
        parsed.append(value)
        return read(value)

    monkeypatch.setattr(authres.AuthenticationResultsHeader, "parse_value", parse)
    filling = "a.b=c " * 600
    forged = [f"Authentication-Results: {whose}; dkim=pass {n} {filling}" for n in range(30)]
    for _ in range(100):  # as often as the e-mail has recipients
        assert how(DKIM, "Received: from elsewhere.example", *forged) == "dkim"
        assert how(*forged) is None
    assert sum(map(len, parsed)) < 10_000
