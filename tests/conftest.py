"""What holds for every test: nothing is left out in silence.

A test that cannot run here (no root, no engine, no package index) skips with a reason. The closing summary then says
in one line what was left out and why; with SWARMTUTOR_TEST_STRICT=1, as in CI, each of them is a failure instead.
"""

import atexit
import os
import shutil
import tempfile
from collections import Counter
from collections.abc import Generator

import pytest
from hypothesis import HealthCheck, settings

# No machine is too slow, and in CI the same is tried each time, so that what fails there fails for a change.
settings.register_profile(
    "patient", deadline=None, suppress_health_check=[HealthCheck.too_slow], derandomize="CI" in os.environ
)
settings.load_profile("patient")

# The keys and the look of whoever runs the tests are no concern of theirs; nor are they theirs to change.
os.environ["SWARMTUTOR_CONFIG"] = tempfile.mkdtemp(prefix="swarmtutor-tests-")
atexit.register(shutil.rmtree, os.environ["SWARMTUTOR_CONFIG"], ignore_errors=True)


def is_strict() -> bool:
    """Whether a test that cannot run is a failure."""
    return os.environ.get("SWARMTUTOR_TEST_STRICT", "") not in ("", "0")


def _reason(report: pytest.TestReport | pytest.CollectReport) -> str:
    text = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
    return text.removeprefix("Skipped: ")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    if is_strict() and report.skipped and not hasattr(report, "wasxfail"):
        report.longrepr = f"left out, and nothing may be left out here: {_reason(report)}"
        report.outcome = "failed"
    return report


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report() -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    report = yield
    if is_strict() and report.skipped:
        report.longrepr = f"left out, and nothing may be left out here: {_reason(report)}"
        report.outcome = "failed"
    return report


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    skipped: list[pytest.TestReport | pytest.CollectReport] = terminalreporter.getreports("skipped")
    if skipped:
        reasons = Counter(_reason(report) for report in skipped)
        said = "; ".join(f"{count} × {reason}" for reason, count in reasons.items())
        terminalreporter.write_line(f"left out: {said}", yellow=True)
