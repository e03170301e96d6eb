"""What goes to Kannel's sendsms, and what its answers mean. Pure.

By POST: by GET the password would stand in logs. A form is refused; it wants X-Kannel headers and
the text as body (User's Guide 1.4.5, "Using the HTTP interface to send SMS messages").
"""

from __future__ import annotations

from urllib.parse import quote

from pbx.gateways import KannelGateway
from sms.gateway import Fate, NotNow, Outgoing, Refused, Sent, Unknown

_ALL_REPORTS = 31  # delivered, failed, buffered, accepted and rejected by the SMSC
_LONGEST_WORDS = 200


def login(settings: KannelGateway) -> dict[str, str]:
    """The headers of every request.

    Raises:
        SecretUnusable: the password cannot be read.
    """
    return {
        "Content-Type": "text/plain; charset=UTF-8",
        "X-Kannel-Username": settings.username,
        "X-Kannel-Password": settings.login_secret().read(),
    }


def headers(settings: KannelGateway, outgoing: Outgoing, report_url: str) -> dict[str, str]:
    """The headers that send a piece; its text is the body.

    Raises:
        SecretUnusable: the password cannot be read.
    """
    piece = outgoing.piece
    found = login(settings) | {
        "X-Kannel-To": outgoing.number,
        "X-Kannel-Coding": "0" if piece.coding == "gsm7" else "2",
        "X-Kannel-DLR-Mask": str(_ALL_REPORTS),
        "X-Kannel-DLR-Url": _with_key(report_url, outgoing.key),
    }
    if piece.header:
        found["X-Kannel-UDH"] = piece.header.hex()
    if sender := outgoing.own_number or settings.number:
        found["X-Kannel-From"] = sender
    if settings.smsc:
        found["X-Kannel-SMSC"] = settings.smsc
    return found


def _with_key(report_url: str, key: str) -> str:
    # Kannel takes %X for its own; what is ours says % twice.
    ours = f"{report_url}?key={quote(key, safe='')}".replace("%", "%%")
    return f"{ours}&type=%d&words=%A"


def fate_of(status: int, body: str, key: str, gateway: str) -> Fate:
    """What an answer means (smsbox: delayed_http_reply).

    Arguments:
        key: of the piece. gateway: its name, for what to do.
    """
    words = body[:_LONGEST_WORDS]
    said = f"Kannel says {status}: {words}"
    fate: Fate = Unknown(said)
    match status:
        case 202:
            # Also when no SMSC is connected: it goes when one is, so it must not go again.
            fate = Sent(key, words)
        case 400:
            fate = Refused(said, elsewhere=True)
        case 403 if "routable" in words:
            fate = Refused(f"{said} No SMSC of it takes this number.", elsewhere=True)
        case 401 | 403:
            remedy = (
                "Compare username, password and user-allow-ip of Kannel's group sendsms-user "
                f"with sms.gateways.{gateway}."
            )
            fate = NotNow(f"{said}. {remedy}", gateway_down=True)
        case 503 if words.startswith("Temporal failure"):
            fate = NotNow(said)
        case 301 | 302 | 303 | 307 | 308 | 404 | 405:
            remedy = f"sms.gateways.{gateway}.url is not that of sendsms."
            fate = NotNow(f"{said}. {remedy}", gateway_down=True)
    return fate


def is_queued(sent: Sent) -> bool:
    """Whether Kannel keeps a text because none of its SMSCs is connected."""
    return sent.words.startswith("3:")
