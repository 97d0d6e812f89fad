"""The colours: what the stylesheet says of both themes, and whatever accent a site chose."""

import re

import pytest

from idp.web import accent, render


def tokens(theme):
    css = (render.STATIC / "ostiary.css").read_text(encoding="utf-8")
    blocks = re.findall(r":root \{(.*?)\}", css, re.DOTALL)
    return {name: accent.read(value) for name, value in re.findall(r"--([a-z-]+): (#[0-9a-f]{6})", blocks[theme])}


@pytest.mark.parametrize("theme", [0, 1], ids=["light", "dark"])
def test_the_tokens_of_both_themes_have_the_contrast_of_wcag(theme):
    colours = tokens(theme)
    for surface in ("paper", "surface", "sunken"):
        for ink in ("ink", "soft", "accent"):
            assert accent.contrast(colours[ink], colours[surface]) >= 4.5, (ink, surface)
        assert accent.contrast(colours["edge"], colours[surface]) >= 3, ("edge", surface)
    for state in ("bad", "warn", "good"):
        for surface in ("surface", f"{state}-wash"):
            assert accent.contrast(colours[state], colours[surface]) >= 4.5, (state, surface)
        assert accent.contrast(colours["ink"], colours[f"{state}-wash"]) >= 4.5
    assert accent.contrast(colours["fill"], colours["on-fill"]) >= 4.5


def test_letters_on_every_doorway_can_be_read():
    css = (render.STATIC / "ostiary.css").read_text(encoding="utf-8")
    hues = re.findall(r"\.hue-\d \{ --fill: (#\w+); \}", css)
    assert len(hues) == 8
    assert all(accent.contrast(accent.read(hue), accent.WHITE) >= 4.5 for hue in hues)


def test_the_accent_reckons_with_the_surfaces_of_the_stylesheet():
    light, dark = tokens(0), tokens(1)

    assert set(accent.LIGHT_SURFACES) == {light["surface"], light["sunken"]}
    assert set(accent.DARK_SURFACES) == {dark["paper"], dark["sunken"]}


@pytest.mark.parametrize("chosen", ["#ffff00", "#000000", "#ffffff", "#0a1440", "#7f7f7f", "#ff0000", "c0ffee"])
def test_whatever_accent_was_chosen_the_page_can_be_read(chosen):
    ink, fill, dark_ink, dark_fill = (accent.read(v) for v in re.findall(r"#\w{6}", accent.rule("acme", chosen)))

    assert all(accent.contrast(ink, surface) >= 4.5 for surface in accent.LIGHT_SURFACES)
    assert all(accent.contrast(dark_ink, surface) >= 4.5 for surface in accent.DARK_SURFACES)
    assert accent.contrast(fill, accent.WHITE) >= 4.5
    assert accent.contrast(dark_fill, accent.WHITE) >= 4.5
    assert accent.contrast(dark_fill, accent.DARK_SURFACES[0]) >= 3


@pytest.mark.parametrize("chosen", ["", "red", "#12345", "#1234567", "url(x)", "#123456;}body{display:none"])
def test_t11_an_accent_that_is_no_colour_writes_nothing(chosen):
    """T11: no way into the stylesheet."""
    assert accent.rule("acme", chosen) == ""


def test_a_site_with_an_accent_is_dressed_in_it(front):
    client = front.app.test_client()
    answer = client.get("/sites/acme-eu/accent.css")

    assert answer.mimetype == "text/css"
    assert answer.text.startswith(".accent-acme-eu{--accent:#")
    assert client.get("/sites/nowhere/accent.css").status_code == 404
