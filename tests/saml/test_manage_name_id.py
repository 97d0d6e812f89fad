"""ManageNameID: a service provider gives up the name that it knows a person by (SAML Core 2.0 section 3.6)."""

from urllib.parse import parse_qs, urlsplit

import pytest

from idp.saml import names
from idp.saml.models import SamlSubject
from tests.saml import logouts
from tests.saml.logouts import SIGN, carried, sign_on
from tests.saml.test_logout_soap import answer_in, call
from tests.saml.test_logout_soap import refused as refused_by_soap
from tests.support.peers import in_envelope
from tests.support.saml_world import ANN, BEN, posted, refused
from tests.support.schemas import validate
from tests.support.service_provider import NOON, ServiceProvider, encoded, stamp

PATH = "/sites/acme/saml/manage-nameid"
HERE = f"http://localhost:8000{PATH}"
END = "<samlp:Terminate/>"


def registered(world, name: str = "sp", *, binding: str = names.REDIRECT) -> ServiceProvider:
    sp = logouts.provider(
        name, slo=f'<md:ManageNameIDService Binding="{binding}" Location="https://{name}.example/mni"/>'
    )
    world.register(sp, sp.metadata(signing=sp.pair.der, slo=sp.slo))
    return sp


@pytest.fixture
def sp(world) -> ServiceProvider:
    return registered(world)


def request(sp, name: str, wish: str = END, *, issuer: str = "", **changes) -> str:
    attributes = {
        "ID": sp.new_id(),
        "Version": "2.0",
        "IssueInstant": stamp(NOON),
        "Destination": HERE,
    } | changes
    return sp._request("ManageNameIDRequest", attributes, issuer, name + wish)


def send(world, sp, xml: str, *, by=None, relay_state: str | None = None):
    return world.app.test_client().get(f"{PATH}?{sp.query(xml, relay_state, sign=SIGN, by=by)}")


def subject(answer) -> str:
    return answer.one("//saml:NameID")


def rows(world) -> list[SamlSubject]:
    with world.work() as work:
        return list(work.tx.session.query(SamlSubject).order_by(SamlSubject.created_at))


def test_a_terminated_name_is_never_used_again_and_a_new_one_is_made(world, sp, ann):
    """X23: also where the same person signs on to the same application."""
    before = sign_on(sp, ann)

    answer = send(world, sp, request(sp, logouts.name_id(before), ID="_end"), relay_state="state")

    location = answer.headers["Location"]
    assert location.startswith("https://sp.example/mni?SAMLResponse=")
    told = carried(location)
    assert told.root.tag == f"{{{names.SAMLP}}}ManageNameIDResponse"
    assert told.statuses == ["Success"]
    assert told.root.get("InResponseTo") == "_end"
    assert parse_qs(urlsplit(location).query)["RelayState"] == ["state"]
    validate(told.xml)
    logouts.proven(world, location)
    world.later(seconds=1)
    after = sign_on(sp, ann)
    assert subject(after) != subject(before)
    assert subject(sign_on(sp, ann)) == subject(after)
    assert [row.terminated_at is not None for row in rows(world)] == [True, False]
    (entry,) = world.audited("name-id.terminated")
    assert entry.target_id == world.account(ANN).id
    assert entry.details["name_id"] == subject(before)


def test_no_new_name_is_made_where_the_request_does_not_allow_it(world, sp, ann):
    before = sign_on(sp, ann)
    send(world, sp, request(sp, logouts.name_id(before)))

    answer = sign_on(sp, ann, '<samlp:NameIDPolicy AllowCreate="false"/>')

    assert answer.statuses == ["Requester", "InvalidNameIDPolicy"]


def test_a_name_made_of_an_attribute_is_not_said_to_be_terminated_since_it_would_go_out_again(world, ann):
    sp = logouts.provider(
        "sp", slo=f'<md:ManageNameIDService Binding="{names.REDIRECT}" Location="https://sp.example/mni"/>'
    )
    world.register(
        sp, sp.metadata(signing=sp.pair.der, slo=sp.slo), name_id_source="email", nameid_format=names.PERSISTENT
    )
    before = sign_on(sp, ann)
    assert subject(before) == ANN

    told = carried(send(world, sp, request(sp, logouts.name_id(before))).headers["Location"])

    assert told.statuses == ["Requester", "RequestUnsupported"]
    assert world.audited("name-id.terminated") == []
    assert subject(sign_on(sp, ann)) == ANN


def test_others_keep_their_names(world, sp, ann):
    other, ben = registered(world, "other"), world.browser(BEN)
    kept = [(other, ann), (sp, ben)]
    before = [subject(sign_on(*one)) for one in kept]
    send(world, sp, request(sp, logouts.name_id(sign_on(sp, ann))))

    assert [subject(sign_on(*one)) for one in kept] == before


