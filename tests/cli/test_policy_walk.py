"""docs/operate/policies.md shows what the commands print: the walk is taken again."""

from tests.support import policy_walk


def test_the_page_shows_what_the_commands_print(capfd):
    text = policy_walk.PAGE.read_text(encoding="utf-8")
    shown = policy_walk.take()

    assert {mark for _, mark in policy_walk.MARK.findall(text)} == set(shown)
    assert text == policy_walk.page(text, shown), "stale; run: python -m tests.support.policy_walk"
