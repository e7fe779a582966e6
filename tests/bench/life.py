"""`up`, `reset` and `down` on both kinds of nodes that are made here, beside three plain containers with engines.

The plain ones are started one after the other by a shell script, in the Docker Engine that holds the nodes which are
containers, from the image of those, with their rights.
"""

import os
import subprocess
import time
from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager

import pytest

from tests.bench.scene import PATIENCE, command, own_name, remove, require_nodes
from tests.bench.stats import CannotMeasureError, Options, Result, Row, Unit
from tests.swarm.outer_engine import OuterEngine, base_archive
from tui.playground.providers.container_build import node_image
from tui.playground.providers.container_parts import RIGHTS, Rights

__all__ = ["measure"]

PLAIN = "3 plain in turn"
_AIMS = {
    "namespaces": {"up": 3.0, "reset of all": 3.0, "reset of one": 3.0, "down": 2.0},
    "containers": {"up": 10.0, "reset of all": 10.0, "reset of one": 10.0, "down": 3.0},
}
_START = """\
for name in one two three; do
    docker run -d --name $name --hostname $name -v /var/lib/docker {flags} {image} node >/dev/null || exit 1
    until docker exec $name docker info >/dev/null 2>&1; do sleep 0.02; done
done
"""
_END = "for name in one two three; do docker rm -f -v $name >/dev/null || exit 1; done"


def measure(options: Options) -> Result:
    """Several rounds of each, in turn, so that all see the same machine."""
    require_nodes()
    taken: dict[tuple[str, str], list[float]] = {}
    with _outer_engine() as outer:
        built = _ups_with_a_build(outer)
        flags = _flags(outer)
        for _ in range(options.rounds(5, 2)):
            for act, script in (("up", _START.format(flags=flags, image=node_image().tag)), ("down", _END)):
                taken.setdefault(("plain", act), []).append(_seconds(["sh", "-c", script], outer.environment))
            _life("namespaces", command(), {}, taken)
            _life("containers", outer.swarmtutor(), outer.environment, taken)
    rows = [
        Row.of(
            f"{provider}: {act}",
            Unit.SECONDS,
            taken[provider, act],
            aim=aim,
            baseline=(PLAIN, taken["plain", "down" if act == "down" else "up"]),
        )
        for provider, aims in _AIMS.items()
        for act, aim in aims.items()
    ]
    rows.append(Row.of("containers: up, the image to be built", Unit.SECONDS, built))
    rows += [Row.of(f"baseline: {PLAIN}: {act}", Unit.SECONDS, taken["plain", act]) for act in ("up", "down")]
    return Result(
        tuple(rows),
        ("reset is held against the start of plain containers; the image is built from a base with its packages",),
    )


@contextmanager
def _outer_engine() -> Generator[OuterEngine]:
    try:
        archive = base_archive()
    except pytest.skip.Exception as error:
        raise CannotMeasureError(f"no Docker Engine for nodes that are containers: {error}") from error
    outer = OuterEngine()
    try:
        outer.start()
        outer.import_base(archive)
        yield outer
    finally:
        outer.stop()


def _seconds(argv: Sequence[str], environment: Mapping[str, str]) -> float:
    begun = time.monotonic()
    ended = subprocess.run(
        argv,
        env=os.environ | dict(environment),
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        stdin=subprocess.DEVNULL,
        check=False,
    )
    if ended.returncode:
        raise CannotMeasureError(f"{' '.join(argv[-4:])}: {ended.stderr.strip()[-300:]}")
    return time.monotonic() - begun


def _life(
    provider: str,
    program: Sequence[str],
    environment: Mapping[str, str],
    taken: dict[tuple[str, str], list[float]],
) -> None:
    """One playground, from nothing to nothing."""
    name = own_name("l")
    acts = (
        ("up", ("up", "--provider", provider)),
        ("reset of all", ("reset",)),
        ("reset of one", ("reset", "node2")),
        ("down", ("down",)),
    )
    try:
        for act, words in acts:
            argv = [*program, words[0], "--name", name, *words[1:]]
            taken.setdefault((provider, act), []).append(_seconds(argv, environment))
    finally:
        if provider == "namespaces":
            remove(name)


def _ups_with_a_build(outer: OuterEngine) -> list[float]:
    program, name = outer.swarmtutor(), own_name("b")
    seconds = _seconds([*program, "up", "--name", name], outer.environment)
    _seconds([*program, "down", "--name", name], outer.environment)
    return [seconds]


def _flags(outer: OuterEngine) -> str:
    """The widest rights that this engine gives, as words of `docker run`."""
    for rights in reversed(RIGHTS):
        flags = _words(rights)
        tried = outer.docker("run", "--rm", *flags, "--entrypoint", "true", node_image().tag, check=False)
        if tried.returncode == 0:
            return " ".join(flags)
    raise CannotMeasureError("the Docker Engine gives no container the rights of a node")


def _words(rights: Rights) -> list[str]:
    if rights.document.get("Privileged"):
        return ["--privileged"]
    added: list[str] = rights.document["CapAdd"]
    options: list[str] = rights.document["SecurityOpt"]
    words = [f"--cap-add={capability}" for capability in added] + [f"--security-opt={option}" for option in options]
    return [*words, "--cgroupns=private"]
