"""Replies as mail programs write them: what of them are the sender's own new words."""

from __future__ import annotations

from pathlib import Path

import pytest

from mail.intake.reading import IncomingMail, read_now

CORPUS = Path(__file__).parent / "replies"
MAILS = sorted(file.stem for file in CORPUS.glob("*.eml"))
QUOTED = ("apakah dokter praktek hari ini", "di atas garis ini", "rahasia", "0812-3456-789")


def read(name: str) -> IncomingMail:
    content = (CORPUS / f"{name}.eml").read_bytes()
    return read_now(content, "" if b"Return-Path: <>" in content else "sari@klinik.example")


@pytest.mark.parametrize("name", MAILS)
def test_only_the_senders_own_new_words_are_left(name: str) -> None:
    mail = read(name)
    assert mail.words == (CORPUS / f"{name}.txt").read_text("utf-8").rstrip("\n")
    assert not any(quoted in mail.words for quoted in QUOTED)


@pytest.mark.parametrize("name", MAILS)
def test_what_a_machine_wrote_is_told_from_what_a_person_wrote(name: str) -> None:
    assert (read(name).automatic is not None) == name.startswith("auto-")


@pytest.mark.parametrize(
    ("name", "count"),
    [
        ("two-attachments", 2),
        ("apple-mail-picture-between", 1),
        ("related-with-a-logo", 0),
        ("smime-signed", 0),
        ("forwarded-as-attachment", 1),
        ("gmail-web-id", 0),
    ],
)
def test_files_that_came_with_it_are_counted(name: str, count: int) -> None:
    assert read(name).attachments == count


@pytest.mark.parametrize(
    ("name", "trouble"),
    [
        ("charset-unknown", 'unknown character set "x-klingon", read as cp1252'),
        ("charset-wrong", "is not utf-8, read as cp1252"),
        ("smime-encrypted", "it is encrypted, or signed in a form that is not read"),
    ],
)
def test_what_could_not_be_read_as_it_should_is_told(name: str, trouble: str) -> None:
    assert read(name).troubles == (trouble,)
    assert read("gmail-web-id").troubles == ()


def test_the_header_is_read() -> None:
    mail = read("gmail-web-id")
    assert (mail.sender, mail.sender_name, mail.problem) == (
        "sari@klinik.example",
        "Sari Dewi",
        None,
    )
    assert mail.subject == "Re: SMS dari 0812-3456-789"
    assert mail.message_id == "<5fd1@mail.klinik.example>"
    assert mail.references == ("<sms-801@klinik.example>", "<sms-815@klinik.example>")
    assert mail.date is not None
    assert mail.date.isoformat() == "2026-11-23T09:20:11+07:00"
