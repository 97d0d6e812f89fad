"""An application that is told of accounts, in the console: set up, tried, previewed, switched on, and what fails."""

import csv
import io
import time
from copy import copy

import pytest

from idp.directory import accounts, applications
from idp.directory.models import RoleAssignment
from idp.directory.told_models import ProvisioningMark, ProvisioningTarget
from idp.provisioning.targets import noticing, sending, server
from idp.signon import session
from tests.support.front import ANN, BEN, Front
from tests.support.scim_server import TOKEN, scim_server
from tests.web.conftest import signed_in
from tests.web.console.conftest import make_administrator

ALL = "/admin/provisioning/targets"


@pytest.fixture
def far():
    with scim_server() as made:
        yield made


@pytest.fixture
def front(front):
    """The front door, which takes applications on loopback."""
    return Front(front.database, development={"allow_http_loopback_applications": True})


@pytest.fixture
def tab(front) -> str:
    """The address of the tab of an application that Ann and Ben may open."""
    application_id = front.application_ids["Wiki"]
    with front.work() as work:
        for one in applications.grants(work, applications.queries.application(work, application_id)):
            applications.withdraw(work, application_id, one.id)
        for email in (ANN, BEN):
            applications.grant(work, application_id, account=email)
    return f"/admin/applications/{application_id}/provisioning"


def tell(front) -> None:
    noticing.settle(front.database, front.now)
    sending.drain(front.database, lambda url, token: server.calling(url, token, (), http_loopback=True), front.now)


def is_open(front, token: str) -> bool:
    with front.work() as work:
        return session.find(work, token) is not None


def target(front) -> ProvisioningTarget:
    with front.work() as work:
        return work.tx.session.query(ProvisioningTarget).one()


@pytest.fixture
def told(front, admin, tab, far) -> str:
    """The tab of an application that is switched on, and everybody is there."""
    admin.open(f"{tab}/set-up").submit(endpoint=far.url, who="everybody")
    admin.submit("Keep it", token=TOKEN)
    admin.open(f"{tab}/on").submit("Switch on")
    tell(front)
    return tab


def test_it_is_set_up_tried_previewed_and_switched_on(front, admin, tab, far):
    admin.open(tab)
    assert "This application is told of no accounts" in admin.text
    admin.follow("Set up").submit(endpoint=far.url + "/", who="everybody")
    assert "Nothing is sent yet: it needs a token." in admin.text
    admin.submit("Keep it", token=TOKEN)
    assert "Nobody is shown it again" in admin.text
    admin.submit("Test the connection")
    assert "The connection works" in admin.text
    admin.open(tab).follow("Preview and switch on")
    assert "Created: 2" in admin.text
    assert ANN in admin.text
    assert [path for _, path, _ in far.asked if "filter" in path] == []
    admin.submit("Switch on")
    tell(front)
    admin.open(tab)

    assert "Works" in admin.text
    assert sorted(one["userName"] for one in far.users.values()) == [ANN, BEN]
    admin.open(f"{tab}/accounts")
    assert admin.text.count("There") >= 2
    admin.open(f"{tab}/history")
    assert "switched on that Wiki is told of accounts" in admin.text


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"token": "other"}, "The application refuses the token."),
        ({"says": b"<h1>secret of the far end</h1>"}, "does not speak SCIM 2.0"),
        ({"fails": [(503, {})]}, "answers that it cannot now"),
    ],
)
def test_a_connection_that_does_not_work_says_why_in_our_words(front, admin, tab, far, changes, said):
    for name, value in changes.items():
        setattr(far, name, copy(value))  # the far end takes from a list, which the other database's case has, too
    admin.open(f"{tab}/set-up").submit(endpoint=far.url, who="everybody")
    admin.submit("Keep it", token=TOKEN)
    admin.submit("Test the connection")

    assert admin.status == 422
    assert said in admin.alert
    assert "secret of the far end" not in admin.answer.text


