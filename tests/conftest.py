"""The tiers: what a test needs of the machine, told by the folder that it stands in.

A tier that this machine cannot have is skipped with one line that names why. Where CI is
set it fails instead: there, nothing is skipped.
"""

import os
import tempfile
from collections.abc import Callable, Generator, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import pytest

from lab.errors import LabError
from lab.places import lab_home
from tests.free_ports import take_share

UNAVAILABLE = "tests on this machine:"
TIERS = {
    "with_asterisk": ("asterisk",),
    "with_mail": ("mail",),
    "with_sms": ("sms",),
    "whole": ("asterisk", "mail"),
    "whole_texts": ("mail", "sms"),
}

pytest_plugins = ("tests.plugins.asterisk", "tests.plugins.mail", "tests.plugins.sms")


def pytest_configure() -> None:
    take_share()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        for folder in item.path.parts:
            for marker in TIERS.get(folder, ()):
                item.add_marker(marker)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item,
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    # The summary folds skips of one place into one line; a tier's are all of one place.
    if report.skipped and isinstance(report.longrepr, tuple) and UNAVAILABLE in report.longrepr[2]:
        report.longrepr = (__file__, 1, report.longrepr[2])
    return report


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Where CI is set, a skipped test is a failed run."""
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if os.environ.get("CI") and reporter is not None and reporter.stats.get("skipped"):
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


@pytest.fixture
def ordinary_folder() -> Iterator[Path]:
    """A folder of an ordinary user, whom the test runs as: root may read everything."""
    root = os.geteuid() == 0
    if root:
        os.seteuid(65534)
    try:
        with tempfile.TemporaryDirectory(prefix="vox") as folder:
            yield Path(folder)
    finally:
        if root:
            os.seteuid(0)


@pytest.fixture(scope="session")
def lab_folder(pytestconfig: pytest.Config) -> Path:
    """Return the folder of the lab, where packages are kept from run to run."""
    return lab_home(os.environ, pytestconfig.rootpath)


@pytest.fixture(scope="session")
def tier() -> Callable[[str], AbstractContextManager[None]]:
    """Turn what is missing into a skip of the tier, or where CI is set into a failure.

    A session fixture that sets a tier up does so inside `with tier("asterisk"):`; pytest
    keeps its outcome, so that it is found once.
    """

    @contextmanager
    def needed(name: str) -> Iterator[None]:
        words = ""
        try:
            yield
        except LabError as why:
            words = f"no {name} {UNAVAILABLE} {why}"
        if words and os.environ.get("CI"):
            pytest.fail(words, pytrace=False)
        if words:
            pytest.skip(words)

    return needed
