"""Two looks, one dark and one light: quiet grounds, few lines, one accent colour."""

from textual.theme import Theme

__all__ = ["DARK", "LIGHT", "THEMES"]

DARK = Theme(
    name="swarmtutor-dark",
    dark=True,
    primary="#58a6d6",
    secondary="#4a7d9f",
    accent="#58a6d6",
    foreground="#d5dbe1",
    background="#12161b",
    surface="#12161b",
    panel="#1c232b",
    success="#7fbf7a",
    warning="#dfb35c",
    error="#e5786d",
    variables={
        "line": "#2e3842",
        "quiet": "#8592a0",
        "code-ground": "#1a2128",
        "code-text": "#a9d2ec",
        "bar": "#1c232b",
        "border": "#58a6d6",
        "border-blurred": "#2e3842",
        "scrollbar": "#33404c",
        "scrollbar-hover": "#44535f",
        "scrollbar-active": "#58a6d6",
        "scrollbar-background": "#12161b",
        "scrollbar-background-hover": "#12161b",
        "scrollbar-background-active": "#12161b",
        "scrollbar-corner-color": "#12161b",
        "block-cursor-background": "#58a6d6",
        "block-cursor-foreground": "#12161b",
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
