"""A sign-in that a rule of contextual access denies, as the person sees it."""

import pytest
import sqlalchemy as sa

from idp.audit.models import Attempt, AuditEntry
from idp.directory import access_policies
from idp.policy.access import documents
from tests.support.front import ANN, PASSWORD
from tests.web.conftest import signed_in


@pytest.fixture
def write(front):
    def written(policy="Sessions", **document):
        with front.work() as work:
            access_policies.write(work, "acme", policy, documents.rules_from_json(document))

    return written


GUARD = {"name": "Not on Linux", "conditions": {"devices": {"operating_systems": ["Linux"]}}}
LINUX = {"User-Agent": "Mozilla/5.0 (X11; Linux x86_64) Firefox/140"}


def test_our_own_pages_have_no_application_to_go_back_to(front, visitor, write):
    write(guards=[GUARD | {"text": "Use your <b>own</b> laptop."}])
    visitor.headers |= LINUX
    visitor.open("/").submit(username=ANN, password=PASSWORD)

    assert (visitor.status, visitor.title) == (403, "You cannot sign in like this")
    assert "Use your <b>own</b> laptop." in visitor.text
    assert "ask helpdesk@acme.example" in visitor.text or "ask an administrator of Acme Global" in visitor.text
    assert "Back to" not in visitor.text
    assert "Signed in" not in visitor.text


def test_without_a_text_of_its_own_the_page_says_what_it_may_turn_on(front, visitor, write):
    write(guards=[GUARD])
    visitor.headers |= LINUX
    visitor.open(front.ask()).submit(username=ANN, password=PASSWORD)

    assert "A rule of your organization does not let this sign-in pass" in visitor.text
    assert "Not on Linux" not in visitor.answer.text, "the rule is for administrators"
    visitor.submit("Back to Wiki")
    assert visitor.answer.json == {"refused": "denied"}


def test_a_denial_is_an_attempt_and_an_audit_entry_once(front, visitor, write):
    write(guards=[GUARD])
    visitor.headers |= LINUX
    visitor.open("/").submit(username=ANN, password=PASSWORD)
    visitor.open(visitor.path)
    shown = visitor.page.xpath("string(//*[@class='reference']/code)")
    with front.work() as work:
        attempt = work.tx.session.get_one(Attempt, shown)
        entries = work.tx.session.scalars(
            sa.select(AuditEntry).where(AuditEntry.tag == "application.sign-on-refused")
        ).all()

    assert attempt.cause == "access-policy Sessions: Not on Linux: denied"
    assert (attempt.decision, attempt.code) == ("denied", "denied")
    assert [entry.details["code"] for entry in entries] == ["denied"]


def test_another_device_of_the_same_person_goes_on(front, write):
    write(guards=[GUARD])

    assert signed_in(front).path == "/"


def test_a_session_there_is_opens_no_application_where_a_rule_denies(front, write):
    ann = signed_in(front)
    write(guards=[GUARD])
    assert ann.open(front.ask()).answer.json["account"] == front.account_ids[ANN]
    ann.headers |= LINUX

    assert ann.open(front.ask()).status == 403


def test_a_rule_that_requires_more_asks_for_it(front, write):
    ann = signed_in(front)
    front.later(minutes=20)
    write("Applications", rules=[{"name": "Fresh", "answer": {"effect": "require", "within_seconds": 600}}])
    ann.open(front.ask())

    assert ann.status == 200
    assert ann.page.xpath("//input[@name='password']")
