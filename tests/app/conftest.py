"""What every test of the screen needs: the same environment everywhere."""

import pytest


@pytest.fixture(autouse=True)
def plain_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """UTF-8, colours, no signs of the terminal that the tests happen to run in."""
    for name in ("NO_COLOR", "LC_ALL", "LC_CTYPE", "SWARMTUTOR_ASCII", "TEXTUAL_THEME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("LANG", "C.UTF-8")
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.setenv("TEXTUAL_ANIMATIONS", "none")
