"""Grace: a second step that is required from now on may be set up later, for a while."""

import base64
import threading
from datetime import timedelta

import pytest

from idp.audit.models import AuditEntry
from idp.directory import authentication_policy_changes
from idp.directory.models import Account
from idp.policy.signon import Strength
from tests.support.front import ANN, BEN, PASSWORD
from tests.support.visitor import Visitor


@pytest.fixture
def graceful(front):
    """Return a function that gives the default policy a grace."""

    def give(**changes):
        with front.work() as work:
            authentication_policy_changes.edit(work, "acme", None, changes)

    return give


def used(front) -> int:
    with front.work() as work:
        return work.tx.session.get_one(Account, (front.organization_id, front.account_ids[BEN])).grace_used


def somebody(front) -> Visitor:
    return Visitor(front.app.test_client())


def test_it_may_be_put_off_so_many_times_and_then_no_more(front, graceful):
    graceful(grace_sign_ins=2)
    for left in ("2 more times", "this 1 time"):
        ben = somebody(front)
        ben.open("/").submit(username=BEN, password=PASSWORD)
        assert ben.title == "Add a second step"
        assert left in ben.text
        ben.submit("Later")
        assert ben.path == "/"
        ben.open(front.ask())
        assert ben.answer.json["methods"] == ["pwd"]
    assert used(front) == 2

    ben = somebody(front)
    ben.open("/").submit(username=BEN, password=PASSWORD)
    assert ben.title == "Add a second step"
    assert "Later" not in ben.text
    ben.open("/account")
    assert ben.title == "Sign in"


def test_until_a_day_it_may_be_put_off_and_from_then_on_sessions_are_asked_as_well(front, graceful):
    graceful(grace_until=front.now + timedelta(minutes=30))
    ben = somebody(front)
    ben.open("/").submit(username=BEN, password=PASSWORD)
    assert "from 1 January 2030, 12:30 UTC on" in ben.text
    ben.submit("Later")
    assert ben.path == "/"
    front.later(minutes=31)

    for page in ("/", "/account", front.ask()):
        ben.open(page)
        assert ben.title == "Sign in"
    ben.submit(username=BEN, password=PASSWORD)
    assert ben.title == "Add a second step"
    assert "Later" not in ben.text


def test_setting_one_up_gives_the_grace_back(front, graceful):
    graceful(grace_sign_ins=3)
    ben = somebody(front)
    ben.open("/").submit(username=BEN, password=PASSWORD).submit("Later")
    assert used(front) == 1
    ben = somebody(front)
    ben.open("/").submit(username=BEN, password=PASSWORD)
    secret = "".join(ben.page.xpath("string(//*[@data-copy]/@data-copy)").split())
    ben.submit(otp=front.code(secret))

    assert used(front) == 0
    base64.b32decode(secret)


def test_whoever_has_a_second_step_is_asked_for_it_in_the_grace_too(front, graceful, visitor):
    graceful(grace_sign_ins=5, grace_until=front.now + timedelta(days=5))

    visitor.open("/").submit(username=ANN, password=PASSWORD)

    assert visitor.title == "Second step"


def test_an_application_that_asks_for_a_second_step_gives_no_grace(front, graceful):
    graceful(grace_sign_ins=5)
    ben = somebody(front)
    ben.open(front.ask(asked=Strength.SECOND_STEP)).submit(username=BEN, password=PASSWORD).submit("Later")

    assert ben.title == "Add a second step"
    assert "Later" not in ben.text


def test_a10_nobody_puts_off_what_is_not_offered(front, graceful, visitor):
    """A10: the form of one page, sent from another one or when there is no grace."""
    visitor.open("/").submit(username=BEN, password=PASSWORD)
    token = visitor.field("csrf_token").get("value")
    path = f"{visitor.path}/later"
    answer = visitor.client.post(path, data={"csrf_token": token}, follow_redirects=True)

    assert "Add a second step" in answer.text
    assert used(front) == 0
    assert visitor.open(path).title == "Add a second step"

    graceful(grace_sign_ins=1)
    other = somebody(front)
    other.open("/")
    token = other.field("csrf_token").get("value")
    answer = other.client.post(f"{other.path}/later", data={"csrf_token": token}, follow_redirects=True)
    assert "Sign in" in answer.text
    assert used(front) == 0


def test_putting_off_keeps_the_opener_of_a_pop_up_like_every_page_of_a_sign_on(front, graceful):
    graceful(grace_sign_ins=1)
    ben = somebody(front)
    ben.open(front.ask()).submit(username=BEN, password=PASSWORD)
    shown = ben.answer.headers["Cross-Origin-Opener-Policy"]
    path, token = ben.path, ben.field("csrf_token").get("value")

    answer = ben.client.post(f"{path}/later", data={"csrf_token": token})

    assert answer.status_code == 303
    assert answer.headers["Cross-Origin-Opener-Policy"] == shown


def test_putting_off_is_in_the_audit_log(front, graceful):
    graceful(grace_sign_ins=1)
    somebody(front).open("/").submit(username=BEN, password=PASSWORD).submit("Later")

    with front.work() as work:
        entry = work.tx.session.query(AuditEntry).filter_by(tag="second-step.postponed").one()
        assert (entry.target_id, entry.details["used"]) == (front.account_ids[BEN], 1)


@pytest.mark.both_databases
def test_a4_of_fifty_sign_ins_at_once_no_more_put_it_off_than_may(front, graceful):
    graceful(grace_sign_ins=3)
    people = []
    for _ in range(50):
        ben = somebody(front)
        ben.open("/").submit(username=BEN, password=PASSWORD)
        people.append((ben, f"{ben.path}/later", ben.field("csrf_token").get("value")))
    together = threading.Barrier(len(people))

    def later(one):
        ben, path, token = one
        together.wait()
        ben.client.post(path, data={"csrf_token": token})

    threads = [threading.Thread(target=later, args=(one,)) for one in people]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert used(front) == 3
