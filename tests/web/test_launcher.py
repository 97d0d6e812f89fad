"""The launcher: the tiles that a person may open, and no others."""

import pytest

from idp.directory import applications, bookmarks, organizations
from tests.support.front import ANN, DORA, PASSWORD
from tests.support.visitor import Visitor
from tests.web.conftest import signed_in


def names(visitor):
    return visitor.page.xpath("//*[@data-tile]//a/text() | //*[@data-tile]//b/text()")


def test_tiles_are_what_may_be_opened_by_site(front, ann):
    assert names(ann) == [
        "Expenses and Travel", "Mail", "Payroll", "Roadmap", "Wiki", "Zeiterfassung", "Übersetzungen"
    ]  # fmt: skip
    assert [h.strip() for h in ann.page.xpath("//section/h2/text()")] == ["Acme", "Acme Europe"]


def test_what_is_not_granted_is_not_there(front):
    dora = signed_in(front, DORA)

    assert names(dora) == []
    assert "No application is open to you yet" in dora.text
    assert dora.page.xpath("//a[@href='mailto:helpdesk%40acme.example']")


def test_a_disabled_application_disappears_at_once(front, ann):
    with front.work() as work:
        applications.disable(work, front.application_ids["Wiki"])

    assert "Wiki" not in names(ann.open("/"))


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("uber", ["Übersetzungen"]),
        ("WIKI", ["Wiki"]),
        ("travel exp", ["Expenses and Travel"]),
        ("zeit.acme", ["Zeiterfassung"]),
        ("nothing", []),
    ],
)
def test_searching_needs_no_script(ann, query, found):
    ann.submit(q=query)

    assert names(ann) == found
    assert ann.field("q").get("value") == query


def test_t11_a_tile_links_nowhere_but_to_the_web(front, ann):
    """T11: a scheme that runs something is no link."""
    with front.work() as work:
        for name, url in (("Bad", "javascript:alert(1)"), ("Worse", "data:text/html,x"), ("Odd", "//evil.example/x")):
            application = work.tx.session.get_one(
                applications.Application, (front.organization_id, front.application_ids["Wiki"])
            )
            made = applications.create(
                work, _site(work, application.site_id), protocol="oidc", name=name, launch_url=url
            )
            applications.grant(work, made.id, everyone=True)
    ann.open("/")

    assert {"Bad", "Worse", "Odd"} <= set(names(ann))
    links = ann.page.xpath("//*[@data-tile]//a/@href")
    assert all(link.startswith(("https://", "/sites/")) for link in links)


def _site(work, site_id):
    return next(s for s in applications.queries.sites(work) if s.id == site_id)


def test_signed_out_leads_to_sign_in_and_back(front, visitor):
    visitor.open("/account/password")
    assert visitor.title == "Sign in"
    assert "to continue to your applications" in visitor.text
    visitor.submit(username=ANN, password=PASSWORD).submit(otp=front.code())

    assert visitor.path == "/account/password"


def test_with_several_organizations_the_short_name_is_asked_once(front):
    with front.work() as work:
        organizations.create(work, "umbra", name="Umbra")
    visitor = Visitor(front.app.test_client())
    visitor.open("/")
    assert visitor.title == "Which organization?"

    visitor.submit(organization="nowhere")
    assert visitor.status == 422
    assert "No organization has this short name here." in visitor.alert
    visitor.submit(organization=" Acme ")
    assert visitor.title == "Sign in"
    assert "Acme Global" in visitor.text
    assert visitor.open("/").title == "Sign in", "remembered in this browser"
    assert visitor.follow("Another organization").title == "Which organization?"


def test_i5_the_launcher_is_never_kept_by_a_cache(ann):
    """I5: no-store, and it depends on the cookie."""
    assert ann.answer.headers["Cache-Control"] == "no-store"
    assert ann.answer.headers["Vary"] == "Cookie"


def test_a_bookmark_that_was_opened_is_among_what_was_used_last(front, ann):
    with front.work() as work:
        made = bookmarks.create(work, "acme", name="Canteen", address="https://canteen.example/")
        applications.grant(work, made.id, everyone=True)
    page = ann.open("/")
    assert page.page.xpath("//a[@data-bookmark]/@data-bookmark") == [made.id]
    values = {"csrf_token": ann.field("csrf_token").get("value"), "application": made.id}

    assert ann.client.post("/opened", data=values).status_code == 204

    again = ann.open("/")
    assert len(again.page.xpath(f"//a[@data-bookmark='{made.id}']")) == 2
    assert ann.client.post("/opened", data={**values, "application": "app_gone"}).status_code == 404
    assert ann.client.post("/opened", data={"application": made.id}).status_code in (400, 403)