def test_t8_another_address_asks_for_the_token_anew(front, admin, told, far):
    admin.open(f"{told}/set-up").submit(endpoint="https://elsewhere.example/scim/v2")

    assert "Nothing is sent yet: it needs a token." in admin.text
    assert (target(front).token_sealed, target(front).enabled_at) == ("", None)


@pytest.mark.parametrize("path", ["set-up", "on", "remove", "approve"])
def test_what_is_dangerous_asks_for_a_fresh_second_step(front, admin, told, path):
    front.later(minutes=10)
    admin.open(f"{told}/{path}")

    assert not admin.path.startswith(told)


def test_the_token_too_asks_for_a_fresh_second_step(front, admin, told):
    admin.open(told)
    sealed = target(front).token_sealed
    front.later(minutes=10)
    admin.submit("Keep it", token="another")

    assert target(front).token_sealed == sealed


def test_t7_no_page_shows_the_token(front, admin, told):
    seen = ""
    for path in (
        *(told, f"{told}/set-up", f"{told}/preview", f"{told}/accounts", f"{told}/accounts.csv", f"{told}/history"),
        *(
            f"{told}/off",
            f"{told}/remove",
            ALL,
            f"{ALL}/export.csv",
            "/admin",
            "/admin/audit",
            "/admin/audit/export.csv",
        ),
    ):
        seen += admin.client.get(path).text

    assert len(seen) > 10_000
    assert TOKEN not in seen
    assert target(front).token_sealed[:40] not in seen


def test_what_fails_is_told_at_home_in_the_list_and_on_its_tab(front, admin, told, far):
    far.token = "changed there"
    with front.work() as work:
        accounts.rename(work, BEN, name="Ben Brown")
    tell(front)
    assert "Applications that cannot be told of accounts: 1" in admin.open("/admin").text
    assert "Stopped" in admin.follow("Applications that cannot be told").text
    assert admin.path == ALL
    assert "has refused the token since" in admin.follow("Wiki").text
    far.token = TOKEN
    admin.submit("Try again now")
    tell(front)

    assert "Works" in admin.open(told).text
    assert "cannot be told" not in admin.open("/admin").text


def test_an_account_that_is_not_taken_is_listed_and_sent_again(front, admin, told, far):
    with front.work() as work:
        accounts.create(work, "eve@acme.example", organization="acme", name="Eve")
        applications.grant(work, front.application_ids["Wiki"], account="eve@acme.example")
    far.refuses = {"eve@acme.example"}
    tell(front)
    admin.open(told).follow("Look at them")
    assert "eve@acme.example" in admin.text
    assert "It does not take this account as it is." in admin.text
    assert ANN not in admin.text
    assert "<b>no such department" not in admin.answer.text
    far.refuses = set()
    admin.submit("Send again")
    tell(front)

    assert far.named("eve@acme.example")


def test_many_at_once_wait_for_an_approval_on_a_page_that_says_how_many(front, admin, told, far):
    with front.work() as work:
        for number in range(25):
            accounts.create(work, f"p{number}@acme.example", organization="acme", name="P")
        granted = applications.grant(work, front.application_ids["Wiki"], everyone=True).id
    tell(front)
    with front.work() as work:
        applications.withdraw(work, front.application_ids["Wiki"], granted)
    tell(front)
    assert "Applications where many accounts wait to be taken away: 1" in admin.open("/admin").text
    admin.open(told).follow("Look at them")
    assert "may not open the application any more" in admin.text
    assert "p7@acme.example" in admin.text
    admin.submit("Take them away")
    tell(front)

    assert sum(one["active"] for one in far.users.values()) == 2


def test_it_is_switched_off_and_removed_each_on_a_page_that_says_what_happens(front, admin, told, far):
    admin.open(told).follow("Switch off")
    assert "2 accounts are there now." in admin.text
    admin.submit("Switch off")
    assert "Switched off" in admin.text
    admin.follow("Remove").submit("Remove")
    assert "This application is told of no accounts" in admin.text
    assert all(one["active"] for one in far.users.values())


