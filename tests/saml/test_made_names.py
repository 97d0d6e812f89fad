"""NameIDs made of attributes: well formed or not at all, through release policy, and never of two people (X22, X23)."""

import pytest

from idp.audit.models import AuditEntry
from idp.base import jobs
from idp.base.errors import Forbidden, Invalid, NotFound
from idp.cli.jobs import handlers
from idp.directory import accounts, applications, lifetime, policies, queries
from idp.policy.permissions import AUDITOR, OPERATOR
from idp.saml import made_names, names, providers
from idp.saml.models import SamlName, SamlSubject
from idp.saml.name_forms import fault
from idp.saml.switches import Switches
from idp.settings import Settings
from idp.signon.models import SignOnSession
from tests.saml.test_logout import SIGN, index, name_id, response_in, slo
from tests.saml.test_sign_on import policy, signed_in
from tests.support import people
from tests.support.saml_world import ANN, BEN, posted
from tests.support.visitor import Visitor

WINDOWS_SOURCE = r'"CORP\\" + login'


@pytest.fixture
def logins(world):
    """Ann and Ben have logins and distinguished names, which the organization releases."""
    with world.work() as work:
        policies.set_organization_release(work, "acme", ["email", "name", "groups", "login", "dn"])
        for email, login in ((ANN, "ann"), (BEN, "ben")):
            accounts.set_attributes(work, email, {"login": [login], "dn": [f"CN={login},O=Acme,C=GB"]})


def named(answer) -> tuple[str, str]:
    node = answer.find("//saml:NameID")[0]
    return node.text, node.get("Format")


def subject(value: str, format_: str | None = None) -> str:
    said = f' Format="{format_}"' if format_ else ""
    return f"<saml:Subject><saml:NameID{said}>{value}</saml:NameID></saml:Subject>"


def on(browser, sp, content: str = "", **changes):
    return posted(browser.sso(sp.query(sp.authn_request(content, **changes))))


@pytest.mark.parametrize(
    ("format_", "source", "value"),
    [
        (names.WINDOWS, WINDOWS_SOURCE, "CORP\\ann"),
        (names.X509_SUBJECT, "dn", "CN=ann,O=Acme,C=GB"),
        (names.UNSPECIFIED, "login", "ann"),
        (names.EMAIL, 'login + "@corp.example"', "ann@corp.example"),
        (names.EMAIL, "", ANN),
    ],
)
@pytest.mark.parametrize("asked", [True, False], ids=["asked", "chosen"])
def test_names_are_made_of_what_the_administrator_says(world, sp, ann, logins, format_, source, value, asked):
    world.register(sp, name_id_source=source, nameid_format=None if asked else format_)

    answer = on(ann, sp, policy(format_) if asked and format_ != names.UNSPECIFIED else "")

    if asked and format_ == names.UNSPECIFIED:
        assert named(answer)[1] == names.PERSISTENT  # asking for unspecified leaves it to us
        return
    assert named(answer) == (value, format_)
    assert answer.find("//saml:NameID/@NameQualifier") == []


def test_persistent_and_transient_names_stay_random(world, sp, ann, logins):
    world.register(sp, name_id_source="login")

    for format_ in (names.PERSISTENT, names.TRANSIENT):
        value, given = named(on(ann, sp, policy(format_)))
        assert (given, value.startswith("_"), len(value)) == (format_, True, 33)


