"""
The exact assertion that each vendor receives, on the road that its request takes.

NameID, attributes with their name formats and types, where it is sent to and for whom: as the vendors
document them. X24: no more than that.
"""

import pytest

from idp.directory import accounts, policies
from idp.saml import names, templates
from idp.saml.models import SamlSubject
from idp.saml.models import ServiceProvider as Row
from idp.saml.templates.model import Registration
from tests.support import template_world
from tests.support.saml_world import ANN, BEN, Posted, posted
from tests.support.schemas import validate

IMMUTABLE_ID = "QW5uRXhhbXBsZTAx"
RANDOM = object()
BASIC, URI, UNSPECIFIED = (
    f"urn:oasis:names:tc:SAML:2.0:attrname-format:{kind}" for kind in ("basic", "uri", "unspecified")
)
CLAIMS = "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/"
AWS = "https://aws.amazon.com/SAML/Attributes/"
ROLE = "arn:aws:iam::123456789012:role/Developers,arn:aws:iam::123456789012:saml-provider/Ostiary"
GIVEN, FAMILY, NAME, GROUPS = "Ann", "Example", "Ann Example", "Staff"

# template: audience, destination, format and value of the NameID, attributes (name, name format, value)
EXPECTED = {
    "atlassian-cloud": (
        "https://auth.atlassian.com/saml/1a2b3c4d-5e6f-4a8b-9c0d-1e2f3a4b5c6d",
        "https://auth.atlassian.com/login/callback?connection=saml-1a2b3c4d-5e6f-4a8b-9c0d-1e2f3a4b5c6d",
        names.EMAIL,
        ANN,
        [
            (CLAIMS + "givenname", UNSPECIFIED, GIVEN),
            (CLAIMS + "surname", UNSPECIFIED, FAMILY),
            (CLAIMS + "emailaddress", UNSPECIFIED, ANN),
            (CLAIMS + "name", UNSPECIFIED, ANN),
        ],
    ),
    "aws-iam": (
        "urn:amazon:webservices",
        "https://signin.aws.amazon.com/saml",
        names.PERSISTENT,
        RANDOM,
        [(AWS + "Role", URI, ROLE), (AWS + "RoleSessionName", URI, ANN)],
    ),
    "aws-iam-identity-center": (
        "https://eu-central-1.signin.aws.amazon.com/platform/saml/d-99670abcde",
        "https://eu-central-1.signin.aws.amazon.com/platform/saml/acs/0e0f4e2a-1a2b-4c3d-8e9f-0a1b2c3d4e5f",
        names.EMAIL,
        ANN,
        [],
    ),
    "generic": (
        "https://wiki.acme.example/saml/metadata",
        "https://wiki.acme.example/saml/acs",
        names.PERSISTENT,
        RANDOM,
        [("email", BASIC, ANN), ("name", BASIC, NAME), ("groups", BASIC, GROUPS), ("immutable_id", BASIC, IMMUTABLE_ID)],
    ),
    "github-organization": (
        "https://github.com/orgs/acme",
        "https://github.com/orgs/acme/saml/consume",
        names.PERSISTENT,
        ANN,
        [],
    ),
    "gitlab-group": (
        "https://gitlab.com/groups/acme",
        "https://gitlab.com/groups/acme/-/saml/callback",
        names.PERSISTENT,
        RANDOM,
        [("email", BASIC, ANN), ("first_name", BASIC, GIVEN), ("last_name", BASIC, FAMILY), ("groups", BASIC, GROUPS)],
    ),
    "gitlab-self-managed": (
        "https://gitlab.acme.example",
        "https://gitlab.acme.example/users/auth/saml/callback",
        names.PERSISTENT,
        RANDOM,
        [("email", BASIC, ANN), ("name", BASIC, NAME), ("first_name", BASIC, GIVEN), ("last_name", BASIC, FAMILY),
         ("groups", BASIC, GROUPS)],
    ),
    "google-workspace": (
        "https://accounts.google.com/samlrp/01abcdefgh2345",
        "https://accounts.google.com/samlrp/01abcdefgh2345/acs",
        names.EMAIL,
        ANN,
        [],
    ),
    "grafana": (
        "https://grafana.acme.example/saml/metadata",
        "https://grafana.acme.example/saml/acs",
        names.TRANSIENT,
        RANDOM,
        [("mail", BASIC, ANN), ("displayName", BASIC, NAME), ("groups", BASIC, GROUPS)],
    ),
    "jira-data-center": (
        "https://jira.acme.example",
        "https://jira.acme.example/plugins/servlet/samlconsumer",
        names.UNSPECIFIED,
        ANN,
        [("displayName", BASIC, NAME), ("email", BASIC, ANN), ("groups", BASIC, GROUPS)],
    ),
    "microsoft-365": (
        "urn:federation:MicrosoftOnline",
        "https://login.microsoftonline.com/login.srf",
        names.PERSISTENT,
        IMMUTABLE_ID,
        [("IDPEmail", UNSPECIFIED, ANN)],
    ),
    "nextcloud": (
        "https://cloud.acme.example/apps/user_saml/saml/metadata",
        "https://cloud.acme.example/apps/user_saml/saml/acs",
        names.PERSISTENT,
        RANDOM,
        [("uid", BASIC, ANN), ("email", BASIC, ANN), ("displayName", BASIC, NAME), ("groups", BASIC, GROUPS)],
    ),
    "salesforce": (
        "https://acme.my.salesforce.com",
        "https://acme.my.salesforce.com",
        names.UNSPECIFIED,
        ANN,
        [],
    ),
    "slack": (
        "https://slack.com",
        "https://acme.slack.com/sso/saml",
        names.PERSISTENT,
        RANDOM,
        [("User.Email", UNSPECIFIED, ANN), ("first_name", UNSPECIFIED, GIVEN), ("last_name", UNSPECIFIED, FAMILY)],
    ),
    "zoom": (
        "acme.zoom.us",
        "https://acme.zoom.us/saml/SSO",
        names.EMAIL,
        ANN,
        [("email", BASIC, ANN), ("firstName", BASIC, GIVEN), ("lastName", BASIC, FAMILY)],
    ),
}  # fmt: skip
EVERY = [pytest.param(of, id=of.name) for of in templates.every()]


