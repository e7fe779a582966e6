"""How well a colour can be read on a ground, by WCAG 2.2, and colours made readable. Pure."""

from textual.color import Color

__all__ = ["contrast", "readable"]


def contrast(text: Color, ground: Color) -> float:
    """The contrast ratio, from 1 to 21 (WCAG 2.2, «contrast ratio»). What is not opaque lies on the ground."""
    first, second = _luminance(_laid_on(text, ground)), _luminance(ground)
    return (max(first, second) + 0.05) / (min(first, second) + 0.05)


def readable(text: Color, ground: Color, ratio: float) -> Color:
    """The colour, moved towards white or black just as far as it takes to reach that ratio on the ground."""
    goal = Color(255, 255, 255) if _luminance(ground) < 0.18 else Color(0, 0, 0)
    colour = _laid_on(text, ground)
    for step in range(21):
        tried = colour.blend(goal, step / 20)
        if contrast(tried, ground) >= ratio:
            return tried
    return goal


def _laid_on(colour: Color, ground: Color) -> Color:
    return colour if colour.a == 1 else ground.blend(colour.with_alpha(1), colour.a)


def _luminance(colour: Color) -> float:
    """Relative luminance, from 0 (black) to 1 (white)."""
    red, green, blue = (
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4
        for part in (colour.r / 255, colour.g / 255, colour.b / 255)
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
