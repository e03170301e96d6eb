"""Whether a person wrote an e-mail: what a machine sent never becomes a text, and gets no answer.

Source: RFC 3834 (automatic responses), RFC 2369 and RFC 2919 (lists), RFC 3464 and RFC 8098
(reports), and what programs set that are older than those.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from mail.intake.mime import Fields

# X-Auto-Response-Suppress is not among them: it asks others for no automatic answers, and people's
# Exchange lets rules and programs set it on letters that they wrote. Exchange's own out-of-office
# answers say Auto-Submitted besides.
_TELLING = {
    "x-autoreply": "an automatic reply",
    "x-autorespond": "an automatic reply",
    "x-autoresponder": "an automatic reply",
    "x-vacation": "an out-of-office answer",
    "x-ms-exchange-generated-message-source": "a message of Exchange itself",
    "x-failed-recipients": "a bounce",
    "list-id": "a mailing list's",
    "list-unsubscribe": "a mailing list's",
    "list-post": "a mailing list's",
    "x-loop": "from a program that guards against loops",
    "x-voxpost-kind": "one of our own",
    "x-cron-env": "from a cron job",
}
_NOT_PEOPLE = {
    *("mailer-daemon", "postmaster", "noreply", "no-reply", "no_reply", "donotreply"),
    *("do-not-reply", "do_not_reply", "bounce", "bounces", "mdaemon", "listserv", "majordomo"),
}
_REPORTS = {
    "multipart/report": "a bounce or a report",
    "message/delivery-status": "a bounce",
    "message/disposition-notification": "a read receipt",
    "text/calendar": "an invitation of a calendar",
}
_PRECEDENCE = {"bulk", "junk", "list", "auto_reply", "auto-reply"}
# Only what these words begin, and no "Re:" before them: people write about such mails too.
_SUBJECT = re.compile(
    r"(?:out of (?:the )?office(?: auto-?reply)?\s*(?::|$)"
    r"|auto(?:matic)?[ -]?(?:reply|response)\s*(?::|$)"
    r"|(?:balasan|jawaban) otomatis\b"
    r"|(?:sedang )?(?:di luar|tidak di|tidak berada di) kantor\s*(?::|$)"
    r"|undeliverable:|undelivered mail\b|delivery status notification\b"
    r"|mail delivery (?:failed|failure|system)|returned mail:|failure notice$)",
    re.IGNORECASE,
)


def automatic(
    fields: Fields, *, sender: str, subject: str, kinds: Iterable[str], envelope_sender: str
) -> str | None:
    """Why an e-mail is no letter that a person wrote; None where nothing says so.

    Arguments:
        sender: the address in From.
        subject: decoded.
        kinds: of all its parts.
        envelope_sender: empty for what wants no answer at all (RFC 5321, 4.5.5).
    """
    if envelope_sender in {"", "<>"} or fields.get("return-path").strip() == "<>":
        return "it wants no answer: its envelope names no sender"
    return (
        _by_fields(fields)
        or next((f"it is {_REPORTS[kind]}" for kind in kinds if kind in _REPORTS), None)
        or next(
            (f"nobody reads {it[:80]}" for it in (sender, envelope_sender) if _is_program(it)), None
        )
        or ("its subject is an automatic answer's" if _SUBJECT.match(subject.strip()) else None)
    )


def _by_fields(fields: Fields) -> str | None:
    submitted = re.split(r"[;(\s]", fields.get("auto-submitted").strip(), maxsplit=1)[0].lower()
    if submitted not in {"", "no"}:
        return f"Auto-Submitted: {submitted[:40]}"  # RFC 3834, 5
    precedence = fields.get("precedence").strip().lower()
    if precedence in _PRECEDENCE:
        return f"Precedence: {precedence}"
    found = next((name for name in _TELLING if name in fields), None)
    return f"it is {_TELLING[found]} ({found})" if found else None


def _is_program(address: str) -> bool:
    return address.rpartition("@")[0].lower() in _NOT_PEOPLE