@pytest.fixture
def known(world):
    """Everything is known of Ann, and may leave."""
    with world.work() as work:
        accounts.set_attributes(work, ANN, {"immutable_id": [IMMUTABLE_ID]})
        policies.set_organization_release(work, "acme", ["email", "name", "groups", "immutable_id"])


def registered(world, of) -> Row:
    with world.work() as work:
        return template_world.register(work, of)


def asked(world, ann, of, **attributes: str | None) -> Posted:
    """Return what the vendor receives when it asks as it does; where it never asks, what our side sends it."""
    sp = template_world.far_end(of)
    if of.idp_initiated:
        return posted(ann.client.get("/sites/acme/saml/start", query_string={"sp": sp.entity_id}))
    return posted(ann.sso(template_world.request(of, sp, ID="_theirs", **attributes)))


def attributes(answer: Posted) -> list[tuple[str, str, str]]:
    return [
        (one.get("Name"), one.get("NameFormat"), "|".join(value.text for value in one))
        for one in answer.find("//saml:Attribute")
    ]


def test_every_template_is_here():
    assert set(EXPECTED) == set(templates.names())


@pytest.mark.parametrize("of", EVERY)
def test_x24_the_vendor_receives_exactly_this(world, ann, known, of):
    """X24, X15: one audience, the registered address, the documented NameID and attributes, and nothing else."""
    audience, destination, format_, value, expected = EXPECTED[of.name]
    row = registered(world, of)

    answer = asked(world, ann, of)

    validate(answer.xml)
    assert answer.action == destination
    assert answer.one("/samlp:Response/@Destination") == destination
    assert answer.one("//saml:SubjectConfirmationData/@Recipient") == destination
    assert answer.one("//saml:Audience") == audience
    assert answer.find("//@InResponseTo") == ([] if of.idp_initiated else ["_theirs", "_theirs"])
    assert answer.relay_state == (None if of.idp_initiated else "kept")
    assert answer.one("//saml:NameID/@Format") == format_
    assert attributes(answer) == expected
    assert len(answer.find("//ds:Signature")) == 2
    given = answer.one("//saml:NameID")
    if value is RANDOM:
        assert len(given) > 30
        assert ANN not in given
    else:
        assert given == value
        assert answer.find("//saml:NameID/@NameQualifier") == []
    with world.work() as work:
        held = [one.name_id for one in work.tx.session.query(SamlSubject) if one.application_id == row.application_id]
    assert held == ([given] if (value is RANDOM and format_ == names.PERSISTENT) else [])