@pytest.mark.parametrize(
    ("format_", "source", "because"),
    [
        (names.WINDOWS, "login", "not of the form DOMAIN\\user"),
        (names.WINDOWS, r'"CORP\\" + email', "not of the form DOMAIN\\user"),
        (names.X509_SUBJECT, "login", "no distinguished name"),
        (names.EMAIL, "login", "no e-mail address"),
        (names.UNSPECIFIED, "phone", "the attribute phone may not leave: the organization withholds it"),
        (names.UNSPECIFIED, 'if(phone contains "*", login, login)', "phone may not leave"),
        (names.UNSPECIFIED, 'after(login, "@")', "it makes no value"),
        (names.UNSPECIFIED, "first(given_name)", "given_name may not leave"),
        (names.UNSPECIFIED, 'login + " "', "no space around it"),
        (names.UNSPECIFIED, "groups", "makes 2 values"),
    ],
)
def test_without_a_proper_name_the_answer_says_so_and_the_attempt_says_why(
    world, sp, ann, logins, format_, source, because
):
    from idp.directory import groups

    with world.work() as work:
        groups.create(work, "More", organization="acme")
        groups.add(work, "More", ANN, organization="acme")
    world.register(sp, name_id_source=source, nameid_format=format_)

    answer = on(ann, sp)

    assert answer.statuses == ["Requester", "InvalidNameIDPolicy"]
    assert answer.find("//saml:Assertion") == []
    assert because in world.attempts()[-1].cause
    assert because.encode() not in answer.xml
    assert world.count(SamlName) == world.count(SamlSubject) == 0


@pytest.mark.parametrize("format_", [names.WINDOWS, names.X509_SUBJECT])
def test_a_format_without_a_source_is_refused_at_once_and_passed_over_in_metadata(world, sp, ann, format_):
    world.register(sp, sp.metadata(formats=(format_, names.TRANSIENT)))

    assert named(on(ann, sp))[1] == names.TRANSIENT
    for content in (policy(format_), subject("x", format_)):
        assert on(world.browser(), sp, content).statuses == ["Requester", "InvalidNameIDPolicy"]
        assert "--name-id-source" in world.attempts()[-1].cause


def test_a_source_makes_the_format_of_the_metadata_possible(world, sp, ann, logins):
    world.register(sp, sp.metadata(formats=(names.WINDOWS, names.TRANSIENT)), name_id_source=WINDOWS_SOURCE)

    assert named(on(ann, sp)) == ("CORP\\ann", names.WINDOWS)


def test_x23_a_name_is_never_given_to_a_second_person(world, sp, ann, logins):
    """X23: neither when two have the same value, nor when it moves on; capital letters make no difference."""
    world.register(sp, nameid_format=names.WINDOWS, name_id_source=WINDOWS_SOURCE)
    assert named(on(ann, sp))[0] == "CORP\\ann"
    with world.work() as work:
        accounts.set_attributes(work, ANN, {"login": ["ann.married"]})
        accounts.set_attributes(work, BEN, {"login": ["ANN"]})
    ben = world.browser(BEN)

    assert on(ben, sp).statuses == ["Requester", "InvalidNameIDPolicy"]
    assert "another account had this very NameID" in world.attempts()[-1].cause
    assert named(on(ann, sp))[0] == "CORP\\ann.married"
    assert world.count(SamlName) == 2


def test_x23_a_name_stays_the_persons_when_the_application_is_registered_anew(world, sp, ann, logins):
    """X23: to the service provider it is the same name, whatever became of our registration of it."""
    for _ in range(2):
        application = world.register(sp, nameid_format=names.UNSPECIFIED, name_id_source="login")
        assert named(on(ann, sp))[0] == "ann"
        with world.work() as work:
            applications.delete(work, application)
    world.register(sp, nameid_format=names.UNSPECIFIED, name_id_source="login")
    with world.work() as work:
        accounts.set_attributes(work, ANN, {"login": ["ann.married"]})
        accounts.set_attributes(work, BEN, {"login": ["ann"]})

    assert on(world.browser(BEN), sp).statuses == ["Requester", "InvalidNameIDPolicy"]
    assert world.count(SamlName) == 1


@pytest.mark.both_databases
@pytest.mark.parametrize("source", ["", "email"])
def test_x23_a_new_account_of_an_address_is_not_given_the_former_ones_name(world, sp, ann, source):
    """X23: the application would take the one for the other. An administrator can say that it may."""
    application = world.register(sp, nameid_format=names.EMAIL, name_id_source=source)
    assert named(on(ann, sp))[0] == ANN
    with world.work() as work:
        lifetime.erase_now(work, ANN)
    jobs.run_due(world.database, handlers(Settings()), world.now, OPERATOR)
    with world.work() as work:
        accounts.create(work, ANN, organization="acme", name="Another Ann")
    other_ann = world.browser(ANN)

    assert on(other_ann, sp).statuses == ["Requester", "InvalidNameIDPolicy"]
    assert "another account had this very NameID" in world.attempts()[-1].cause
    with world.work() as work:
        made_names.free(work, application, ANN)
    assert named(on(other_ann, sp)) == (ANN, names.EMAIL)


