"""
A site's colour, made readable: the one rule of its small stylesheet, for light and for dark.

Contrast is WCAG 2.2 section 1.4.3 (text, 4.5:1) and 1.4.11 (parts of controls, 3:1). Whatever
an administrator chose, the page stays readable: the hue is kept, its lightness is moved.
"""

import re
from collections.abc import Iterable

_HEX = re.compile(r"#?([0-9a-fA-F]{6})")
_TEXT, _PART = 4.5, 3.0
WHITE, BLACK = (255, 255, 255), (0, 0, 0)
# The lightest and the darkest surface that text stands on in each theme of static/ostiary.css.
LIGHT_SURFACES = ((255, 255, 255), (240, 238, 232))
DARK_SURFACES = ((18, 19, 17), (35, 38, 34))

Colour = tuple[int, int, int]


def read(value: str) -> Colour | None:
    """Return the colour that *value* spells as ``#rrggbb``, or None."""
    found = _HEX.fullmatch(value.strip())
    if found is None:
        return None
    digits = found.group(1)
    return int(digits[0:2], 16), int(digits[2:4], 16), int(digits[4:6], 16)


def luminance(colour: Colour) -> float:
    """Return the relative luminance of *colour* (WCAG 2.2, definition of relative luminance)."""

    def linear(part: int) -> float:
        value = part / 255
        return value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4

    red, green, blue = (linear(part) for part in colour)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: Colour, other: Colour) -> float:
    """Return the contrast ratio of two colours, 1 to 21."""
    lighter, darker = sorted((luminance(one), luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def moved(colour: Colour, towards: Colour, against: Iterable[Colour], least: float) -> Colour:
    """Return *colour*, moved *towards* black or white until it has *least* contrast with each of *against*."""
    surfaces = tuple(against)
    for step in range(101):
        mixed = _mixed(colour, towards, step)
        if all(contrast(mixed, surface) >= least for surface in surfaces):
            return mixed
    return towards


def rule(slug: str, accent: str) -> str:
    """
    Return the stylesheet that dresses what carries the class ``accent-<slug>``.

    Without a readable *accent* it is empty, and the site wears Ostiary's own colour.
    """
    colour = read(accent)
    if colour is None:
        return ""
    fill = moved(colour, BLACK, [WHITE], _TEXT)
    ink = moved(colour, BLACK, LIGHT_SURFACES, _TEXT)
    dark_fill = moved(fill, WHITE, DARK_SURFACES[:1], _PART)
    dark_ink = moved(colour, WHITE, DARK_SURFACES, _TEXT)
    return (
        f".accent-{slug}{{--accent:{_hex(ink)};--fill:{_hex(fill)}}}\n"
        "@media (prefers-color-scheme:dark){"
        f".accent-{slug}{{--accent:{_hex(dark_ink)};--fill:{_hex(dark_fill)}}}"
        "}\n"
    )


def _mixed(colour: Colour, towards: Colour, percent: int) -> Colour:
    red, green, blue = (round(a + (b - a) * percent / 100) for a, b in zip(colour, towards, strict=True))
    return red, green, blue


def _hex(colour: Colour) -> str:
    return "#{:02x}{:02x}{:02x}".format(*colour)
