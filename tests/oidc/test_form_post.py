"""OAuth 2.0 Form Post Response Mode 1.0 (O29, Q4)."""

import pytest
from lxml import html

from tests.oidc.support import CALLBACK, ISSUER


def fields(response) -> dict[str, str]:
    form = html.fromstring(response.text).xpath("//form[@id='carry']")[0]
    assert form.get("action") == CALLBACK
    assert form.get("method") == "post"
    return {i.get("name"): i.get("value") for i in form.xpath(".//input[@type='hidden']")}


def test_a_code_is_posted(place, client, browser):
    answer = place.authorize(browser, client, response_mode="form_post")

    assert answer.status_code == 200
    found = fields(answer)
    assert set(found) == {"code", "state", "iss", "session_state"}
    assert found["iss"] == ISSUER
    assert place.redeem(client, found["code"]).status_code == 200


def test_an_error_is_posted_too(place, client, browser):
    found = fields(place.authorize(browser, client, response_mode="form_post", scope="nonsense"))

    assert found["error"] == "invalid_scope"
    assert found["state"] == "st4te"
    assert found["iss"] == ISSUER


@pytest.mark.parametrize(
    "state",
    [
        '"><script>alert(1)</script>',
        "'\"><img src=x onerror=alert(1)>",
        "&quot;&amp;&#34;",
        "a b+c%20d",
        "ü€😀",
        "</form><form action=https://evil.example>",
        "{{ 7*7 }}",
        "javascript:alert(1)",
    ],
)
def test_o29_the_state_is_text_and_comes_back_as_it_was(place, client, browser, state):
    answer = place.authorize(browser, client, response_mode="form_post", state=state)

    assert fields(answer)["state"] == state
    assert "<script>alert" not in answer.text
    assert len(html.fromstring(answer.text).xpath("//form")) == 1


def test_o29_the_page_runs_nothing_inline_and_posts_only_there(place, client, browser):
    answer = place.authorize(browser, client, response_mode="form_post")
    policy = answer.headers["Content-Security-Policy"]

    assert "form-action 'self' https://rp.example;" in policy
    assert "unsafe" not in policy
    page = html.fromstring(answer.text)
    assert page.xpath("//script[not(@src)] | //*[@onload] | //*[@style]") == []
    assert page.xpath("//form[@id='carry']//button[@type='submit']"), "it works without scripts"
    assert answer.headers["Cache-Control"] == "no-store"


def test_o4_an_unregistered_address_is_posted_nothing(place, client, browser):
    refused = place.authorize(browser, client, response_mode="form_post", redirect_uri="https://evil.example/")

    assert refused.status_code == 400
    assert "evil.example" not in refused.text


def test_after_signing_in_the_answer_is_posted_as_well(place, browser):
    third = place.register(first_party=False)
    path = place.authorize(browser, third, response_mode="form_post").headers["Location"]
    shown = browser.get(path)
    assert "https://rp.example" not in shown.headers["Content-Security-Policy"], (
        "no redirect leads there from this page"
    )
    token = shown.text.partition('name="csrf_token" value="')[2].partition('"')[0]
    after = browser.post(f"{path}/consent", data={"csrf_token": token})
    while after.status_code == 303:
        after = browser.get(after.headers["Location"])

    assert "code" in fields(after)
