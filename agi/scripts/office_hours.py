"""AGI(agi://host/office-hours): is the office open, and where does the call go?"""

from __future__ import annotations

import structlog

from agi.call import Call
from agi.registry import script
from agi.services import Services
from agi.variables import DESTINATION, GREETING, OFFICE, RESULT, Result


@script("office-hours", time_limit=2)
async def office_hours(call: Call, services: Services) -> None:
    """Set VOXPOST_OFFICE, VOXPOST_GREETING, VOXPOST_DESTINATION and VOXPOST_RESULT.

    The template's own defaults stand when VOXPOST_OFFICE stays unset; it is set last, so that
    an open or closed office always comes with its greeting and destination.
    """
    state = services.office_state(services.now())
    structlog.get_logger().info("agi.office", open=state.open, reason=state.reason)
    await call.set_variable(GREETING, state.greeting)
    await call.set_variable(DESTINATION, state.destination)
    await call.set_variable(OFFICE, "open" if state.open else "closed")
    await call.set_variable(RESULT, Result.DONE)
