"""Attempts in the console: the list, and the trace of each: every step, why it failed, what to do."""

import pytest

from idp.audit import attempts
from idp.audit.attempts import Trail
from idp.directory import access_policies, organizations
from idp.policy.access import documents
from idp.saml import registering
from tests.support import vendors
from tests.support.front import ANN, BEN
from tests.web.conftest import signed_in


def attempt(front, organization_id=None, **fields):
    trail = Trail(
        kind=fields.pop("kind", "saml.sign-on"), organization_id=organization_id or front.organization_id, **fields
    )
    with front.work() as work:
        attempts.save(work, trail)
    return trail


@pytest.fixture
def failed(front):
    """Ben's sign-on to the wiki failed at its second step."""
    trail = Trail(
        kind="saml.sign-on",
        organization_id=front.organization_id,
        account_id=front.account_ids[BEN],
        application_id=front.application_ids["Wiki"],
    )
    trail.passed("pwd", at="2030-01-01T12:00:00+00:00")
    trail.failed("signature", "saml.signature", "the signature is of another key", digest="abc123")
    with front.work() as work:
        attempts.save(work, trail)
    return trail


def test_the_list_says_who_tried_what_and_how_it_went(admin, failed):
    admin.open("/admin/attempts?outcome=refused")

    assert all(words in admin.text for words in (BEN, "Wiki", "Refused", "the signature is of another key"))


@pytest.mark.parametrize(
    ("query", "there"),
    [
        ("outcome=succeeded", False),
        (f"who={BEN}", True),
        (f"who={ANN}", False),
        ("application=Wiki", True),
        ("application=Nothing", False),
        ("kind=saml", True),
        ("kind=oidc", False),
        ("since=2030-01-01&until=2030-01-01", True),
        ("until=2029-12-31", False),
        ("who=nobody@acme.example", False),
    ],
)
def test_the_list_is_narrowed_by_what_the_address_says(admin, failed, query, there):
    admin.open(f"/admin/attempts?{query}")

    assert ("the signature is of another key" in admin.text) is there


def test_a_trace_tells_every_step_the_failing_one_with_its_cause_and_folds_the_raw_facts(admin, failed):
    admin.open(f"/admin/attempts/{failed.id}")

    good, bad = admin.page.xpath("//ol[@class='timeline'][1]/li")
    assert (good.get("class"), bad.get("class")) == ("good", "bad")
    assert "The password was right." in good.text_content()
    assert "The signature was not taken." in bad.text_content()
    assert "the signature is of another key" in bad.text_content()
    assert "abc123" in admin.page.xpath("string(//details)")
    assert not admin.page.xpath("//details[@open]")


def test_a_sign_in_of_today_can_be_read_with_what_the_rules_said(front, admin):
    with front.work() as work:
        access_policies.write(
            work,
            "acme",
            "Sessions",
            documents.rules_from_json({"rules": [{"name": "All good", "answer": {"effect": "allow"}}]}),
        )
    front.later(seconds=30)
    signed_in(front)
    admin.open(f"/admin/attempts?who={ANN}&kind=sign-in")
    admin.open(admin.page.xpath("//table//a/@href")[0])

    assert "Access policy Sessions, version 2" in admin.text
    assert "Decided by: All good" in admin.text


def test_a_denial_leads_to_the_rules_that_denied_it(front, admin):
    with front.work() as work:
        registering.register(work, "acme", vendors.SHIBBOLETH.metadata(), everyone=True)
        guard = {"name": "Guard", "conditions": {"requests": ["saml"]}}
        access_policies.write(work, "acme", "Applications", documents.rules_from_json({"guards": [guard]}))
    front.later(seconds=30)
    visitor = signed_in(front)
    visitor.open("/sites/acme/saml/sso?" + vendors.query(vendors.SHIBBOLETH.request()).decode())
    admin.open("/admin/attempts?kind=saml.sign-on")
    admin.open(admin.page.xpath("//table//a/@href")[0])

    admin.follow("Rules of the access policy")

    assert (admin.status, admin.title) == (200, "Applications")
    assert "Guard" in admin.text


def test_t1_an_attempt_of_another_organization_is_not_there(front, admin):
    with front.work() as work:
        theirs = organizations.create(work, "globex", name="Globex").id
    trail = attempt(front, theirs, cause="a secret of Globex")

    assert "Globex" not in admin.open("/admin/attempts").text
    assert admin.open(f"/admin/attempts/{trail.id}").status == 404


def test_t17_what_a_stranger_wrote_is_shown_as_text(front, admin):
    trail = attempt(front, kind="saml.sign-on")
    trail.failed("message", "saml.message", "<img src=x onerror=alert(1)>\x1b[31m")
    with front.work() as work:
        attempts.save(work, trail)

    admin.open(f"/admin/attempts/{trail.id}")

    assert "<img src=x" not in admin.answer.text
    assert "\x1b" not in admin.answer.text