def test_a_session_can_still_be_ended_by_the_old_name(world, sp, ann):
    before = sign_on(sp, ann)
    send(world, sp, request(sp, logouts.name_id(before)))

    query = sp.query(sp.logout_request(logouts.name_id(before), logouts.index(before)), sign=SIGN)
    ann.client.get(f"/sites/acme/saml/slo?{query}")

    assert not world.alive(ann)


def test_by_form_the_answer_goes_back_by_form(world, ann):
    sp = registered(world, "form", binding=names.POST)
    xml = sp.enveloped(request(sp, logouts.name_id(sign_on(sp, ann))))

    told = posted(ann.post(encoded(xml), to="manage-nameid"))

    assert (told.action, told.statuses) == ("https://form.example/mni", ["Success"])


def test_by_soap_the_answer_comes_back_on_the_line(world, sp, ann):
    xml = sp.enveloped(request(sp, logouts.name_id(sign_on(sp, ann)), Destination=f"{HERE}/soap"))

    told = answer_in(call(world, in_envelope(xml), to="manage-nameid/soap"))

    assert told.statuses == ["Success"]
    validate(told.xml)
    assert rows(world)[0].terminated_at is not None


def test_without_an_address_for_answers_a_page_says_that_it_was_taken(world, ann):
    sp = ServiceProvider()
    world.register(sp)
    answer = send(world, sp, request(sp, logouts.name_id(sign_on(sp, ann))))

    assert answer.status_code == 200
    assert "It was taken" in answer.text
    assert rows(world)[0].terminated_at is not None


@pytest.mark.parametrize(
    ("wish", "codes"),
    [
        ("<samlp:NewID>mine</samlp:NewID>", ["Requester", "RequestUnsupported"]),
        ("<samlp:NewEncryptedID/>", ["Requester", "RequestUnsupported"]),
    ],
)
def test_a_name_of_the_service_providers_own_is_not_taken(world, sp, ann, wish, codes):
    before = sign_on(sp, ann)

    answer = send(world, sp, request(sp, logouts.name_id(before), wish))

    assert carried(answer.headers["Location"]).statuses == codes
    assert subject(sign_on(sp, ann)) == subject(before)


def test_only_a_persistent_name_of_this_service_provider_can_be_terminated(world, sp, ann):
    other = registered(world, "other")
    mine, theirs = sign_on(sp, ann), sign_on(other, ann)
    for name in (
        logouts.name_id(theirs),
        logouts.name_id(mine).replace("persistent", "transient"),
        f"<saml:NameID>{subject(mine)}</saml:NameID>",
        f'<saml:NameID Format="{names.EMAIL}">{ANN}</saml:NameID>',
        "<saml:EncryptedID/>",
    ):
        answer = send(world, sp, request(sp, name))
        assert carried(answer.headers["Location"]).statuses == ["Requester", "UnknownPrincipal"], name
    assert [row.terminated_at for row in rows(world)] == [None, None]


def test_x28_a_forged_request_terminates_nothing(world, sp, ann):
    other = registered(world, "other")
    name = logouts.name_id(sign_on(sp, ann))

    refused(world.app.test_client().get(f"{PATH}?{sp.query(request(sp, name))}"))
    refused(send(world, sp, request(sp, name), by=other.pair))
    for changes in (
        {"Destination": None},
        {"Destination": "http://localhost:8000/sites/acme/saml/slo"},
        {"IssueInstant": "2030-01-01T11:50:00Z"},
        {"issuer": "https://other.example/metadata"},
        {"wish": ""},
        {"wish": END + "<samlp:NewID>x</samlp:NewID>"},
    ):
        refused(send(world, sp, request(sp, name, **changes)))
    refused_by_soap(call(world, in_envelope(request(sp, name, Destination=None)), to="manage-nameid/soap"))
    query = sp.query(request(sp, name), sign=SIGN)
    refused(world.app.test_client().get(f"{PATH}?{query.replace('SAMLRequest', 'SAMLResponse')}"))
    assert rows(world)[0].terminated_at is None


def test_x19_a_request_is_taken_once(world, sp, ann):
    xml = request(sp, logouts.name_id(sign_on(sp, ann)))
    assert carried(send(world, sp, xml).headers["Location"]).statuses == ["Success"]

    refused(send(world, sp, xml))

    assert len(world.audited("name-id.terminated")) == 1


def test_what_was_refused_is_recorded(world, sp):
    send(world, sp, request(sp, f'<saml:NameID Format="{names.PERSISTENT}">nobody</saml:NameID>'))

    assert [(a.kind, a.code) for a in world.attempts()] == [("saml.name-id", "saml-unknownprincipal")]
