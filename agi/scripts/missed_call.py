"""AGI(agi://host/missed-call): a call has ended; was it missed?"""

from __future__ import annotations

from agi.call import Call
from agi.registry import script
from agi.services import MissedCall, Services
from agi.variables import (
    CALLER_NAME,
    CALLER_NUMBER,
    DIALSTATUS,
    EXTENSION,
    RESULT,
    UNIQUEID,
    VMSTATUS,
    Result,
)


@script("missed-call", time_limit=10)
async def missed_call(call: Call, services: Services) -> None:
    """Hand a missed call over, when nobody answered and no message was left.

    The extension is the first argument or VOXPOST_EXTENSION. Sets VOXPOST_RESULT.
    """
    extension = next(iter(call.args), "") or await call.get_variable(EXTENSION)
    answered = await call.get_variable(DIALSTATUS) == "ANSWER"
    message_left = await call.get_variable(VMSTATUS) == "SUCCESS"
    if not extension or answered or message_left:
        await call.set_variable(RESULT, Result.NOTHING)
        return
    missed = MissedCall(
        extension=extension,
        caller_number=await call.get_variable(CALLER_NUMBER) or "",
        caller_name=await call.get_variable(CALLER_NAME) or "",
        at=services.now(),
        unique_id=await call.get_variable(UNIQUEID) or call.env.get("agi_uniqueid", ""),
    )
    await services.hand_over_missed_call(missed)
    await call.set_variable(RESULT, Result.DONE)
