"""AGI(agi://host/send-text,NUMBER): send a text, such as after a missed call."""

from __future__ import annotations

from agi.call import Call
from agi.registry import script
from agi.services import Services, TextWanted
from agi.variables import (
    CALLER_NUMBER,
    EXTENSION,
    REASON,
    RESULT,
    TEXT,
    UNIQUEID,
    Result,
)


@script("send-text", time_limit=10)
async def send_text(call: Call, services: Services) -> None:
    """Ask for a text, once for each call, number and wording.

    The number is the first argument or the caller's. What it says is in VOXPOST_TEXT: arguments
    would be cut at commas. VOXPOST_EXTENSION says who gets the answer. Sets VOXPOST_RESULT, and
    VOXPOST_REASON where it is refused.
    """
    number = next(iter(call.args), "") or await call.get_variable(CALLER_NUMBER) or ""
    body = await call.get_variable(TEXT) or ""
    if not number or not body.strip():
        await call.set_variable(RESULT, Result.NOTHING)
        return
    wanted = TextWanted(
        number=number,
        body=body,
        extension=await call.get_variable(EXTENSION) or "",
        unique_id=await call.get_variable(UNIQUEID) or call.env.get("agi_uniqueid", ""),
    )
    reason = await services.send_text(wanted)
    if reason:
        await call.set_variable(REASON, reason)
    await call.set_variable(RESULT, Result.REFUSED if reason else Result.DONE)
