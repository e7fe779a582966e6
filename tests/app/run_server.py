"""Serves a lab on nodes that do not answer: `python -m tests.app.run_server CONTENT LAB`."""

import sys

from tui.app.serve.command import Serving, serve


def say(text: str) -> None:
    """At once: somebody waits for it."""
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    program = [sys.executable, "-m", "tests.app.run_without_nodes", *sys.argv[1:], "--served"]
    sys.exit(serve(Serving(tuple(program), port=0), say))
