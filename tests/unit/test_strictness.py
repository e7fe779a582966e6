"""The rule of tests/conftest.py: what is left out is said, and in CI it is a failure."""

import os
import subprocess
import sys
from pathlib import Path

SUITE = """
import pytest

def test_runs():
    assert True

@pytest.mark.parametrize("which", [1, 2])
def test_needs_something(which):
    pytest.skip("no such thing here")

@pytest.mark.xfail(reason="known")
def test_known():
    raise AssertionError
"""

CONFTEST = Path(__file__).resolve().parent.parent / "conftest.py"


def run_suite(folder: Path, *, strict: str) -> subprocess.CompletedProcess[str]:
    (folder / "conftest.py").write_text(CONFTEST.read_text())
    (folder / "test_some.py").write_text(SUITE)
    return subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--rootdir", str(folder), str(folder)],
        env={**os.environ, "SWARMTUTOR_TEST_STRICT": strict},
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )


def test_what_was_left_out_is_said_in_one_line(tmp_path: Path) -> None:
    done = run_suite(tmp_path, strict="")
    assert done.returncode == 0, done.stdout
    assert "left out: 2 × no such thing here\n" in done.stdout


def test_in_ci_each_skip_is_a_failure_with_its_reason(tmp_path: Path) -> None:
    done = run_suite(tmp_path, strict="1")
    assert done.returncode == 1, done.stdout
    assert "2 failed, 1 passed, 1 xfailed" in done.stdout
    assert "nothing may be left out here: no such thing here" in done.stdout


def test_a_module_that_leaves_itself_out_counts_too(tmp_path: Path) -> None:
    (tmp_path / "test_other.py").write_text("import pytest\npytest.importorskip('no_such_module')\n")
    done = run_suite(tmp_path, strict="")
    assert done.returncode == 0, done.stdout
    assert "1 × could not import 'no_such_module'" in done.stdout
    done = run_suite(tmp_path, strict="1")
    assert done.returncode == 2, done.stdout
    assert "no_such_module" in done.stdout
