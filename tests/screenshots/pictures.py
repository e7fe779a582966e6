"""From the running app to files: SVG, PNG, and frames one after another as a GIF."""

import io
import math
import re
import shutil
import subprocess
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from PIL import Image
from rich.console import Console
from rich.terminal_theme import SVG_EXPORT_THEME, TerminalTheme

from tui.app.app import SwarmtutorApp
from tui.errors import ExitCode, UserError

__all__ = ["LIGHT_TERMINAL", "Frame", "as_gif", "as_png", "as_svg", "drawn"]

_COLOURS = [(179, 54, 43), (47, 125, 50), (148, 98, 0), (29, 111, 165), (138, 63, 163), (23, 112, 90)]
LIGHT_TERMINAL = TerminalTheme(
    (251, 251, 249),
    (34, 41, 47),
    [(34, 41, 47), *_COLOURS, (90, 98, 104)],
    [(102, 113, 122), *_COLOURS, (34, 41, 47)],
)
"""A terminal with a light ground, for looks that use the terminal's own colours."""

_CONVERTER = "rsvg-convert"
_COLOURS_OF_FILM, _EXACT = 64, 10


def as_svg(app: SwarmtutorApp, terminal: TerminalTheme = SVG_EXPORT_THEME) -> str:
    """The screen, as a self-contained SVG. `terminal`: what the terminal's own colours are."""
    width, height = app.size
    console = Console(
        width=width,
        height=height,
        file=io.StringIO(),
        force_terminal=True,
        color_system="truecolor",
        record=True,
        legacy_windows=False,
        safe_box=False,
    )
    # As App.export_screenshot does it, which has no choice of the terminal's colours.
    inside = cast("Any", app)
    behind = inside._background_screens
    console.print(inside.screen._compositor.render_update(full=True, screen_stack=behind, simplify=True))
    # One name for all, so that the same screen is the same picture.
    return _self_contained(console.export_svg(title=app.title, theme=terminal, unique_id="swarmtutor"))


def _self_contained(svg: str) -> str:
    """The SVG without fonts from elsewhere, and with its spaces kept by every renderer."""
    svg = re.sub(r"@font-face \{.*?\}\s*", "", svg, flags=re.DOTALL)
    svg = svg.replace("font-family: Fira Code, monospace;", "font-family: 'DejaVu Sans Mono', monospace;")
    # Cells are 12.2 wide; where a renderer pays no heed to `textLength`, letters of that font are as wide at this size.
    svg = svg.replace("font-size: 20px;", "font-size: 20.264px;")
    return svg.replace("<text ", '<text xml:space="preserve" ')


def drawn(svg: str, width: int) -> Image.Image:
    """The picture, `width` pixels wide. Raises UserError without librsvg, or if it fails."""
    converter = shutil.which(_CONVERTER)
    if converter is None:
        raise UserError(
            f"{_CONVERTER} is not installed.",
            "On Debian: apt-get install librsvg2-bin fonts-dejavu-core.",
            exit_code=ExitCode.UNSUPPORTED,
        )
    done = subprocess.run(
        [converter, "--width", str(width), "--keep-aspect-ratio", "--format", "png"],
        input=svg.encode(),
        capture_output=True,
        timeout=120,
        check=False,
    )
    if done.returncode != 0:
        raise UserError(f"{_CONVERTER} failed: {done.stderr.decode(errors='replace').strip()}")
    return Image.open(io.BytesIO(done.stdout)).convert("RGB")


def as_png(picture: Image.Image, path: Path) -> None:
    """Write it as PNG. A screen has few colours: with a palette of its own, it takes a third of the room."""
    picture.quantize(256, Image.Quantize.MAXCOVERAGE, dither=Image.Dither.NONE).save(path, "png", optimize=True)


def _palette(samples: Sequence[Image.Image]) -> Image.Image:
    """A few colours for all of these: the grounds exactly, and of the others those that occur, even if seldom."""
    found: Counter[tuple[int, int, int]] = Counter()
    for sample in samples:
        for count, colour in sample.getcolors(1 << 24) or ():
            found[cast("tuple[int, int, int]", colour)] += count
    exact = [colour for colour, _ in found.most_common(_EXACT)]
    seldom = [colour for colour, count in found.items() for _ in range(math.isqrt(math.isqrt(count)))]
    pool = Image.new("RGB", (len(seldom), 1))
    cast("Any", pool).putdata(seldom)
    others = pool.quantize(_COLOURS_OF_FILM - _EXACT, Image.Quantize.MEDIANCUT, dither=Image.Dither.NONE)
    palette = Image.new("P", (1, 1))
    palette.putpalette([*(part for colour in exact for part in colour), *(others.getpalette() or ())])
    return palette


@dataclass(frozen=True, slots=True)
class Frame:
    """A picture of an animation, and for how many seconds it is shown."""

    picture: Image.Image
    seconds: float


def as_gif(frames: Sequence[Frame], path: Path) -> None:
    """Write the frames as an animation without an end, all in the same few colours."""
    pictures = [frame.picture for frame in frames]
    palette = _palette(pictures[:: max(len(pictures) // 8, 1)])
    few = [picture.quantize(palette=palette, dither=Image.Dither.NONE) for picture in pictures]
    few[0].save(
        path,
        save_all=True,
        append_images=few[1:],
        duration=[round(frame.seconds * 1000) for frame in frames],
        loop=0,
        optimize=True,  # what stays as it was is not written again
        disposal=1,
    )
