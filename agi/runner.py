"""Running one script for one call, so that no trouble of ours harms the call."""

from __future__ import annotations

import asyncio
from contextlib import suppress

import structlog

from agi.call import Call
from agi.errors import AgiError, CallEnded
from agi.registry import Script
from agi.services import Services
from agi.statistics import ScriptStatistics
from agi.variables import RESULT, Result

# Seconds for telling Asterisk the bad news.
LAST_WORD_LIMIT = 1.0


async def run_script(
    script: Script, call: Call, services: Services, counters: ScriptStatistics
) -> Result:
    """Run a script within its time limit and count how it went.

    Whatever it raises is logged and told to the dialplan in VOXPOST_RESULT; only cancellation
    passes. The dialplan goes on as soon as the caller of this closes the connection.
    """
    counters.runs += 1
    try:
        async with asyncio.timeout(script.time_limit) as limit:
            await script.run(call, services)
    except CallEnded:
        # Asterisk went away first: nothing of ours failed, and nobody is left to tell.
        _log(script, call).info("agi.call_ended")
        return Result.DONE
    except Exception:  # the last line before the call: see the docstring
        if limit.expired():
            counters.timeouts += 1
            _log(script, call).warning("agi.script_timed_out", time_limit=script.time_limit)
            return await tell(call, Result.TIMEOUT)
        counters.errors += 1
        _log(script, call).exception("agi.script_failed")
        return await tell(call, Result.FAILED)
    return Result.DONE


async def tell(call: Call, result: Result) -> Result:
    """Set VOXPOST_RESULT as the session's last word, if anyone still listens."""
    with suppress(AgiError, TimeoutError):
        async with asyncio.timeout(LAST_WORD_LIMIT):
            await call.set_variable_at_end(RESULT, result)
    return result


def _log(script: Script, call: Call) -> structlog.stdlib.BoundLogger:
    log: structlog.stdlib.BoundLogger = structlog.get_logger()
    return log.bind(script=script.name, unique_id=call.env.get("agi_uniqueid", ""))
