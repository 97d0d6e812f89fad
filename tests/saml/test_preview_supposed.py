"""The preview of a sign-on that is supposed to happen in one way or another: rules of access, requests of all kinds."""

from dataclasses import replace
from datetime import timedelta

import pytest

from idp.base.errors import Invalid
from idp.directory import applications, policies, queries, zones
from idp.saml import names, preview
from idp.saml.supposed_request import SupposedRequest
from idp.signon.what_if import Supposed
from tests.saml.test_contextual_access import GUARD, write
from tests.saml.test_preview import plain, seen
from tests.saml.test_sign_on import MFA, PPT, context
from tests.support.saml_world import BEN, posted
from tests.support.service_provider import NOON, consumer

SECOND = "https://sp.example/second"


@pytest.fixture
def application(world, sp) -> str:
    """Two addresses that take assertions, the second of them by the index 7."""
    consumers = consumer(sp.acs, default="true") + consumer(SECOND, index=7)
    return world.register(sp, sp.metadata(consumers=consumers), idp_initiated=True)


def test_whoever_a_rule_denies_is_sent_nothing_and_the_rule_is_named(world, application):
    write(world, "Sessions", guards=[GUARD])

    made = seen(world, application)

    assert (made.allowed, made.xml) == (True, "")
    assert made.faults == (made.road,)
    assert "is denied by access-policy Sessions: Guard" in made.road


@pytest.mark.both_databases
def test_what_a_rule_requires_is_in_the_context(world, sp, application):
    with world.work() as work:
        policies.set_second_step(work, "acme", "off")
    before = seen(world, application, BEN)
    rule = {"name": "Strong", "answer": {"effect": "require", "strength": "second-step"}}
    write(world, "Applications", rules=[rule])

    after = seen(world, application, BEN)

    assert (before.context, after.context) == (PPT, MFA)
    assert "Strong" in after.context_origin
    assert "authenticator" in after.road


def test_where_somebody_comes_from_is_supposed_and_said(world, application):
    with world.work() as work:
        zones.create(work, "acme", "There", zones.Contents(networks=("198.51.100.0/24",)))
    write(world, "Sessions", guards=[{"name": "Not there", "conditions": {"networks": {"zones": ["There"]}}}])
    there = Supposed(at=NOON + timedelta(hours=5), ip="198.51.100.7", known_device=True)

    assert seen(world, application).faults == ()
    made = seen(world, application, supposed=there)

    assert "Not there" in made.faults[0]
    assert made.circumstances == "on 2030-01-01 17:00 UTC, from 198.51.100.7, on a device that is known"
    with pytest.raises(Invalid):
        seen(world, application, supposed=replace(there, ip="nowhere"))


def test_an_access_grant_is_supposed_where_there_is_none(world, application):
    with world.work() as work:
        (grant,) = applications.grants(work, queries.application(work, application))
        applications.withdraw(work, application, grant.id)
    made = seen(world, application)

    assert (made.allowed, made.faults) == (False, ())
    assert made.xml
    write(world, "Sessions", guards=[GUARD])
    assert seen(world, application).xml == ""


@pytest.mark.parametrize(
    ("request_", "content", "changes"),
    [
        (SupposedRequest(consumer=SECOND), "", {"AssertionConsumerServiceURL": SECOND}),
        (
            SupposedRequest(consumer="7"),
            "",
            {"AssertionConsumerServiceURL": None, "AssertionConsumerServiceIndex": "7"},
        ),
        (SupposedRequest(classes=(PPT,)), context(PPT), {}),
        (SupposedRequest(classes=(PPT, MFA)), context(PPT, MFA), {}),
        (SupposedRequest(comparison="minimum", classes=(PPT,)), context(PPT, comparison="minimum"), {}),
        (SupposedRequest(comparison="maximum", classes=(PPT,)), context(PPT, comparison="maximum"), {}),
        (SupposedRequest(comparison="better", classes=(PPT,)), context(PPT, comparison="better"), {}),
    ],
    ids=["address", "index", "exact", "several", "minimum", "maximum", "better"],
)
def test_what_a_request_asks_for_is_in_the_assertion_as_in_the_one_that_is_sent(
    world, sp, ann, application, request_, content, changes
):
    sent = posted(ann.sso(sp.query(sp.authn_request(content, **changes))))

    made = seen(world, application, request=request_)

    assert made.faults == ()
    assert made.destination == sent.action
    assert plain(made.xml) == plain(sent.xml)


def test_a_start_from_our_side_answers_no_request(world, sp, ann, application):
    sent = posted(ann.client.get(f"/sites/acme/saml/start?sp={sp.entity_id}"))

    made = seen(world, application, request=SupposedRequest(from_our_side=True))

    assert "InResponseTo" not in made.xml
    assert b"InResponseTo" not in sent.xml
    assert plain(made.xml) == plain(sent.xml)
    assert made.conditions[1].endswith("in answer to no request")


@pytest.mark.parametrize(
    ("request_", "fault"),
    [
        (SupposedRequest(consumer="https://evil.example/acs"), "is not registered"),
        (SupposedRequest(consumer="8"), "no assertion consumer has the index 8"),
        (SupposedRequest(classes=(names.CONTEXT_CLASSES + "X509",)), "can be attested"),
    ],
)
def test_what_cannot_be_had_is_said(world, application, request_, fault):
    made = seen(world, application, request=request_)

    assert any(fault in one for one in made.faults), made.faults
    assert made.xml == ""


def test_x17_a_start_that_is_not_allowed_is_sent_nothing(world, application):
    world.change(application, idp_initiated=False)

    assert seen(world, application, request=SupposedRequest(from_our_side=True)).faults == (
        "starting it from our side is off",
    )


@pytest.mark.parametrize(
    "more", [{"nameid_format": names.EMAIL}, {"consumer": "7"}, {"classes": (PPT,)}], ids=lambda one: next(iter(one))
)
def test_a_start_from_our_side_asks_for_nothing(more):
    with pytest.raises(Invalid):
        SupposedRequest(from_our_side=True, **more)
    with pytest.raises(Invalid):
        SupposedRequest(comparison="other")


def test_x30_metadata_that_will_have_expired_is_foreseen(world, sp, application):
    document = sp.metadata(entity=' validUntil="2030-01-02T12:00:00Z"')
    other = replace(sp, entity_id="https://other.example/metadata")
    made = world.register(
        other, document.replace(sp.entity_id.encode(), other.entity_id.encode()), metadata_url="https://sp.example/m"
    )

    assert seen(world, made).faults == ()
    later = Supposed(at=NOON + timedelta(days=2), ip=preview.FROM)
    assert seen(world, made, supposed=later).faults == ("its metadata was valid until 2030-01-02 12:00 UTC",)
