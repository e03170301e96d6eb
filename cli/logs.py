"""Logs: events with fields, readable in a terminal, JSON in a service."""

from __future__ import annotations

import logging
import sys
from collections.abc import MutableMapping
from typing import Any, Literal

import structlog
import structlog.tracebacks

from cli.plain import plain

LogForm = Literal["auto", "text", "json"]

# structlog shows the local variables of each frame unless told otherwise: passwords, messages.
_WITHOUT_LOCALS = structlog.tracebacks.ExceptionDictTransformer(show_locals=False)


def set_up_logs(form: LogForm = "auto", *, level: int = logging.INFO) -> None:
    """Send the log to stderr: stdout belongs to a command's answer, or to Asterisk."""
    as_json = form == "json" or (form == "auto" and not sys.stderr.isatty())
    time_stamp = structlog.processors.TimeStamper(fmt="iso" if as_json else "%H:%M:%S", utc=as_json)
    processors: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        time_stamp,
    ]
    if as_json:
        processors += [
            structlog.processors.ExceptionRenderer(_WITHOUT_LOCALS),
            structlog.processors.JSONRenderer(ensure_ascii=False),
        ]
    else:
        colours = sys.stderr.isatty()
        renderer = structlog.dev.ConsoleRenderer(
            colors=colours, exception_formatter=structlog.dev.plain_traceback
        )
        processors += [_without_orders, renderer]
    structlog.configure(
        processors=processors,
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=False,
    )
    # Libraries that log by themselves: only what needs somebody's attention.
    logging.basicConfig(stream=sys.stderr, level=logging.WARNING, format="%(name)s: %(message)s")
    logging.getLogger("panoramisk").setLevel(logging.CRITICAL)


def _without_orders(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> Any:
    """Fields without orders to the terminal: what strangers wrote may stand in them."""
    for name, value in event.items():
        if isinstance(value, str) and not value.isprintable():
            event[name] = plain(value)
    return event
