"""What a browser says it is: families for rules, words for people, one table."""

import pytest

from idp.base import user_agents
from idp.policy.access.rules import BROWSERS, OPERATING_SYSTEMS


@pytest.mark.parametrize(
    ("header", "browser", "system"),
    [
        ("Mozilla/5.0 (Windows NT 10.0; rv:140.0) Gecko/20100101 Firefox/140.0", "Firefox", "Windows"),
        ("Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) Version/19.0 Safari/605", "Safari", "macOS"),
        ("Mozilla/5.0 (iPhone; CPU iPhone OS 19_0 like Mac OS X) CriOS/140 Safari/604", "Chrome", "iOS"),
        ("Mozilla/5.0 (iPad; CPU OS 19_0 like Mac OS X) Version/19 Safari/604", "Safari", "iOS"),
        ("Mozilla/5.0 (X11; Ubuntu; Linux) AppleWebKit Chromium/140 Chrome/140 Safari/537", "Chrome", "Linux"),
        ("Mozilla/5.0 (X11; CrOS x86_64) AppleWebKit Chrome/140 Safari/537", "Chrome", "ChromeOS"),
        ("Mozilla/5.0 (Linux; Android 16) SamsungBrowser/29 Chrome/140 Safari/537", "Samsung Internet", "Android"),
        ("Mozilla/5.0 (Windows NT 10.0) Chrome/140 Safari/537 OPR/120", "Opera", "Windows"),
        ("Mozilla/5.0 (Windows NT 10.0) Chrome/140 Safari/537 Edg/140", "Edge", "Windows"),
        ("curl/8.0", "", ""),
        ("", "", ""),
    ],
)
def test_families_are_read_out_of_the_header(header, browser, system):
    found = user_agents.read(header)

    assert (found.browser, found.operating_system) == (browser, system)


def test_every_family_that_a_rule_can_name_can_be_found():
    assert set(BROWSERS) <= {family for _, family, _ in user_agents._BROWSERS}
    assert set(OPERATING_SYSTEMS) <= {family for _, family, _, _ in user_agents._SYSTEMS}