def test_everybody_is_compared_by_a_button_as_a_run(front, admin, told):
    admin.open(told).submit("Compare now")
    assert admin.path.startswith("/admin/runs/")
    assert "Compare the accounts of Wiki" in admin.text


def test_the_accounts_there_are_a_file(front, admin, told):
    answer = admin.client.get(f"{told}/accounts.csv?state=there&q=ann")
    rows = list(csv.reader(io.StringIO(answer.text)))

    assert [row[1] for row in rows] == ["email", ANN]
    assert rows[1][3] == "there"


def test_the_list_is_a_file_and_is_narrowed_by_what_the_address_says(front, admin, told):
    rows = list(csv.DictReader(io.StringIO(admin.client.get(f"{ALL}/export.csv").text)))
    assert [(row["name"], row["state"], row["there"]) for row in rows] == [("Wiki", "on", "2")]
    assert "No application is like that" in admin.open(f"{ALL}?state=failing").text
    assert "Wiki" in admin.open(f"{ALL}?q=wi&state=on").text


def test_an_account_says_where_it_is(front, admin, told):
    with front.work() as work:
        ann = accounts.queries.account(work, ANN).id
    admin.open(f"/admin/accounts/{ann}")

    assert "Provisioned to" in admin.text
    assert admin.link("Wiki").startswith(told)


def test_an_auditor_sees_it_and_changes_nothing(front, admin, told):
    with front.work() as work:
        work.tx.session.query(RoleAssignment).delete()
    make_administrator(front, "auditor")
    admin.open(told)
    assert admin.status == 200
    assert not admin.page.xpath("//main//form")
    assert admin.open(f"{told}/preview").status == 403


def test_of_two_administrators_the_second_sees_what_has_changed(front, admin, told, far):
    front.later(seconds=30)
    other = signed_in(front)
    admin.open(f"{told}/set-up")
    other.open(f"{told}/set-up").submit(brake_percent="25")
    admin.submit(brake_percent="30")

    assert admin.status == 409
    assert target(front).brake_percent == 25


def test_r20_deactivation_closes_everything_at_once_while_the_application_is_down(front, admin, told, far):
    token = front.sign_in_elsewhere(BEN, "Firefox", "192.0.2.9")
    assert is_open(front, token)
    far.fails = [(503, {})] * 20
    began = time.monotonic()
    with front.work() as work:
        accounts.disable(work, BEN)
        assert work.tx.session.query(ProvisioningMark).count() == 1  # asked for in the same transaction
    closed = not is_open(front, token)
    took = time.monotonic() - began

    assert closed
    assert took < 1
    tell(front)
    assert far.named(BEN)[0]["active"] is True
    far.fails = []
    front.later(minutes=5)
    tell(front)
    assert far.named(BEN)[0]["active"] is False


def test_who_is_told_of_is_chosen_and_the_page_says_how_many_that_are(front, admin, tab, far):
    page = admin.open(f"{tab}/set-up")
    assert "Everybody who may open it (now: 2)" in page.text
    page.submit(endpoint=far.url)
    assert "Say who is told of" in admin.text
    admin.submit(endpoint=far.url, who="groups")
    assert "Say who is told of" in admin.text
    admin.submit(endpoint=far.url, who="everybody", groups="Research")
    assert "Either everybody" in admin.text
    admin.submit(endpoint=far.url, who="groups", groups="Research")

    assert (target(front).everybody, len(target(front).group_ids)) == (False, 1)


def test_telling_an_application_of_more_accounts_is_said_with_their_number_first(front, admin, told, far):
    admin.open(f"{told}/set-up").submit(who="groups", groups="Research")
    assert not target(front).everybody
    admin.open(f"{told}/set-up").submit(who="everybody", groups="")
    assert "is told of 2 accounts from now on, not of" in admin.text
    assert not target(front).everybody
    admin.submit()

    assert target(front).everybody
