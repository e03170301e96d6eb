from __future__ import annotations

import logging
import signal
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import structlog
from click.testing import CliRunner, Result

from cli.main import main
from lab.ports import PortFinder
from tests.cli.site_folder import SiteFolder
from tests.free_ports import free_ports


@pytest.fixture(autouse=True)
def _process_as_it_was() -> Iterator[None]:
    """A command sets up the logs and signals of its whole process, which is ours here."""
    root, hangup = logging.getLogger(), signal.getsignal(signal.SIGHUP)
    handlers, level = root.handlers[:], root.level
    yield
    structlog.reset_defaults()
    root.handlers[:] = handlers
    root.setLevel(level)
    signal.signal(signal.SIGHUP, hangup)


@pytest.fixture(scope="session")
def ports() -> PortFinder:
    return free_ports()


@pytest.fixture
def site(tmp_path: Path, ports: PortFinder) -> SiteFolder:
    return SiteFolder(tmp_path, ports)


@pytest.fixture
def run() -> Callable[..., Result]:
    """Run a command in this process. A traceback fails the test."""

    def run(*words: str | Path, stdin: str | None = None) -> Result:
        result = CliRunner().invoke(main, [str(word) for word in words], input=stdin)
        if result.exception is not None and not isinstance(result.exception, SystemExit):
            raise result.exception
        assert "Traceback" not in result.output
        return result

    return run
