"""What became of a text that was handed to PlaySMS, by what it answered. Pure."""

from __future__ import annotations

from pbx.gateways import PlaySmsGateway
from sms.gateway import Fate, NotNow, Refused, Sent, Unknown
from sms.gateways.http import place_of
from sms.gateways.playsms.wire import WsAnswer, number_of, read_answer

_WRONG_ADDRESS = frozenset({301, 302, 303, 307, 308, 401, 403, 404, 405})
_OUR_TROUBLE = frozenset({"100", "103", "104", "105", "106"})  # log-in, credit, token, rights


def fate_of(status: int, body: str, settings: PlaySmsGateway) -> Fate:
    """The fate of a text, by the answer to `pv`. The reference is its smslog_id."""
    if status == 500 and not body:
        # It says so for a wrong number, without credit, for a banned account and a number of its
        # blacklist: all of them before it queues anything.
        return Refused(
            "PlaySMS says 500 and not why: a wrong number, no credit, or a banned account",
            elsewhere=True,
        )
    if status in _WRONG_ADDRESS:
        return NotNow(wrong_address(status, settings), gateway_down=True)
    answer = read_answer(body) if status == 200 else None
    if answer is None:
        return Unknown(f"PlaySMS says {status}, and nothing that can be read: {body[:100]!r}")
    return _of_answer(answer)


def _of_answer(answer: WsAnswer) -> Fate:
    said = f"PlaySMS says error {answer.error} {answer.words}".strip()
    if answer.error in _OUR_TROUBLE:
        return NotNow(f"{said}: compare username, token and credit", gateway_down=True)
    if answer.error:
        return Refused(said, elsewhere=True)
    if not answer.rows:
        return Unknown("PlaySMS says nothing of it")
    row = answer.rows[0]
    number = number_of(row, "smslog_id")
    return Sent(None if number is None else str(number), f"queue {row.get('queue')}")


def wrong_address(status: int, settings: PlaySmsGateway) -> str:
    """What is wrong where something answers that is not PlaySMS's web service."""
    place = place_of(settings.url)
    return f"{place} answers {status}: sms.gateways.{settings.name}.url is not its index.php"
