"""Whatever the search finds has a page, and its address leads there."""

import pytest

from idp.web.console import search


@pytest.mark.parametrize("kind", sorted(search._PAGES))
def test_each_kind_of_hit_has_a_page(front, kind):
    endpoint, argument = search._PAGES[kind]
    arguments = {argument for rule in front.app.url_map.iter_rules(endpoint) for argument in rule.arguments}

    assert argument in arguments