@pytest.mark.both_databases
@pytest.mark.parametrize("format_", [names.PERSISTENT, names.UNSPECIFIED])
def test_x23_a_name_that_is_made_is_not_the_random_one_of_somebody_else(world, sp, ann, logins, format_):
    """X23: an attribute may hold anything; the application knows Ann by that name since before names were made."""
    application = world.register(sp)
    random, _ = named(on(ann, sp))
    with world.work() as work:
        accounts.set_attributes(work, BEN, {"login": [random.upper()]})
        accounts.set_attributes(work, ANN, {"login": [random]})
    world.change(application, nameid_format=format_, name_id_source="login")

    assert on(world.browser(BEN), sp).statuses == ["Requester", "InvalidNameIDPolicy"]
    assert "another account had this very NameID" in world.attempts()[-1].cause
    assert named(on(ann, sp)) == (random, format_)


@pytest.mark.parametrize("format_", [names.EMAIL, names.PERSISTENT])
def test_x23_a_request_about_an_address_means_whom_it_was_sent_for(world, sp, ann, format_):
    """X23: who has the address now is somebody else to the application, whatever format it wants in the answer."""
    world.register(sp)
    on(ann, sp, policy(names.EMAIL))
    ben = world.browser(BEN)
    with world.work() as work:
        for former, email in ((ANN, "ann.married@acme.example"), (BEN, ANN)):
            account = queries.account(work, former)
            account.email = account.email_key = email
            work.tx.session.flush()

    for browser in (ann, ben):
        answer = on(browser, sp, subject(ANN, names.EMAIL) + policy(format_), IsPassive="true")
        assert answer.find("//saml:Assertion") == []


def test_another_application_may_know_another_person_by_that_name(world, sp, ann, logins):
    from tests.support.service_provider import ServiceProvider

    other = ServiceProvider(entity_id="https://other.example/metadata", acs="https://other.example/acs")
    for one in (sp, other):
        world.register(one, nameid_format=names.UNSPECIFIED, name_id_source="login")
    on(ann, sp)
    with world.work() as work:
        accounts.set_attributes(work, BEN, {"login": ["ann"]})

    assert named(on(world.browser(BEN), other))[0] == "ann"


def test_a_name_can_be_given_free(world, sp, ann, logins, stranger, as_account):
    application = world.register(sp, nameid_format=names.UNSPECIFIED, name_id_source="login")
    on(ann, sp)
    with world.work() as work:
        accounts.set_attributes(work, BEN, {"login": ["ann"]})
        with pytest.raises(NotFound):
            made_names.free(stranger(work), application, "ann")
        for nobody in ("nobody", "", "a\ud800", "x" * 2000):
            with pytest.raises(NotFound):
                made_names.free(work, application, nobody)
        with pytest.raises(Forbidden):
            made_names.free(people.as_account(work, world.account(), AUDITOR), application, "ann")
        made_names.free(work, application, "Ann")

    assert named(on(world.browser(BEN), sp))[0] == "ann"
    assert on(ann, sp).statuses == ["Requester", "InvalidNameIDPolicy"]
    (entry,) = world.audited("service-provider.name-freed")
    assert entry.details == {"name": "ann", "account_id": world.account().id}


