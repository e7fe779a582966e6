"""The looks: dark, light, high contrast, the terminal's own colours; and what any theme of Textual lacks for ours.

The grounds are nearly grey on purpose: terminals with 256 colours would turn a tinted dark ground into black.
"""

from collections.abc import Mapping

from textual.color import Color
from textual.theme import BUILTIN_THEMES, Theme

from tui.app.contrast import readable

__all__ = ["ANSI", "CONTRAST", "DARK", "LIGHT", "THEMES", "theme_of", "variables_for"]

_LEAST = 4.5
"""The contrast that WCAG asks of text (AA)."""


def _theme(
    name: str,
    *,
    dark: bool,
    ground: str,
    raised: str,
    code_ground: str,
    text: str,
    quiet: str,
    line: str,
    thumb: str,
    accent: str,
    code: str,
    good: str,
    waiting: str,
    bad: str,
    hues: tuple[str, str, str, str, str, str],
) -> Theme:
    """A theme of ours. `raised`: the ground of bars and windows. `thumb`: of scrollbars. `hues` tell services apart."""
    return Theme(
        name=name,
        dark=dark,
        primary=accent,
        secondary=accent,
        accent=accent,
        foreground=text,
        background=ground,
        surface=ground,
        panel=raised,
        success=good,
        warning=waiting,
        error=bad,
        variables={
            "line": line,
            "quiet": quiet,
            "code-ground": code_ground,
            "code-text": code,
            **{f"hue{number}": hue for number, hue in enumerate(hues, 1)},
            "bar": raised,
            "good": good,
            "waiting": waiting,
            "bad": bad,
            "pointed": accent,
            "border": accent,
            "border-blurred": line,
            "scrollbar": thumb,
            "scrollbar-hover": quiet,
            "scrollbar-active": accent,
            "scrollbar-background": ground,
            "scrollbar-background-hover": ground,
            "scrollbar-background-active": ground,
            "scrollbar-corner-color": ground,
            "block-cursor-background": accent,
            "block-cursor-foreground": ground,
            "block-cursor-text-style": "bold",
        },
    )


DARK = _theme(
    "swarmtutor-dark",
    dark=True,
    ground="#131517",
    raised="#202326",
    code_ground="#1c1f22",
    text="#d5dbe1",
    quiet="#8f979e",
    line="#383d42",
    thumb="#3d4247",
    accent="#58a6d6",
    code="#a9d2ec",
    good="#7fbf7a",
    waiting="#dfb35c",
    bad="#e5786d",
    hues=("#6fb7e8", "#d6a3e6", "#7fcfb0", "#e8b77a", "#b3b8f0", "#d0d37a"),
)

LIGHT = _theme(
    "swarmtutor-light",
    dark=False,
    ground="#fbfbf9",
    raised="#ecece8",
    code_ground="#f1f2ef",
    text="#22292f",
    quiet="#5b656d",
    line="#d3d6d4",
    thumb="#c9cdca",
    accent="#1a6597",
    code="#174f78",
    good="#29702c",
    waiting="#7d5300",
    bad="#a83027",
    hues=("#1a6399", "#8a3fa3", "#17705a", "#8f5600", "#4a4fb0", "#6a6a00"),
)

CONTRAST = _theme(
    "swarmtutor-contrast",
    dark=True,
    ground="#000000",
    raised="#1a1a1a",
    code_ground="#000000",
    text="#ffffff",
    quiet="#d0d0d0",
    line="#8c8c8c",
    thumb="#a0a0a0",
    accent="#5fd7ff",
    code="#b8e6ff",
    good="#7dff7d",
    waiting="#ffd75f",
    bad="#ff9d94",
    hues=("#7ecbff", "#ffb0ff", "#6fffd2", "#ffc27d", "#c9ccff", "#f2f56b"),
)

# The terminal's own sixteen colours, whatever a person made of them. Its ground may be dark or light, so nothing is
# black, white or grey by name: quiet text is the terminal's own, dimmed.
ANSI = Theme(
    name="swarmtutor-ansi",
    ansi=True,
    dark=True,
    primary="ansi_cyan",
    secondary="ansi_cyan",
    accent="ansi_cyan",
    foreground="ansi_default",
    background="ansi_default",
    surface="ansi_default",
    panel="ansi_default",
    boost="ansi_default",
    success="ansi_green",
    warning="ansi_yellow",
    error="ansi_red",
    variables={
        "ansi-background": "ansi_default",
        "ansi-foreground": "ansi_default",
        "block-cursor-background": "ansi_default",
        "block-cursor-foreground": "ansi_cyan",
        "block-cursor-text-style": "bold underline",
        "border": "ansi_cyan",
        "border-blurred": "ansi_bright_black",
        "scrollbar": "ansi_bright_black",
        "scrollbar-hover": "ansi_cyan",
        "scrollbar-active": "ansi_cyan",
        "scrollbar-background": "ansi_default",
        "scrollbar-background-hover": "ansi_default",
        "scrollbar-background-active": "ansi_default",
        "footer-key-foreground": "ansi_cyan",
    },
)

THEMES = (DARK, LIGHT, CONTRAST, ANSI)


def theme_of(name: str) -> str | None:
    """The whole name of a theme; ours may be given without what they all begin with. None for one that is not there."""
    names = {theme.name for theme in THEMES} | set(BUILTIN_THEMES)
    return next((whole for whole in (f"swarmtutor-{name}", name) if whole in names), None)


_HUES = ("#6fb7e8", "#d6a3e6", "#7fcfb0", "#e8b77a", "#b3b8f0", "#d0d37a")
_ANSI_HUES = ("ansi_magenta", "ansi_cyan", "ansi_yellow", "ansi_green", "ansi_blue", "ansi_bright_magenta")


def variables_for(theme: Theme) -> Mapping[str, str]:
    """What our style sheets ask of a theme and Textual's themes do not say: made of what they say, and readable."""
    if "pointed" in theme.variables:  # one of ours
        return {}
    if theme.ansi:
        return {
            "line": "ansi_bright_black",
            "quiet": "ansi_default",
            "code-ground": "ansi_default",
            "code-text": "ansi_cyan",
            "bar": "ansi_default",
            "good": theme.success or "ansi_green",
            "waiting": theme.warning or "ansi_yellow",
            "bad": theme.error or "ansi_red",
            "pointed": theme.accent or theme.primary,
            **{f"hue{number}": hue for number, hue in enumerate(_ANSI_HUES, 1)},
        }
    said = theme.to_color_system().generate()

    def colour(name: str) -> Color:
        return Color.parse(said[name])

    ground, text = colour("background"), colour("foreground")
    raised = ground.blend(text, 0.08)

    def on_bars(wanted: Color) -> str:
        return readable(wanted, raised, _LEAST).hex

    return {
        "line": ground.blend(text, 0.22).hex,
        "quiet": on_bars(ground.blend(text, 0.6)),
        "code-ground": ground.blend(text, 0.05).hex,
        "code-text": on_bars(text.blend(colour("primary"), 0.5)),
        "bar": raised.hex,
        "good": on_bars(colour("success")),
        "waiting": on_bars(colour("warning")),
        "bad": on_bars(colour("error")),
        "pointed": on_bars(colour("accent")),
        **{f"hue{number}": on_bars(Color.parse(hue)) for number, hue in enumerate(_HUES, 1)},
    }
