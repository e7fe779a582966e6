"""Two looks, one dark and one light: quiet grounds, few lines, one accent colour.

The grounds are nearly grey on purpose: terminals with 256 colours would turn a tinted dark ground into black.
"""

from textual.theme import Theme

__all__ = ["DARK", "LIGHT", "THEMES"]

DARK = Theme(
    name="swarmtutor-dark",
    dark=True,
    primary="#58a6d6",
    secondary="#4a7d9f",
    accent="#58a6d6",
    foreground="#d5dbe1",
    background="#131517",
    surface="#131517",
    panel="#202326",
    success="#7fbf7a",
    warning="#dfb35c",
    error="#e5786d",
    variables={
        "line": "#383d42",
        "quiet": "#8a9299",
        "code-ground": "#1c1f22",
        "code-text": "#a9d2ec",
        "hue1": "#6fb7e8",
        "hue2": "#d6a3e6",
        "hue3": "#7fcfb0",
        "hue4": "#e8b77a",
        "hue5": "#b3b8f0",
        "hue6": "#d0d37a",
        "bar": "#202326",
        "border": "#58a6d6",
        "border-blurred": "#383d42",
        "scrollbar": "#3d4247",
        "scrollbar-hover": "#50565c",
        "scrollbar-active": "#58a6d6",
        "scrollbar-background": "#131517",
        "scrollbar-background-hover": "#131517",
        "scrollbar-background-active": "#131517",
        "scrollbar-corner-color": "#131517",
        "block-cursor-background": "#58a6d6",
        "block-cursor-foreground": "#131517",
        "block-cursor-text-style": "bold",
    },
)

LIGHT = Theme(
    name="swarmtutor-light",
    dark=False,
    primary="#1d6fa5",
    secondary="#4a7d9f",
    accent="#1d6fa5",
    foreground="#22292f",
    background="#fbfbf9",
    surface="#fbfbf9",
    panel="#ecece8",
    success="#2f7d32",
    warning="#946200",
    error="#b3362b",
    variables={
        "line": "#d3d6d4",
        "quiet": "#66717a",
        "code-ground": "#f1f2ef",
        "code-text": "#174f78",
        "hue1": "#1a6399",
        "hue2": "#8a3fa3",
        "hue3": "#17705a",
        "hue4": "#8f5600",
        "hue5": "#4a4fb0",
        "hue6": "#6a6a00",
        "bar": "#ecece8",
        "border": "#1d6fa5",
        "border-blurred": "#d3d6d4",
        "scrollbar": "#c9cdca",
        "scrollbar-hover": "#b4bab6",
        "scrollbar-active": "#1d6fa5",
        "scrollbar-background": "#fbfbf9",
        "scrollbar-background-hover": "#fbfbf9",
        "scrollbar-background-active": "#fbfbf9",
        "scrollbar-corner-color": "#fbfbf9",
        "block-cursor-background": "#1d6fa5",
        "block-cursor-foreground": "#fbfbf9",
        "block-cursor-text-style": "bold",
    },
)

THEMES = (DARK, LIGHT)
