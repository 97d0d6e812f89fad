"""Pages speak the language of their reader: chosen, else preferred by the browser; and in the right direction."""

import pytest

from tests.support.visitor import Visitor


@pytest.mark.parametrize(
    ("prefers", "language", "direction"),
    [
        ("de-AT,de;q=0.9,en;q=0.5", "de", "ltr"),
        ("ar", "ar", "rtl"),
        ("fr,en;q=0.1", "en", "ltr"),
        ("xx", "en", "ltr"),
        ("", "en", "ltr"),
    ],
)
def test_a_page_is_in_the_language_that_the_browser_prefers_of_those_that_there_are(
    front, prefers, language, direction
):
    one = Visitor(front.app.test_client(), headers={"Accept-Language": prefers}).open(front.ask())

    assert (one.page.get("lang"), one.page.get("dir")) == (language, direction)


def test_a_language_that_was_chosen_goes_before_what_the_browser_prefers(visitor, front):
    path = front.ask()
    visitor.open(path).submit("Deutsch", language="de")

    assert visitor.path == path
    assert visitor.page.get("lang") == "de"
    assert visitor.open("/organization").page.get("lang") == "de"


def test_the_choice_of_somebody_signed_in_is_kept_with_the_account(front, ann):
    from idp.directory import queries

    ann.submit("Deutsch", language="de")

    with front.work() as work:
        assert queries.account(work, "ann@acme.example").language == "de"


@pytest.mark.parametrize("back", ["//evil.example", "https://evil.example/", "/\\evil.example", "/nowhere", "x", ""])
def test_a25_choosing_a_language_leads_to_no_address_that_is_not_ours(visitor, front, back):
    visitor.open(front.ask()).submit("Deutsch", language="de", back=back)

    assert {answer.request.host for answer in visitor.visited} == {"localhost"}
    assert all("evil" not in answer.headers.get("Location", "") for answer in visitor.visited)


def test_a_language_that_there_is_not_changes_nothing(visitor, front):
    path = front.ask()
    token = visitor.open(path).page.xpath("//input[@name='csrf_token']/@value")[0]
    visitor.client.post("/language", data={"csrf_token": token, "language": "xx", "back": path})

    assert visitor.open(path).page.get("lang") == "en"
