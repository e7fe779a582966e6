"""A small way to try a playground by hand: python -m tui.playground up|down|reset NAME [NODE…]."""

import asyncio
import sys

from tui.errors import UserError
from tui.playground.model import Progress
from tui.playground.providers import choose_provider


def _show(progress: Progress) -> None:
    sys.stdout.write(f"{progress.state:8}{progress.phase:24}{progress.seconds:6.2f} s  {progress.detail}\n")
    sys.stdout.flush()


def main() -> int:
    """Run one command."""
    command, name, *nodes = sys.argv[1:]
    provider = choose_provider("namespaces")
    actions = {
        "up": lambda: provider.up(name, _show),
        "down": lambda: provider.down(name, _show),
        "reset": lambda: provider.reset(name, nodes, _show),
    }
    try:
        asyncio.run(actions[command]())
    except UserError as error:
        sys.stderr.write(f"{error}\n")
        return error.exit_code
    return 0


if __name__ == "__main__":
    sys.exit(main())
