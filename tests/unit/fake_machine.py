"""A machine with an apt of its own, for the mends of `swarmtutor doctor`."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from tui.playground.model import Remedy, Requirement
from tui.tutor.mends import Manager

__all__ = ["FakeMachine", "missing", "there"]

DEBIAN_12 = frozenset({"docker.io", "iproute2", "nftables", "busybox-static"})


def missing(program: str, package: str) -> Requirement:
    return Requirement(f"the program {program}", False, "not installed", f"Install {package}.", Remedy((package,)))


def there(program: str) -> Requirement:
    return Requirement(f"the program {program}", True, f"/usr/bin/{program}")


@dataclass
class FakeMachine:
    """Knows what apt would say. `failing`: the command's word that fails; `slow`: the word that waits to be let go."""

    root: bool = True
    manager: Manager | None = Manager.APT
    archive: frozenset[str] = DEBIAN_12
    installed: set[str] = field(default_factory=set[str])
    also: tuple[str, ...] = ("containerd",)  # what comes in with docker.io
    makes_way: str = ""
    others: tuple[str, ...] = ()  # what would go with ours
    failing: str = ""
    failing_says: str = "E: Sub-process /usr/bin/dpkg returned an error code (1)"
    slow: str = ""
    began: asyncio.Event = field(default_factory=asyncio.Event)
    go_on: asyncio.Event = field(default_factory=asyncio.Event)
    ran: list[tuple[str, ...]] = field(default_factory=list[tuple[str, ...]])
    settings: dict[str, str] = field(default_factory=lambda: {"fs.inotify.max_user_instances": "128"})

    async def run(
        self, command: Sequence[str], on_line: Callable[[str], None], *, seconds: float, unbroken: bool = False
    ) -> int:
        assert seconds > 0
        words = tuple(command)
        if self.slow and self.slow in words:
            self.began.set()
            try:
                await self.go_on.wait()
            except asyncio.CancelledError:
                if not unbroken:
                    raise
                await self.go_on.wait()
                self._done(words, on_line)
                raise
        if self.failing and self.failing in words and "--simulate" not in words:
            on_line("Reading package lists...")
            on_line(self.failing_says)
            return 100
        return self._done(words, on_line)

    def _done(self, words: tuple[str, ...], on_line: Callable[[str], None]) -> int:
        if "--simulate" not in words and words[0] not in ("apt-cache", "dpkg-query"):
            self.ran.append(words)
        if words[0] == "apt-cache":
            for package in words[2:]:
                if package in self.archive:
                    on_line(f"Package: {package}")
        elif words[0] == "dpkg-query":
            for package in self.installed:
                on_line(f"installed {package}")
        elif "install" in words:
            self._install(words, on_line)
        elif "purge" in words:
            self._purge(words, on_line)
        elif words[0] == "sysctl":
            name, _, value = words[-1].partition("=")
            self.settings[name] = value
        return 0

    def _install(self, words: tuple[str, ...], on_line: Callable[[str], None]) -> None:
        new = [word for word in words if word in self.archive]
        new += self.also if "docker.io" in new else ()
        if "--simulate" in words:
            if self.makes_way:
                on_line(f"Remv {self.makes_way} [1.35]")
            for package in new:
                on_line(f"Inst {package} (1.0 Debian:12/stable [amd64])")
        elif "--download-only" not in words:
            on_line("pmstatus:docker.io:42.5:Unpacking docker.io (amd64)")
            self.installed.update(new)

    def _purge(self, words: tuple[str, ...], on_line: Callable[[str], None]) -> None:
        ours = [word for word in words if word in self.installed]
        if "--simulate" in words:
            for package in (*ours, *self.others):
                on_line(f"Purg {package} [1.0]")
        else:
            self.installed -= set(ours)

    def read_setting(self, name: str) -> str:
        return self.settings.get(name, "")
