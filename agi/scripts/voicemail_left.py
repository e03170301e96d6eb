"""AGI(agi://host/voicemail-left[,1001@default]): a caller has left the voicemail."""

from __future__ import annotations

from agi.call import Call
from agi.registry import script
from agi.services import Services
from agi.variables import MAILBOX, RESULT, VM_MESSAGEFILE, VMSTATUS, Result


@script("voicemail-left", time_limit=20)
async def voicemail_left(call: Call, services: Services) -> None:
    """Hand the new messages of the mailbox over; stands in the `h` extension.

    The mailbox is the first argument or VOXPOST_MAILBOX. Sets VOXPOST_RESULT.
    """
    mailbox = next(iter(call.args), "") or await call.get_variable(MAILBOX)
    status = await call.get_variable(VMSTATUS)
    file = await call.get_variable(VM_MESSAGEFILE)
    # VoiceMail() that never ran, or refused, leaves nothing to look for. USEREXIT may come
    # after a message was kept, so the spool is asked.
    if not mailbox or (not file and status in (None, "", "FAILED")):
        await call.set_variable(RESULT, Result.NOTHING)
        return
    count = await services.hand_over_voicemail(mailbox)
    await call.set_variable(RESULT, Result.DONE if count else Result.NOTHING)
