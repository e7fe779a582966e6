"""Runs the real program on nodes that do not answer: `python -m tests.app.run_without_nodes CONTENT LAB [OPTION…]`."""

import sys
from pathlib import Path

from tests.unit.session_doubles import FakePlayground
from tui import cli, paths
from tui.app import start
from tui.playground.card import Wanted
from tui.playground.model import Playground, ProgressListener
from tui.tutor import nodes


async def _no_nodes(_name: str, _listener: ProgressListener, _provider: Wanted = None) -> tuple[Playground, bool]:
    return FakePlayground(), False


def main(content: Path, lab: str, *options: str) -> int:
    """Everything but the nodes is real: the progress on disk, its lock, the screen."""
    nodes.ensure_nodes = _no_nodes
    start.content_dir = paths.content_dir = lambda: content
    return cli.run(["run", lab, "--name", "none", *options])


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), *sys.argv[2:]))
