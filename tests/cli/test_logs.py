"""Logs: JSON in a pipe, text for people, and never a secret."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from tests.cli.site_folder import ROOT

FAULT = """
import logging, structlog
from cli.logs import set_up_logs
set_up_logs({form!r})
log = structlog.get_logger("part")
log.info("left", caller="José \\ud83d\\x1b[31m", count=1)
logging.getLogger("library").info("chatter")
logging.getLogger("library").warning("needs attention")
def connect(password):
    body = b"message body"
    raise OSError("refused")
try:
    connect("hunter2hunter2")
except OSError:
    log.exception("fault")
"""


def logged(form: str) -> tuple[str, str]:
    program = FAULT.format(form=form)
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, cwd=ROOT, check=True
    )
    return done.stdout, done.stderr


@pytest.mark.parametrize("form", ["auto", "json"])
def test_in_a_pipe_each_event_is_a_line_of_json(form: str) -> None:
    stdout, stderr = logged(form)
    assert stdout == ""
    first, library, fault = stderr.splitlines()
    event = json.loads(first)
    assert (event["event"], event["level"], event["count"]) == ("left", "info", 1)
    assert event["timestamp"].endswith("Z")
    assert library == "library: needs attention"
    assert json.loads(fault)["exception"][0]["exc_value"] == "refused"


@pytest.mark.parametrize("form", ["json", "text"])
def test_a_fault_shows_no_local_variable_which_may_be_a_secret(form: str) -> None:
    _, stderr = logged(form)
    assert "refused" in stderr
    assert "hunter2hunter2" not in stderr.replace('connect("hunter2hunter2")', "")
    assert "message body" not in stderr.replace('body = b"message body"', "")


def test_what_strangers_wrote_gives_the_terminal_no_orders() -> None:
    _, stderr = logged("text")
    assert "José" in stderr
    assert "\x1b[31m" not in stderr