@pytest.mark.parametrize("with_index", [True, False])
@pytest.mark.parametrize(
    ("format_", "source"), [(names.WINDOWS, WINDOWS_SOURCE), (names.UNSPECIFIED, "login"), (names.X509_SUBJECT, "dn")]
)
def test_x28_a_logout_request_finds_the_person_by_such_a_name(world, sp, ann, logins, format_, source, with_index):
    """X28: with the index the session it names; without one all of the person's, in whatever browser."""
    world.register(sp, sp.metadata(signing=sp.pair.der), nameid_format=format_, name_id_source=source)
    elsewhere = world.browser(ANN)
    answer, _ = on(ann, sp), on(elsewhere, sp)
    request = sp.logout_request(name_id(answer), *([index(answer)] if with_index else []))

    out = slo(world.browser(), sp.query(request, sign=SIGN))

    assert response_in(out.headers["Location"]).statuses == ["Success"]
    with world.work() as work:
        ended = [s.ended_at is not None for s in work.tx.session.query(SignOnSession)]
    assert ended.count(True) == (1 if with_index else 2)


@pytest.mark.parametrize("with_index", [True, False])
def test_x28_a_logout_by_an_address_finds_whom_it_was_sent_for(world, sp, ann, with_index):
    """X28: also once the person has another address, and the former one is somebody else's."""
    world.register(sp, sp.metadata(signing=sp.pair.der), nameid_format=names.EMAIL)
    answer, ben = on(ann, sp), world.browser(BEN)
    with world.work() as work:
        for former, email in ((ANN, "ann.married@acme.example"), (BEN, ANN)):
            account = queries.account(work, former)
            account.email = account.email_key = email
            work.tx.session.flush()

    request = sp.logout_request(name_id(answer), *([index(answer)] if with_index else []))
    out = slo(world.browser(), sp.query(request, sign=SIGN))

    assert response_in(out.headers["Location"]).statuses == ["Success"]
    assert (world.alive(ann), world.alive(ben)) == (False, True)


def test_x28_another_persons_name_ends_nothing(world, sp, ann, logins):
    world.register(sp, sp.metadata(signing=sp.pair.der), nameid_format=names.UNSPECIFIED, name_id_source="login")
    answer = on(ann, sp)
    for wrong in (name_id(answer).replace(">ann<", ">ben<"), name_id(answer).replace("unspecified", "emailAddress")):
        out = slo(ann, sp.query(sp.logout_request(wrong, index(answer)), sign=SIGN))
        assert response_in(out.headers["Location"]).statuses == ["Requester", "UnknownPrincipal"]


def test_a_request_may_speak_of_the_person_by_such_a_name(world, sp, ann, logins):
    """Also before the name was ever given: it is compared with the one that is made."""
    world.register(sp, nameid_format=names.WINDOWS, name_id_source=WINDOWS_SOURCE)

    for _ in range(2):
        assert named(on(ann, sp, subject("CORP\\ann", names.WINDOWS)))[0] == "CORP\\ann"
    assert named(on(ann, sp, subject("CORP\\ann")))[0] == "CORP\\ann"


@pytest.mark.parametrize("value", ["CORP\\ben", "corp\\ann", "CORP\\nobody", "x" * 1000])
def test_a_request_for_another_person_is_answered_with_unknown_principal(world, sp, ann, logins, value):
    world.register(sp, nameid_format=names.WINDOWS, name_id_source=WINDOWS_SOURCE)

    answer = on(ann, sp, subject(value, names.WINDOWS), IsPassive="true")

    assert answer.statuses == ["Responder", "UnknownPrincipal"]
    assert answer.find("//saml:Assertion") == []
    assert world.count(SamlName) == 0


@pytest.mark.parametrize("format_", [names.PERSISTENT, names.TRANSIENT])
def test_a_request_that_names_a_person_in_one_format_and_wants_another_is_refused(world, sp, ann, logins, format_):
    """Else Ann would be signed on where Ben was asked for: nobody could have compared the two."""
    world.register(sp, name_id_source=WINDOWS_SOURCE)

    answer = on(ann, sp, subject("CORP\\ben", names.WINDOWS) + policy(format_))

    assert answer.statuses == ["Requester", "InvalidNameIDPolicy"]


