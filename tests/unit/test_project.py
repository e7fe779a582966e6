"""The project as a whole: what its files promise about each other."""

import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
PYPROJECT: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text())
MAKEFILE = (ROOT / "Makefile").read_text()

# Written in halves, so that this file does not contain what it looks for.
FOREIGN = (
    "/" + "work/",  # a path of somebody's machine
    "/" + "home/user",
    "pypi" + ".org",  # which registry serves the packages is the machine's affair
    "files.pythonhosted" + ".org",
    "registry.npmjs" + ".org",
    "deb.debian" + ".org",
    "file:///" + "opt",
)


def project_files() -> list[Path]:
    """Every file that is part of the project: known to git, or about to be."""
    listed = subprocess.run(
        ["git", "-c", "safe.directory=*", "ls-files", "--cached", "--others", "--exclude-standard", "-z"],
        cwd=ROOT,
        capture_output=True,
        timeout=240,
        check=False,
    )
    if listed.returncode == 0:
        paths = [ROOT / os.fsdecode(name) for name in listed.stdout.split(b"\0") if name]
    else:  # an unpacked archive
        paths = [path for folder in ("tui", "content", "tests", ".ci") for path in (ROOT / folder).rglob("*")]
        paths += [path for path in ROOT.iterdir() if path.suffix in (".md", ".toml")]
    files = [path for path in paths if path.is_file() and "__pycache__" not in path.parts]
    assert len(files) > 20
    return files


def make_targets() -> set[str]:
    return set(re.findall(r"^([a-z-]+):", MAKEFILE, re.MULTILINE))


def run_python(code: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=240, check=False
    )


def test_no_file_names_a_machine_or_a_package_registry() -> None:
    found = [
        f"{path.relative_to(ROOT)}: {word}"
        for path in project_files()
        for word in FOREIGN
        if word.encode() in path.read_bytes()
    ]
    assert found == []


def test_what_the_screen_depends_on_is_pinned_exactly() -> None:
    dependencies: list[str] = PYPROJECT["project"]["dependencies"]
    pinned = {name for line in dependencies if re.fullmatch(r"[a-z]+==[\d.]+", line) for name in [line.split("==")[0]]}
    assert pinned == {"textual", "bittty"}


def test_every_command_that_the_readme_names_exists() -> None:
    readme = (ROOT / "README.md").read_text()
    made = set(re.findall(r"(?:^|`)make ([a-z]+(?:-[a-z]+)*)", readme, re.MULTILINE))
    assert "run" in made
    assert made <= make_targets()
    helped = run_python("from tui.cli import main; main(['--help'])")
    assert helped.returncode == 0, helped.stderr
    commands = set(re.findall(r"^ {2,}([a-z]+)(?: |$)", helped.stdout, re.MULTILINE))
    named = set(re.findall(r"(?:^|`)swarmtutor ([a-z]+)", readme, re.MULTILINE))
    assert "run" in named
    assert named <= commands


def test_every_picture_of_the_readme_is_there() -> None:
    pictures = re.findall(r"!\[[^]]+\]\(([^)]+)\)", (ROOT / "README.md").read_text())
    assert pictures
    assert [picture for picture in pictures if not (ROOT / picture).is_file()] == []


def test_every_make_target_is_explained_by_make_help() -> None:
    shown = subprocess.run(["make", "help"], cwd=ROOT, capture_output=True, text=True, timeout=240, check=True).stdout
    assert set(re.findall(r"^ +make ([a-z-]+) ", shown, re.MULTILINE)) == make_targets()


def test_the_changelog_has_a_section_for_what_is_shipped_now() -> None:
    changelog = (ROOT / "CHANGELOG.md").read_text()
    sections = re.findall(r"^## \[([^\]]+)\]", changelog, re.MULTILINE)
    assert sections
    assert sections[0] in ("Unreleased", PYPROJECT["project"]["version"])


def test_the_licence_is_the_one_that_the_package_names() -> None:
    licence = (ROOT / "LICENSE").read_text()
    assert PYPROJECT["project"]["license"] == "Apache-2.0"
    assert "Apache License" in licence
    assert "Version 2.0, January 2004" in licence
    assert "END OF TERMS AND CONDITIONS" in licence


def test_every_folder_with_modules_is_a_package() -> None:
    folders = {path.parent for path in project_files() if path.suffix == ".py" and path.is_relative_to(ROOT / "tui")}
    assert [folder for folder in sorted(folders) if not (folder / "__init__.py").is_file()] == []


def test_no_module_outgrows_what_can_be_read_at_once() -> None:
    modules = [path for path in project_files() if path.suffix == ".py" and path.is_relative_to(ROOT / "tui")]
    lengths = {str(path.relative_to(ROOT)): len(path.read_text().splitlines()) for path in modules}
    assert {name: length for name, length in lengths.items() if length > 500} == {}


def test_the_entry_points_of_ci_and_make_are_executable() -> None:
    for name in (".ci/run", ".ci/setup.sh"):
        assert os.access(ROOT / name, os.X_OK), name
    assert "make check" in (ROOT / ".ci/run").read_text()
    assert "make test" in (ROOT / ".ci/run").read_text()


@pytest.mark.parametrize(
    ("module", "unwanted"),
    [
        ("tui.labs", ("textual", "docker", "asyncssh")),
        ("tui.checks", ("textual", "docker", "asyncssh")),
        ("tui.terminal", ("textual", "docker", "asyncssh")),
        ("tui.swarm.snapshot", ("textual", "docker", "asyncssh")),
        ("tui.tutor", ("textual",)),
        ("tui.cli", ("textual", "docker", "asyncssh")),
        ("tui.app.start", ("docker", "asyncssh", "bittty", "tui.swarm.observer", "tui.tutor.nodes", "tui.tutor.hosts")),
        ("tui.tutor.nodes", ("textual", "docker", "asyncssh", "tui.tutor.hosts", "tui.playground.providers.hosts")),
    ],
)
def test_importing_a_module_does_not_bring_in_what_is_slow_or_not_its_business(
    module: str, unwanted: tuple[str, ...]
) -> None:
    code = (
        "import importlib, pkgutil, sys\n"
        f"package = importlib.import_module({module!r})\n"
        "for part in pkgutil.walk_packages(getattr(package, '__path__', []), package.__name__ + '.'):\n"
        "    importlib.import_module(part.name)\n"
        f"print(sorted(set({unwanted!r}) & set(sys.modules)))\n"
    )
    done = run_python(code)
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == "[]"


def test_the_import_contracts_hold() -> None:
    lint_imports = Path(sys.executable).with_name("lint-imports")
    done = subprocess.run(
        [lint_imports, "--no-cache"], cwd=ROOT, capture_output=True, text=True, timeout=240, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_nothing_is_measured_by_a_clock_that_can_be_set() -> None:
    """Moments come from tui.clock, deadlines from time.monotonic; the time of day is written down, never compared."""
    by_the_day = re.compile(r"\btime\.time\b|datetime\.now\b|\butcnow\b")
    # What puts a date on something, to be read by people.
    may = {"clock.py", "tutor/progress.py", "tutor/progress_record.py"}
    found = [
        str(path.relative_to(ROOT / "tui"))
        for path in (ROOT / "tui").rglob("*.py")
        if by_the_day.search(path.read_text()) and str(path.relative_to(ROOT / "tui")) not in may
    ]
    assert found == []
