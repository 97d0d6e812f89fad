"""Browsers by the names that people know."""

import pytest

from idp.web.devices import device


@pytest.mark.parametrize(
    ("user_agent", "browser", "system", "portable"),
    [
        ("Mozilla/5.0 (Windows NT 10.0; rv:140.0) Gecko/20100101 Firefox/140.0", "Firefox", "Windows", False),
        ("Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/140.0 Safari/537.36", "Chrome", "Linux", False),
        ("Mozilla/5.0 (Windows NT 10.0) AppleWebKit Chrome/140 Safari/537 Edg/140.0", "Edge", "Windows", False),
        ("Mozilla/5.0 (iPhone; CPU iPhone OS 19_0 like Mac OS X) Version/19 Safari/604", "Safari", "iPhone", True),
        ("Mozilla/5.0 (Linux; Android 16) AppleWebKit Chrome/140 Mobile Safari/537", "Chrome", "Android", True),
        ("Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) Version/19.0 Safari/605", "Safari", "Mac", False),
        ("curl/8.0", "", "", False),
        ("", "", "", False),
    ],
)
def test_browsers_are_called_by_the_names_that_people_know(user_agent, browser, system, portable):
    found = device(user_agent)

    assert (found.browser, found.system, found.portable) == (browser, system, portable)
