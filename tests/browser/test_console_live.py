"""What moves by itself in the console: the search, the progress of long work, the trace of a test; and without scripts."""

import pytest
from playwright.sync_api import expect

from idp.audit import attempts
from idp.audit.attempts import Trail
from idp.directory import applications, runs
from idp.oidc import clients
from idp.signon import bulk_acts
from idp.signon.bulk_acts import Chosen
from tests.browser.conftest import signed_in
from tests.support.front import ANN, BEN, CLEO, DORA
from tests.web.console.conftest import make_administrator


@pytest.fixture
def admin(front, walk):
    """Ann, who administers the organization, in a browser with or without scripts."""
    make_administrator(front)
    return lambda scripts=True: signed_in(walk(java_script_enabled=scripts))


@pytest.fixture
def run(front):
    """The address of a run over three accounts that has not begun."""
    with front.work() as work:
        ids = tuple(front.account_ids[one] for one in (BEN, CLEO, DORA))
        made = bulk_acts.start(work, "enable", organization_id=front.organization_id, chosen=Chosen(ids=ids))
        return f"/admin/runs/{made.id}"


def test_what_is_typed_is_found_while_it_is_typed_and_reached_by_keys(front, admin):
    one = admin()
    one.open("/admin")
    one.tab.keyboard.press("/")
    one.tab.keyboard.type("ben ba")
    hits = one.tab.locator("[data-hits]")
    expect(hits.locator("a", has_text="Ben Baker")).to_be_visible()
    one.tab.keyboard.press("Escape")
    expect(hits).to_be_hidden()
    one.tab.fill("#finder", "ben ba")
    expect(hits).to_be_visible()
    one.tab.keyboard.press("ArrowDown")
    one.tab.keyboard.press("Enter")

    one.tab.wait_for_url(f"**/admin/accounts/{front.account_ids[BEN]}")
    assert one.heading == "Ben Baker"


def test_without_scripts_the_search_is_a_page(front, admin):
    one = admin(False)
    one.open("/admin")
    one.tab.fill("#finder", "ben ba")
    one.tab.locator("#finder").press("Enter")
    one.tab.wait_for_url("**/admin/search?q=ben*")

    assert one.tab.locator("main a", has_text="Ben Baker").count() == 1
    assert one.tab.input_value("#finder") == "ben ba"


def test_progress_moves_by_itself_and_the_end_is_said(front, admin, run):
    one = admin()
    one.open(run)
    assert "0 of 3" in one.tab.locator("[data-run]").inner_text()
    assert one.tab.locator("main form button", has_text="Stop").is_visible()
    runs.drain(front.database, bulk_acts.KINDS, front.now)

    expect(one.tab.locator("[data-run]")).to_contain_text("3 of 3", timeout=8000)
    expect(one.tab.locator("main form button", has_text="Stop")).to_have_count(0)


def test_without_scripts_the_page_of_a_run_loads_itself_until_it_is_over(front, admin, run):
    one = admin(False)
    one.open(run)
    refresh = one.tab.locator("meta[http-equiv=refresh]")
    assert refresh.count() == 1
    runs.drain(front.database, bulk_acts.KINDS, front.now)
    one.open(run)

    assert "3 of 3" in one.tab.locator("[data-run]").inner_text()
    assert refresh.count() == 0


@pytest.fixture
def client(front):
    """The id of an application that Ann can open."""
    asked = {"client_name": "Notebook", "redirect_uris": ["https://rp.example/cb"]}
    with front.work() as work:
        application, _, _ = clients.create(work, "acme", asked, base_url="http://localhost:8000")
        applications.grant(work, application.id, everyone=True)
    return application.id


def _attempt(front, application_id):
    """Somebody signs on: a step that passed, and one that did not."""
    trail = Trail(
        kind="oidc.sign-on",
        organization_id=front.organization_id,
        account_id=front.account_ids[ANN],
        application_id=application_id,
    )
    trail.passed("pwd", at=front.now.isoformat())
    trail.failed("redirect_uri", "oidc.redirect-uri", "the address is of nobody", sent="https://else.example")
    with front.work() as work:
        attempts.save(work, trail)


def test_the_trace_of_a_test_appears_while_one_looks(front, admin, client):
    one = admin()
    one.open(f"/admin/applications/{client}/test")
    one.press("Begin the test")
    trace = one.tab.locator("#trace")
    assert "Nothing yet" in trace.inner_text()
    _attempt(front, client)

    expect(trace).to_contain_text("Refused", timeout=8000)
    expect(trace).to_contain_text("the address is of nobody")
    assert trace.get_attribute("aria-live") == "polite"


def test_without_scripts_the_page_of_a_test_loads_itself(front, admin, client):
    one = admin(False)
    one.open(f"/admin/applications/{client}/test")
    one.press("Begin the test")
    assert one.tab.locator("meta[http-equiv=refresh]").count() == 1
    _attempt(front, client)
    one.open(one.tab.url.removeprefix(one.base))

    assert "the address is of nobody" in one.tab.locator("#trace").inner_text()
