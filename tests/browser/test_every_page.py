"""What holds for every page in a real browser: no sideways scrolling, large targets, no complaint."""

import pytest

from tests.support.front import ANN, PASSWORD
from tests.support.pictures import pages

_SIDEWAYS = "document.documentElement.scrollWidth > document.documentElement.clientWidth"
# Standalone controls only: a link inside a sentence is exempt (WCAG 2.2, 2.5.8 and 2.5.5).
_SMALL = """[...document.querySelectorAll('button, input:not([type=hidden]), a.button, a.plain, nav a, .home, .tile a')]
    .filter((e) => e.checkVisibility() && !e.closest('[aria-hidden]') && e.getAttribute('aria-hidden') !== 'true')
    .map((e) => [e.textContent.trim() || e.name, (e.closest('.tile') || e).getBoundingClientRect().height])
    .filter(([, height]) => height < 43.5)"""
_OUTLINE = """(() => {
    const style = getComputedStyle(document.activeElement)
    return document.activeElement === document.body ? null : `${style.outlineStyle} ${style.outlineWidth}`
})()"""
_TAB_ORDER = """[...document.querySelectorAll('a[href], button, input:not([type=hidden]), [tabindex="0"]')]
    .filter((e) => e.tabIndex > 0).length"""


@pytest.fixture
def stops(front, base, chrome, complaints):
    """Every page, as (name, tab); what the browser complained about fails the test."""

    class Listening:
        def new_context(self, **options):
            context = chrome.new_context(**options)
            context.on("page", complaints.listen)
            return context

    return ((name, walk.tab) for name, walk in pages(front, Listening(), base))


def test_no_page_scrolls_sideways_at_320_px_nor_complains(stops):
    """320 px is also a desk of 1280 px at 400 % zoom (WCAG 2.2, 1.4.10)."""
    sideways, small, ordered = [], [], []
    for name, tab in stops:
        for width in (320, 360, 768, 1280):
            tab.set_viewport_size({"width": width, "height": 800})
            if tab.evaluate(_SIDEWAYS):
                sideways.append((name, width))
        small += [(name, *found) for found in tab.evaluate(_SMALL)]
        ordered += [name] * tab.evaluate(_TAB_ORDER)

    assert sideways == []
    assert small == []
    assert ordered == [], "the order of tabs is the order of reading"


def test_text_twice_as_large_fits(stops):
    """WCAG 2.2, 1.4.4: what is set larger in the browser is larger here, and nothing is cut off."""
    for name, tab in stops:
        tab.set_viewport_size({"width": 640, "height": 800})
        tab.evaluate("document.documentElement.style.fontSize = '200%'")
        assert not tab.evaluate(_SIDEWAYS), name
        tab.evaluate("document.documentElement.style.fontSize = ''")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_both_themes_are_painted(front, walk, scheme):
    one = walk(color_scheme=scheme)
    one.open(front.ask())

    paper = one.tab.evaluate("getComputedStyle(document.body).backgroundColor")
    assert paper == {"light": "rgb(245, 244, 240)", "dark": "rgb(18, 19, 17)"}[scheme]


def test_with_the_colours_of_the_system_controls_keep_their_edges(front, walk):
    one = walk(forced_colors="active")
    one.open(front.ask())

    width = one.tab.evaluate("getComputedStyle(document.querySelector('.button.primary')).borderTopWidth")
    colour = one.tab.evaluate("getComputedStyle(document.querySelector('.button.primary')).borderTopColor")
    assert width == "1px"
    assert colour != "rgba(0, 0, 0, 0)"


def test_nothing_moves_for_whoever_asked_for_less_motion(front, walk):
    one = walk()
    one.open(front.ask())

    assert one.tab.evaluate("getComputedStyle(document.querySelector('.button')).transitionDuration") == "0s"


def test_the_focus_can_always_be_seen(front, walk):
    one = walk()
    one.open(front.ask())
    seen = []
    for _ in range(7):
        one.tab.keyboard.press("Tab")
        seen.append(one.tab.evaluate(_OUTLINE))

    on_page = [outline for outline in seen if outline is not None]
    assert len(on_page) >= 5
    assert set(on_page) == {"solid 2px"}


def test_the_page_reads_from_right_to_left_without_a_rule_of_its_own(front, walk):
    one = walk()
    one.open(front.ask())
    one.tab.set_viewport_size({"width": 320, "height": 800})
    one.tab.evaluate("document.documentElement.dir = 'rtl'")

    assert not one.tab.evaluate(_SIDEWAYS)
    box, button = (one.tab.locator(s).bounding_box() for s in ("[name=password]", ".reveal"))
    assert button["x"] - box["x"] < box["width"] / 2, "the button beside the field changed sides"


def test_typing_finds_tiles_and_arrows_walk_among_them(ann):
    ann.tab.keyboard.press("/")
    ann.tab.keyboard.type("uber")
    assert ann.tab.locator("[data-tile]:visible a").all_inner_texts() == ["Übersetzungen"]
    ann.tab.keyboard.press("Control+a")
    ann.tab.keyboard.type("a")
    ann.tab.keyboard.press("ArrowDown")
    first = ann.tab.evaluate("document.activeElement.textContent")
    ann.tab.keyboard.press("ArrowRight")
    second = ann.tab.evaluate("document.activeElement.textContent")
    assert (first, second) == ("Expenses and Travel", "Mail")
    ann.tab.keyboard.press("ArrowLeft")
    ann.tab.keyboard.press("ArrowUp")
    assert ann.tab.evaluate("document.activeElement.name") == "q"


def test_nothing_found_says_so(ann):
    ann.tab.fill("[name=q]", "nothing like this")

    assert ann.tab.locator("[data-none]").inner_text() == "No application of yours has such a name"
    assert "0" in ann.tab.locator("[data-found]").text_content()


def test_times_are_told_in_the_zone_of_the_reader(front, walk):
    one = walk(timezone_id="Europe/Warsaw", locale="en-GB")
    one.open("/account/devices")
    one.password(ANN, PASSWORD)
    one.code()

    first = one.tab.locator("time").first
    assert "13:00" in first.inner_text()
    assert first.get_attribute("title") == "2030-01-01 12:00:00 UTC"
