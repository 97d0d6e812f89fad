"""The console in Arabic, in a real browser: every page reads from right to left, and fits at 320 px."""

from tests.browser.test_axe import Crawl, is_file
from tests.browser.test_console_pages import SIDEWAYS
from tests.support import console_world
from tests.support.front import ANN, PASSWORD

_READS = "[document.documentElement.lang, document.documentElement.dir, getComputedStyle(document.body).direction]"
_ON_THE_WRONG_SIDE = """() => {
    const middle = (e) => { const box = e.getBoundingClientRect(); return box.left + box.width / 2 }
    const wrong = []
    const [begins, goes_on] = document.querySelectorAll('nav ol li')
    if (goes_on && begins.getBoundingClientRect().top === goes_on.getBoundingClientRect().top
        && middle(begins) < middle(goes_on)) wrong.push('steps')
    for (const table of document.querySelectorAll('main table')) {
        const [first, ...others] = table.querySelectorAll('thead th')
        if (others.length && first.offsetParent && middle(first) < middle(others.at(-1))) wrong.push('columns')
    }
    const main = document.querySelector('main'), side = document.querySelector('.console nav')
    if (side && innerWidth > 1000 && middle(side) < middle(main)) wrong.push('navigation')
    return wrong
}"""


def test_in_arabic_every_page_of_the_console_reads_from_right_to_left_and_fits(front, walk, base):
    special = console_world.fill(front)
    one = walk(viewport={"width": 320, "height": 800}, locale="ar")
    one.open("/")
    one.password(ANN, PASSWORD)
    one.code()
    rules = [one for one in front.app.url_map.iter_rules() if one.rule.startswith("/admin") and "GET" in one.methods]
    crawl = Crawl(front, one.tab, base)
    reads, sideways, wrong, count = set(), [], [], 0
    for path, _ in crawl.pages(*special, *(at.rule for at in rules if not at.arguments and not is_file(at.rule))):
        count += 1
        reads.add(tuple(one.tab.evaluate(_READS)))
        sideways += [path] if one.tab.evaluate(SIDEWAYS) else []
        one.tab.set_viewport_size({"width": 1280, "height": 800})
        wrong += [(path, what) for what in one.tab.evaluate(_ON_THE_WRONG_SIDE)]
        sideways += [f"{path} at a desk"] if one.tab.evaluate(SIDEWAYS) else []
        one.tab.set_viewport_size({"width": 320, "height": 800})

    assert count > 100
    assert reads == {("ar", "rtl", "rtl")}
    assert (sideways, wrong) == ([], [])


def test_the_look_at_sides_would_notice_a_page_that_is_the_other_way_round(front, walk):
    console_world.fill(front)
    one = walk(viewport={"width": 1280, "height": 800}, locale="ar")
    one.open("/admin/accounts")
    one.password(ANN, PASSWORD)
    one.code()
    one.open("/admin/accounts")
    assert one.tab.evaluate(_ON_THE_WRONG_SIDE) == []

    one.tab.evaluate("document.documentElement.dir = 'ltr'")

    assert one.tab.evaluate(_ON_THE_WRONG_SIDE) == ["columns", "navigation"]
