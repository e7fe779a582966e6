"""Takes the pictures of the README and the docs from the running program: `python -m tests.screenshots`.

It makes three nodes, takes the lab up to the drain, and photographs the screen on the way: each picture as SVG and as
PNG, and a film of the swarm's beginning, its scaling and the drain as GIF. With `--states FOLDER` there are no nodes:
every state of the screen, at three sizes and in all looks, to be looked at after a change of the look.
"""

import argparse
import asyncio
import os
import sys
import tempfile
from pathlib import Path

from tests.screenshots.pictures import Frame, as_gif, as_png, drawn
from tests.screenshots.tour import WIDE, Tour
from tui.app.app import SwarmtutorApp
from tui.errors import UserError
from tui.labs.parse import load_lab_by_id
from tui.paths import content_dir
from tui.playground.model import Playground, Progress, ProgressListener
from tui.terminal.bittty_engine import BitttyEngine
from tui.tutor.nodes import ensure_nodes, remove_nodes
from tui.tutor.session import LabSession

FOLDER = Path(__file__).resolve().parents[2] / "screenshots"
NAME = "pictures"
PNG_WIDTH, FILM_WIDTH = 1280, 960  # pixels


async def prepare(listener: ProgressListener) -> tuple[Playground, bool]:
    """The nodes of the pictures."""
    return await ensure_nodes(NAME, listener)


async def tour() -> Tour:
    """The pictures and the film, from nodes that are gone afterwards."""
    session = LabSession(load_lab_by_id("orchestration", content_dir()), None, BitttyEngine)
    app = SwarmtutorApp(session, prepare)
    try:
        async with app.run_test(size=WIDE) as pilot:
            taken = Tour(app, pilot, session, _say)
            await taken.go()
            return taken
    finally:
        await remove_nodes(NAME, _ignore, _say)


def write(taken: Tour, folder: Path) -> None:
    """All files, in place of those from before."""
    folder.mkdir(exist_ok=True)
    for name, svg in taken.pictures.items():
        (folder / f"{name}.svg").write_text(svg, encoding="utf-8")
        as_png(drawn(svg, PNG_WIDTH), folder / f"{name}.png")
    frames = [Frame(drawn(shot.svg, FILM_WIDTH), shot.seconds) for shot in taken.frames()]
    _say(f"film.gif, {len(frames)} frames")
    as_gif(frames, folder / "film.gif")


def _ignore(_progress: Progress) -> None:
    """Nobody waits for these lines."""


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def main() -> int:
    """Take the pictures; returns an exit status."""
    parser = argparse.ArgumentParser(description="Take the pictures of the README and the docs.")
    parser.add_argument("--to", type=Path, default=FOLDER, metavar="FOLDER", help="where to (default: screenshots)")
    parser.add_argument("--states", type=Path, metavar="FOLDER", help="every state there is, without nodes")
    parser.add_argument("--only", default="", metavar="WORD", help="of the states, those with this in their name")
    arguments = parser.parse_args()
    for name in ("NO_COLOR", "SWARMTUTOR_ASCII", "LC_ALL"):
        os.environ.pop(name, None)
    os.environ["LANG"] = "C.UTF-8"
    with tempfile.TemporaryDirectory(prefix="swarmtutor-pictures-") as folder:
        os.environ.setdefault("SWARMTUTOR_STATE", folder)
        try:
            drawn('<svg xmlns="http://www.w3.org/2000/svg" width="1" height="1"/>', 1)  # before the work, not after it
            if arguments.states:
                from tests.screenshots.states import take_states

                asyncio.run(take_states(arguments.states, arguments.only, _say))
            else:
                write(asyncio.run(tour()), arguments.to)
        except UserError as error:
            _say(str(error))
            return error.exit_code
    return 0


if __name__ == "__main__":
    sys.exit(main())
