"""Logout where an application was given several names of a person in one session (X28)."""

import pytest
from sqlalchemy import select

from idp.saml import names
from idp.signon.models import LogoutStep, Participant
from tests.saml import logouts
from tests.saml.logouts import carried, index, name_id, next_of, sign_on, sign_out, signed_answer, steps
from tests.support.peers import confirming, message_in, serving
from tests.support.saml_world import ANN
from tests.support.service_provider import ServiceProvider

KINDS = {"transient": names.TRANSIENT, "email": names.EMAIL, "persistent": names.PERSISTENT}


@pytest.fixture
def settings(tmp_path, database_url):
    return logouts.calling_loopback(tmp_path, database_url)


@pytest.fixture
def sp(world) -> ServiceProvider:
    made = logouts.provider("wiki", slo=logouts.service(names.REDIRECT, "https://wiki.example/slo"))
    logouts.register(world, made)
    return made


def given(sp, browser, kind: str):
    return sign_on(sp, browser, f'<samlp:NameIDPolicy Format="{KINDS[kind]}" AllowCreate="true"/>')


def ask(browser, sp, answer) -> list[str]:
    request = sp.logout_request(name_id(answer), index(answer))
    came = browser.client.get(f"/sites/acme/saml/slo?{sp.query(request, sign=logouts.SIGN)}")
    return carried(came.headers["Location"]).statuses


@pytest.mark.both_databases
@pytest.mark.parametrize("first", KINDS)
@pytest.mark.parametrize("second", KINDS)
def test_x28_a_logout_by_any_name_that_was_given_in_the_session_ends_it(world, sp, ann, first, second):
    """X28: the service provider may have kept the session of the former name, as at another of its addresses."""
    before = given(sp, ann, first)
    given(sp, ann, second)

    assert ask(ann, sp, before) == ["Success"]
    assert not world.alive(ann)


def test_x28_a_name_of_another_session_ends_none(world, sp, ann):
    """X28: a transient name belongs to the session that it was given in."""
    elsewhere = given(sp, world.browser(ANN), "transient")
    now = given(sp, ann, "transient")

    request = sp.logout_request(name_id(elsewhere), index(now))
    came = ann.client.get(f"/sites/acme/saml/slo?{sp.query(request, sign=logouts.SIGN)}")

    assert carried(came.headers["Location"]).statuses == ["Requester", "UnknownPrincipal"]
    assert world.alive(ann)


def test_by_soap_an_application_is_told_by_each_name_that_it_was_given(world, ann):
    sp = logouts.provider("calendar", slo="")
    with serving(confirming(sp)) as peer:
        sp.slo = logouts.service(names.SOAP, f"{peer.address}/soap")
        logouts.register(world, sp)
        told = [given(sp, ann, kind).one("//saml:NameID") for kind in ("email", "persistent")]
        given(sp, ann, "email")
        ann.client.get(sign_out(ann))
        logouts.wait_until(lambda: len(peer.heard) == len(told))

    assert sorted(message_in(one.body).findtext(f"{{{names.SAML}}}NameID") for one in peer.heard) == sorted(told)


def test_of_names_that_are_given_once_an_application_is_told_the_last(world, sp, ann):
    for _ in range(4):
        world.later(seconds=1)
        last = given(sp, ann, "transient").one("//saml:NameID")

    sign_out(ann)

    with world.work() as work:
        (step,) = work.tx.session.scalars(select(LogoutStep))
    assert step.subject["value"] == last


@pytest.mark.both_databases
def test_x28_of_names_that_are_given_once_a_session_keeps_the_last_fifty(world, sp, ann):
    """X28, X7: an application that asks all day long does not make the end of a session ever slower."""
    given(sp, ann, "persistent")
    answers = []
    for _ in range(53):
        world.later(seconds=1)
        answers.append(given(sp, ann, "transient"))

    assert world.count(Participant) == 51
    assert ask(ann, sp, answers[2]) == ["Requester", "UnknownPrincipal"]
    assert ask(ann, sp, answers[3]) == ["Success"]


def test_the_browser_goes_to_an_application_once_for_each_name(world, sp, ann):
    told = [given(sp, ann, kind).one("//saml:NameID") for kind in ("email", "persistent")]

    page = ann.client.get(sign_out(ann))
    heard = []
    for _ in told:
        location = ann.client.get(next_of(page)).headers["Location"]
        heard.append(carried(location, "SAMLRequest").one("//saml:NameID"))
        back = ann.client.get(f"/sites/acme/saml/slo?{signed_answer(sp, location)}")
        page = ann.client.get(back.headers["Location"])

    assert sorted(heard) == sorted(told)
    assert set(steps(world).values()) == {("front", "confirmed")}


def test_the_same_name_is_remembered_once(world, sp, ann):
    for _ in range(3):
        given(sp, ann, "persistent")

    assert world.count(Participant) == 1
