"""Rules of contextual access at the endpoints of SAML: what a service provider is told, and what people are."""

import pytest

from idp.directory import access_policies
from idp.policy.access import documents
from tests.support.saml_world import posted
from tests.support.visitor import Visitor


def write(world, policy, **document):
    with world.work() as work:
        access_policies.write(work, "acme", policy, documents.rules_from_json(document))


GUARD = {"name": "Guard", "conditions": {"requests": ["saml"]}, "text": "Not today."}


@pytest.mark.parametrize("policy", ["Sessions", "Applications"])
def test_a_person_who_is_denied_is_shown_a_page_and_the_provider_gets_request_denied(
    world, registered, sp, ann, policy
):
    write(world, policy, guards=[GUARD])
    person = Visitor(ann.client)
    person.open(ann.sso(sp.query(sp.authn_request())).headers["Location"])

    assert person.status == 403
    assert "Not today." in person.text
    back = person.submit("Back to")
    assert posted(back.answer).statuses == ["Responder", "RequestDenied"]


def test_where_nothing_may_be_shown_the_provider_is_told_at_once(world, registered, sp, ann):
    write(world, "Sessions", guards=[GUARD])
    answer = posted(ann.sso(sp.query(sp.authn_request(IsPassive="true"))))

    assert answer.statuses == ["Responder", "RequestDenied"]
    (attempt,) = world.attempts()
    assert (attempt.decision, attempt.rule) == ("denied", "access-policy Sessions: Guard")
    assert attempt.context["access"]["request"] == "saml"


def test_a_rule_for_other_requests_is_none_for_these(world, registered, sp, ann):
    write(world, "Sessions", guards=[{"name": "Guard", "conditions": {"requests": ["oidc", "token"]}}])

    posted(ann.sso(sp.query(sp.authn_request()))).one("//saml:Assertion/@ID")