@pytest.mark.parametrize("of", EVERY)
def test_a_vendor_that_asks_for_nothing_gets_the_same_name(world, ann, known, of):
    """Many leave out NameIDPolicy, Destination or the assertion consumer: what is registered answers."""
    if of.idp_initiated:
        return
    _, destination, format_, value, _ = EXPECTED[of.name]
    registered(world, of)
    sp = template_world.far_end(of)
    sign = names.RSA_SHA256 if of.registration is Registration.METADATA else ""
    # A signed request must say where it goes (X18).
    bare = sp.authn_request(AssertionConsumerServiceURL=None, **({} if sign else {"Destination": None}))

    answer = posted(ann.sso(sp.query(bare, sign=sign)))

    assert (answer.action, answer.one("//saml:NameID/@Format")) == (destination, format_)
    assert value is RANDOM or answer.one("//saml:NameID") == value


@pytest.mark.parametrize("of", [pytest.param(of, id=of.name) for of in templates.every() if of.name_id.source])
def test_without_the_value_for_the_name_nobody_is_signed_on(world, ann, known, of):
    """Deny by default: the name of a person is an attribute like any other."""
    registered(world, of)
    with world.work() as work:
        policies.set_organization_release(work, "acme", ["name"])

    answer = asked(world, ann, of)

    assert answer.statuses == ["Requester", "InvalidNameIDPolicy"]
    assert answer.find("//saml:Assertion") == []


def test_x23_a_persistent_name_that_is_made_is_never_given_to_a_second_person(world, ann, known):
    """X23: an ImmutableID that was Ann's opens nothing for Ben; it is one person's as long as nobody frees it."""
    of = templates.find("microsoft-365")
    registered(world, of)
    assert asked(world, ann, of).one("//saml:NameID") == IMMUTABLE_ID
    with world.work() as work:
        accounts.set_attributes(work, ANN, {"immutable_id": ["QW5vdGhlcg"]})
        accounts.set_attributes(work, BEN, {"immutable_id": [IMMUTABLE_ID]})
    sp = template_world.far_end(of)

    answer = posted(world.browser(BEN).sso(template_world.request(of, sp, ID="_bens")))

    assert answer.statuses == ["Requester", "InvalidNameIDPolicy"]
    assert IMMUTABLE_ID.encode() not in answer.xml


def test_a_persistent_name_is_made_only_where_that_format_was_chosen(world, ann, known):
    """A source for names of another format leaves persistent ones random and pairwise."""
    of = templates.find("jira-data-center")
    registered(world, of)
    sp = template_world.far_end(of)
    policy = f'<samlp:NameIDPolicy Format="{names.PERSISTENT}"/>'

    answer = posted(ann.sso(sp.query(sp.authn_request(policy))))

    assert answer.one("//saml:NameID/@Format") == names.PERSISTENT
    assert ANN not in answer.one("//saml:NameID")


def test_a_request_may_speak_of_a_person_by_such_a_name(world, ann, known):
    of = templates.find("microsoft-365")
    registered(world, of)
    asked(world, ann, of)
    sp = template_world.far_end(of)

    def spoken_of(value: str) -> Posted:
        name_id = f'<saml:NameID Format="{names.PERSISTENT}">{value}</saml:NameID>'
        return posted(ann.sso(sp.query(sp.authn_request(f"<saml:Subject>{name_id}</saml:Subject>", IsPassive="true"))))

    assert spoken_of(IMMUTABLE_ID).one("//saml:NameID") == IMMUTABLE_ID
    assert spoken_of("c29tZWJvZHk").find("//saml:Assertion") == []
