"""What people use to get at a node's shell otherwise: plain ssh, and tmux with ssh in it. Baselines, in terminals."""

import shutil
import subprocess
import tempfile
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from tests.bench.pty_program import PtyProgram
from tests.bench.stats import CannotMeasureError
from tui.playground.record import PlaygroundPaths, load_record

__all__ = ["PLAIN", "TMUX", "plain_ssh", "tmux_with_ssh"]

PLAIN = "plain ssh"
TMUX = "ssh in tmux"


def _ssh(playground: str, node_name: str, folder: Path) -> list[str]:
    """The command that OpenSSH's client needs for a node's shell."""
    record = load_record(playground)
    if record is None:
        raise CannotMeasureError(f"there is no playground {playground}")
    node = next(entry for entry in record.nodes if entry.name == node_name)
    known = folder / "known_hosts"
    known.write_text(f"[{node.address}]:{node.port} {node.host_key}\n{node.address} {node.host_key}\n", "utf-8")
    key = PlaygroundPaths.of(playground).client_key
    settings = (f"UserKnownHostsFile={known}", "IdentityAgent=none", "IdentitiesOnly=yes", "Compression=no")
    options = [word for setting in settings for word in ("-o", setting)]
    return ["ssh", "-F", "none", "-tt", "-i", str(key), "-p", str(node.port), *options, f"docker@{node.address}"]


def _require(program: str) -> None:
    if shutil.which(program) is None:
        raise CannotMeasureError(f"{program} is not on this machine, so there is nothing to compare with")


@contextmanager
def plain_ssh(playground: str, node: str) -> Generator[PtyProgram]:
    """OpenSSH's client, on a node."""
    _require("ssh")
    with tempfile.TemporaryDirectory() as folder, PtyProgram(_ssh(playground, node, Path(folder))) as program:
        yield program


@contextmanager
def tmux_with_ssh(playground: str, node: str) -> Generator[PtyProgram]:
    """tmux, as it comes, with OpenSSH's client in its only pane."""
    _require("tmux")
    _require("ssh")
    with tempfile.TemporaryDirectory() as folder:
        tmux = ["tmux", "-S", str(Path(folder) / "tmux"), "-f", "/dev/null"]
        try:
            with PtyProgram([*tmux, "new-session", *_ssh(playground, node, Path(folder))]) as program:
                yield program
        finally:
            subprocess.run([*tmux, "kill-server"], check=False, capture_output=True, timeout=10)