@pytest.mark.parametrize("qualifier", ['SPNameQualifier="https://other.example"', 'NameQualifier="urn:other"'])
def test_a_name_of_somebody_elses_is_nobodys_here(world, sp, ann, logins, qualifier):
    world.register(sp, nameid_format=names.UNSPECIFIED, name_id_source="login")
    asked = subject("ann").replace("<saml:NameID", f"<saml:NameID {qualifier}")

    assert on(ann, sp, asked, IsPassive="true").statuses == ["Responder", "NoPassive"]


def test_whose_name_was_given_before_is_asked_for_by_the_pages(world, sp, ann, logins):
    """Ben's name is known: Ann's session is no answer, and who signs in as Ann is told so by our page."""
    world.register(sp, nameid_format=names.UNSPECIFIED, name_id_source="login")
    on(world.browser(BEN), sp)

    assert on(ann, sp, subject("ben"), IsPassive="true").statuses == ["Responder", "NoPassive"]


def test_a_person_who_signs_in_first_is_compared_at_the_end(world, sp, logins):
    """What is asked for is kept beside the sign-on until the answer is written."""
    world.register(sp, nameid_format=names.UNSPECIFIED, name_id_source="login")
    for value, statuses in (("ben", ["Responder", "UnknownPrincipal"]), ("ann", ["Success"])):
        world.later(minutes=1)
        visitor = Visitor(world.app.test_client())
        request = sp.authn_request(subject(value), IssueInstant=world.now.strftime("%Y-%m-%dT%H:%M:%SZ"))
        visitor.open("/sites/acme/saml/sso?" + sp.query(request))
        assert posted(signed_in(world, visitor).answer).statuses == statuses


def test_the_switch_is_checked_and_recorded(world, sp):
    application = world.register(sp)
    with world.work() as work:
        for wrong, field in (
            (Switches(name_id_source="first("), "name_id_source"),
            (Switches(name_id_source="x" * 1001), "name_id_source"),
            (Switches(nameid_format=names.WINDOWS), "nameid_format"),
            (Switches(nameid_format=names.X509_SUBJECT, name_id_source=""), "nameid_format"),
        ):
            with pytest.raises(Invalid) as refused:
                providers.change(work, application, wrong)
            assert refused.value.field == field
            work.tx.session.rollback()
    with world.work() as work:
        providers.change(work, application, Switches(nameid_format=names.WINDOWS, name_id_source=WINDOWS_SOURCE))
        with pytest.raises(Invalid):
            providers.change(work, application, Switches(name_id_source=""))
        work.tx.session.rollback()
        assert work.tx.session.query(AuditEntry).count()


@pytest.mark.parametrize(
    ("format_", "value", "good"),
    [
        (names.WINDOWS, "CORP\\ann", True),
        (names.WINDOWS, "corp.example.org\\ann lee", True),
        (names.WINDOWS, "ann", False),
        (names.WINDOWS, "\\ann", False),
        (names.WINDOWS, "CORP\\", False),
        (names.WINDOWS, "A\\B\\c", False),
        (names.WINDOWS, "CORP\\a*", False),
        (names.X509_SUBJECT, "CN=Ada Lovelace,O=Example,C=GB", True),
        (names.X509_SUBJECT, "emailAddress=ada@example.org,CN=Ada\\, Countess+UID=7", True),
        (names.X509_SUBJECT, "1.2.840.113549.1.9.1=ada@example.org", True),
        (names.X509_SUBJECT, "Ada", False),
        (names.X509_SUBJECT, "CN=", False),
        (names.X509_SUBJECT, "CN=a,,O=b", False),
        (names.X509_SUBJECT, "CN=\\zz", False),
        (names.X509_SUBJECT, "CN=" + "a,CN=" * 200, False),
        (names.EMAIL, "ada@example.org", True),
        (names.EMAIL, "ada@", False),
        (names.UNSPECIFIED, "anything at all", True),
        (names.UNSPECIFIED, "", False),
        (names.UNSPECIFIED, " a", False),
        (names.UNSPECIFIED, "a\ufffe", False),
        (names.UNSPECIFIED, "a" * 1025, False),
    ],
)
def test_x22_what_a_name_of_each_format_looks_like(format_, value, good):
    assert (fault(format_, value) == "") is good
