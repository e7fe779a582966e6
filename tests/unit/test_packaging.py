"""What a person gets who installs the wheel instead of cloning the project."""

import os
import re
import stat
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]

# pip's words for an index that cannot be asked, as opposed to a requirement that nobody can meet.
NO_INDEX = re.compile(
    r"Temporary failure in name resolution|NewConnectionError|Network is unreachable|ProxyError|timed out"
)


def run(argv: list[str | Path], cwd: Path, *, timeout: float = 500) -> subprocess.CompletedProcess[str]:
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "VIRTUAL_ENV"))}
    return subprocess.run(argv, cwd=cwd, env=environment, capture_output=True, text=True, timeout=timeout, check=False)


def content_files() -> dict[str, bool]:
    """Every file of the labs as git sees it (path below content/), and whether it may be executed."""
    content = ROOT / "content"
    files = [path for path in content.rglob("*") if path.is_file() and "__pycache__" not in path.parts]
    assert files
    return {path.relative_to(content).as_posix(): os.access(path, os.X_OK) for path in files}


@pytest.fixture(scope="module")
def distributions(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """The source archive, and the wheel built from it (not from the checkout)."""
    folder = tmp_path_factory.mktemp("dist")
    built = run([sys.executable, "-m", "build", "--no-isolation", "--outdir", folder, ROOT], folder)
    assert built.returncode == 0, built.stdout + built.stderr
    (archive,) = folder.glob("*.tar.gz")
    (wheel,) = folder.glob("*.whl")
    return archive, wheel


@pytest.fixture(scope="module")
def installed(distributions: tuple[Path, Path], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An environment, empty before, into which the wheel was installed; the folder of its commands."""
    folder = tmp_path_factory.mktemp("elsewhere")
    made = run([sys.executable, "-m", "venv", "env"], folder)
    assert made.returncode == 0, made.stderr
    commands = folder / "env" / "bin"
    done = run([commands / "python", "-m", "pip", "install", "-qq", "--no-input", distributions[1]], folder)
    if done.returncode != 0 and NO_INDEX.search(done.stdout + done.stderr):
        pytest.skip("no Python package index in reach")
    assert done.returncode == 0, done.stdout + done.stderr
    return commands


def test_the_wheel_holds_every_file_of_the_package_and_the_labs(distributions: tuple[Path, Path]) -> None:
    package = {
        path.relative_to(ROOT).as_posix()
        for path in (ROOT / "tui").rglob("*")
        if path.is_file() and path.suffix != ".pyc"
    }
    labs = {f"tui/_content/{name}" for name in content_files()}
    with zipfile.ZipFile(distributions[1]) as wheel:
        names = set(wheel.namelist())
    assert (package | labs) - names == set()
    assert {name for name in names if ".dist-info/" not in name} - package - labs == set()


def test_the_source_archive_holds_what_a_distributor_needs(distributions: tuple[Path, Path]) -> None:
    with tarfile.open(distributions[0]) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
    assert {"LICENSE", "README.md", "CHANGELOG.md", "pyproject.toml", "tui/cli.py"} <= names


@pytest.mark.network
def test_the_installed_command_works_outside_the_checkout(installed: Path, tmp_path: Path) -> None:
    shown = run([installed / "swarmtutor", "--version"], tmp_path)
    assert re.fullmatch(r"swarmtutor \d+\.\d+\.\d+\S*\n", shown.stdout), shown.stdout + shown.stderr


@pytest.mark.network
def test_the_installed_lab_is_found_and_is_without_mistakes(installed: Path, tmp_path: Path) -> None:
    where = run([installed / "python", "-c", "import tui.paths; print(tui.paths.content_dir())"], tmp_path)
    assert where.returncode == 0, where.stderr
    assert not Path(where.stdout.strip()).is_relative_to(ROOT)
    linted = run([installed / "swarmtutor", "lint", "orchestration"], tmp_path)
    assert linted.returncode == 0, linted.stdout + linted.stderr


@pytest.mark.network
def test_installing_keeps_content_and_what_may_be_executed(installed: Path, tmp_path: Path) -> None:
    where = run([installed / "python", "-c", "import tui.paths; print(tui.paths.content_dir())"], tmp_path)
    content = Path(where.stdout.strip())
    found = {
        path.relative_to(content).as_posix(): bool(path.stat().st_mode & stat.S_IXUSR)
        for path in content.rglob("*")
        if path.is_file()
    }
    assert found == content_files()
    assert any(found.values())
