"""Domains: proven by record or file at a name server of the test's, lost again, and taken by nobody who has no proof (T20)."""

import ssl
from datetime import UTC, datetime, timedelta
from threading import Barrier, Thread

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from idp.audit.models import AuditEntry
from idp.base import egress, jobs
from idp.base.errors import Conflict, Forbidden, IdpError, Invalid, NotFound
from idp.base.models import OutboxMessage
from idp.directory import accounts, domain_reads, domains, managed, organizations
from idp.directory.domain_proof import Prober, Sought
from idp.directory.models import Account
from idp.policy import domains as policy
from idp.policy.domains import Finding, Method, State
from idp.policy.permissions import OPERATOR
from tests.support import name_server

NAME = "example.org"
NOON = datetime(2030, 1, 1, 12, tzinfo=UTC)


@pytest.fixture
def server():
    with name_server.running() as running:
        yield running


@pytest.fixture
def world(open_work, server):
    """Two organizations, each with an administrator, and a name server that knows nothing yet."""
    with open_work() as work:
        for slug in ("acme", "globex"):
            organizations.create(work, slug, name=slug.title())
            boss = accounts.create(work, f"boss@{slug}.example", organization=slug, name="Boss")
            accounts.grant_role(work, boss.id, "organization-administrator", organization_id=boss.organization_id)
    return World(open_work, server)


class World:
    def __init__(self, open_work, server):
        self.open_work, self.server, self.now = open_work, server, NOON
        self.prober = Prober((server.address,))

    def work(self):
        return self.open_work(now=self.now)

    def add(self, organization="acme", name=NAME, method="dns"):
        with self.work() as work:
            return domains.add(work, organization, name, method=method)

    def publish(self, added, at=f"_ostiary-challenge.{NAME}"):
        self.server.txt(at, policy.expected(added.token))

    def check(self, organization="acme", name=NAME):
        with self.work() as work:
            asked = domains.ask(work, organization, name)
        looked = domains.look(asked, self.prober)
        with self.work() as work:
            return domains.settle(work, asked, looked)

    def proven(self, organization="acme", name=NAME):
        added = self.add(organization, name)
        self.publish(added, f"_ostiary-challenge.{name}")
        found = self.check(organization, name)
        assert found.state == State.VERIFIED
        return found

    def state(self, organization="acme", name=NAME):
        with self.work() as work:
            return domain_reads.domain(work, organization, name).state

    def holder(self, name=NAME):
        with self.work() as work:
            return [
                slug
                for slug in ("acme", "globex")
                if domain_reads.has_power(work, organizations.by_slug(work, slug).id, name)
            ]

    def account(self, email, organization="acme"):
        with self.work() as work:
            return accounts.create(work, email, organization=organization, name="Somebody").id

    def managed(self):
        with self.work() as work:
            found = work.tx.session.query(Account).filter(Account.managed_at.is_not(None))
            return sorted(one.email for one in found)

    def told(self):
        with self.work() as work:
            return [
                (entry.tag, entry.organization_id)
                for entry in work.tx.session.query(AuditEntry).order_by(AuditEntry.id)
                if entry.tag.startswith("domain.")
            ]

    def later(self, days):
        self.now += timedelta(days=days)

    def daily(self, database, days):
        """Let days pass, with the jobs of each."""
        handlers = {domains.SWEEP: domains.run, domains.KIND: domains.errand(self.prober)}
        handlers[managed.TELL] = lambda work, payload: None
        for _ in range(days):
            self.later(1)
            with self.work() as work:
                jobs.defer(work, domains.SWEEP, key=f"sweep {self.now}")
            for _ in range(2):
                assert jobs.run_due(database, handlers, self.now, OPERATOR).failed == 0


@pytest.mark.parametrize("at", [f"_ostiary-challenge.{NAME}", NAME])
def test_a_record_proves_a_domain(world, at):
    added = world.add()
    assert world.check().state == State.UNVERIFIED
    world.server.txt(at, "v=spf1 -all", policy.expected(added.token))

    found = world.check()

    assert (found.state, found.held_name, found.verified_at) == (State.VERIFIED, NAME, NOON)
    assert [tag for tag, _ in world.told()] == ["domain.added", "domain.verified"]


@pytest.mark.parametrize(
    "text",
    [
        "ostiary-domain-verification=",
        "ostiary-domain-verification={token}x",
        "x ostiary-domain-verification={token}",
        "{token}",
        "OSTIARY-domain-verification={token}",
    ],
)
def test_t20_a_record_with_another_text_proves_nothing(world, text):
    added = world.add()
    world.server.txt(NAME, text.replace("{token}", added.token))
    assert world.check().state == State.UNVERIFIED


def test_t20_the_token_of_another_organization_proves_nothing(world):
    world.add("acme")
    other = world.add("globex")
    world.publish(other)
    assert world.check("acme").state == State.UNVERIFIED
    assert world.holder() == []


def test_t20_a_record_of_the_name_that_stands_for_the_domain_proves_nothing(world):
    """CNAME to a host of somebody else, who has the token there."""
    added = world.add()
    world.server.records[f"_ostiary-challenge.{NAME}", "CNAME"] = ["pages.host.example."]
    world.publish(added, "pages.host.example")
    assert world.check().state == State.UNVERIFIED


def test_t20_an_unproven_claim_blocks_nobody(world):
    world.add("globex")
    assert world.proven("acme").held_name == NAME
    assert world.state("globex") == State.UNVERIFIED


def test_t20_a_proof_that_stands_is_not_taken_over(world):
    """Both have their record: whoever came first holds on, and the second is told what to do."""
    world.proven("acme")
    other = world.add("globex")
    world.server.records[f"_ostiary-challenge.{NAME}", "TXT"].append(f'"{policy.expected(other.token)}"')

    found = world.check("globex")

    assert (found.state, found.held_name) == (State.UNVERIFIED, None)
    assert "take its record" in found.finding
    assert world.holder() == ["acme"]


@pytest.mark.both_databases
def test_t20_a_proof_takes_a_domain_whose_holder_has_none_any_more(world):
    """The domain was sold: its new owner need not wait for the grace of the former one."""
    world.proven("acme")
    world.account(f"ann@{NAME}")
    with world.work() as work:
        managed.claim(work, "acme", NAME)
    world.publish(world.add("globex"))

    world.check("globex")

    assert (world.holder(), world.state("acme")) == (["globex"], State.SUPERSEDED)
    assert world.managed() == []
    with world.work() as work:
        entry = work.tx.session.query(AuditEntry).filter_by(tag="domain.superseded").one()
        assert entry.organization_id == organizations.by_slug(work, "acme").id
        assert entry.details == {"name": NAME, "accounts": 1}


def test_t20_who_was_superseded_takes_the_domain_back_only_by_proof(world):
    first = world.proven("acme")
    world.publish(world.add("globex"))
    world.check("globex")

    assert world.check("acme").state == State.SUPERSEDED
    world.publish(first)
    assert world.check("acme").state == State.VERIFIED
    assert world.holder() == ["acme"]


def test_t20_a_holder_who_cannot_be_asked_for_is_not_taken_from(world, monkeypatch):
    """Name servers that answer for one of both only: nobody loses a domain to an outage."""
    world.proven("acme")
    other = world.add("globex")
    world.server.drop(f"_ostiary-challenge.{NAME}")
    world.server.broken.add(f"_ostiary-challenge.{NAME}")
    world.server.txt(NAME, policy.expected(other.token))

    found = world.check("globex")

    assert found.state == State.UNVERIFIED
    assert "could not be asked for" in found.finding
    assert world.holder() == ["acme"]


def test_t20_a_domain_above_or_below_that_of_another_needs_its_own_proof_and_takes_nothing(world):
    world.proven("acme", NAME)
    world.account("ann@example.org")
    sub = world.add("globex", "eng.example.org")
    assert world.check("globex", "eng.example.org").state == State.UNVERIFIED
    world.publish(sub, "eng.example.org")
    assert world.check("globex", "eng.example.org").state == State.VERIFIED

    assert world.holder() == ["acme"]
    assert world.holder("eng.example.org") == ["globex"]
    with world.work() as work:
        assert managed.preview(work, "globex", "eng.example.org").count == 0


@pytest.mark.both_databases
def test_t20_of_two_administrators_who_check_at_once_one_holds_the_domain(world):
    """Two organizations, both with their record, at the very same moment."""
    tokens = [world.add(slug) for slug in ("acme", "globex")]
    world.server.txt(NAME, *(policy.expected(one.token) for one in tokens))
    asked = {}
    for slug in ("acme", "globex"):
        with world.work() as work:
            asked[slug] = domains.ask(work, slug, NAME)
    looked = {slug: domains.look(one, world.prober) for slug, one in asked.items()}
    gate, outcomes = Barrier(2), []

    def settle(slug):
        gate.wait(10)
        try:
            with world.work() as work:
                outcomes.append(domains.settle(work, asked[slug], looked[slug]).state)
        except IdpError as error:
            outcomes.append(type(error))

    threads = [Thread(target=settle, args=(slug,)) for slug in asked]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)

    assert len(world.holder()) == 1
    assert sorted(map(str, outcomes)) in (
        sorted(["verified", "unverified"]),
        sorted(["verified", str(Conflict)]),
    )


@pytest.mark.both_databases
def test_t20_a_claim_that_looked_before_another_was_proven_takes_nothing(world):
    """Looked while nobody held it, settled when somebody does."""
    other = world.add("globex")
    world.publish(other)
    with world.work() as work:
        asked = domains.ask(work, "globex", NAME)
    looked = domains.look(asked, world.prober)
    world.proven("acme")

    with world.work() as work:
        found = domains.settle(work, asked, looked)
        assert (found.state, found.held_name) == (State.UNVERIFIED, None)

    assert world.holder() == ["acme"]


def test_t20_a_removed_record_takes_power_away_step_by_step_and_tells(world, database):
    world.proven()
    world.account(f"ann@{NAME}")
    with world.work() as work:
        managed.claim(work, "acme", NAME)
        domains.set_claiming(work, "acme", NAME, "automatic")
    world.server.drop(f"_ostiary-challenge.{NAME}")

    world.daily(database, 1)
    assert world.state() == State.MISSING_TOKEN
    world.account(f"ben@{NAME}")
    world.daily(database, 7)
    world.account(f"cleo@{NAME}")  # nobody comes in by it any more
    assert world.managed() == [f"ann@{NAME}", f"ben@{NAME}"]
    world.daily(database, 7)
    assert world.state() == State.FROZEN
    with world.work() as work, pytest.raises(Conflict) as refused:
        managed.claim(work, "acme", NAME)
    assert refused.value.code == "domain-frozen"
    assert world.managed() == [f"ann@{NAME}", f"ben@{NAME}"]
    world.daily(database, 14)
    assert (world.state(), world.holder(), world.managed()) == (State.UNVERIFIED, [], [])

    turns = [tag.removeprefix("domain.") for tag, _ in world.told()]
    assert turns[-4:] == ["proof-missed", "joining-stopped", "frozen", "released"]
    with world.work() as work:
        mails = work.tx.session.query(OutboxMessage).filter_by(destination="boss@acme.example").count()
    assert mails == 5  # verified, and these four


def test_t20_a_record_that_comes_back_gives_the_power_back(world, database):
    added = world.proven()
    world.server.drop(f"_ostiary-challenge.{NAME}")
    world.daily(database, 16)
    assert world.state() == State.FROZEN
    world.publish(added)
    world.daily(database, 1)
    assert world.state() == State.VERIFIED
    with world.work() as work:
        assert domain_reads.domain(work, "acme", NAME).missing_since is None


def test_t20_an_outage_of_the_name_servers_has_the_same_grace(world, database):
    world.proven()
    world.server.broken.update({NAME, f"_ostiary-challenge.{NAME}"})
    world.daily(database, 2)
    assert world.state() == State.MISSING_TOKEN
    assert world.holder() == ["acme"]


def test_t20_a_removed_domain_has_no_power_and_its_token_is_good_no_more(world):
    first = world.proven()
    world.account(f"ann@{NAME}")
    with world.work() as work:
        managed.claim(work, "acme", NAME)
    with world.work() as work:
        domains.remove(work, "acme", NAME)
    assert (world.holder(), world.managed()) == ([], [])

    again = world.add()

    assert again.token != first.token
    assert world.check().state == State.UNVERIFIED


def test_t20_a_look_does_not_bring_a_removed_domain_back(world):
    world.publish(world.add())
    with world.work() as work:
        asked = domains.ask(work, "acme", NAME)
    looked = domains.look(asked, world.prober)
    with world.work() as work:
        domains.remove(work, "acme", NAME)
    with world.work() as work, pytest.raises(NotFound):
        domains.settle(work, asked, looked)
    assert world.holder() == []


def test_nobody_is_asked_while_a_transaction_is_open(world, database, monkeypatch):
    world.publish(world.add())
    open_now = []

    def look(self, sought):
        open_now.append(database.engine.pool.checkedout())
        return real(self, sought)

    real = Prober.look
    monkeypatch.setattr(Prober, "look", look)
    world.daily(database, 1)
    assert open_now
    assert set(open_now) == {0}


def test_t20_a_name_is_one_domain_however_it_is_typed(world):
    world.add(name="Bücher.example")
    with pytest.raises(Conflict):
        world.add(name="xn--bcher-kva.EXAMPLE.")


@pytest.mark.parametrize("name", ["co.uk", "gmail.com", "localhost", "192.0.2.1"])
def test_t20_what_is_nobodys_own_cannot_be_added(world, name):
    with pytest.raises(Invalid):
        world.add(name=name)


@pytest.mark.parametrize("act", ["add", "ask", "remove", "set_claiming", "set_method", "claim", "unclaim", "preview"])
def test_only_who_may_edit_domains_does(world, work, act, as_account, stranger, an_account):
    world.proven()
    auditor = an_account("audit@acme.example")
    acts = {
        "add": lambda work: domains.add(work, "acme", "second.example"),
        "ask": lambda work: domains.ask(work, "acme", NAME),
        "remove": lambda work: domains.remove(work, "acme", NAME),
        "set_claiming": lambda work: domains.set_claiming(work, "acme", NAME, "automatic"),
        "set_method": lambda work: domains.set_method(work, "acme", NAME, "https"),
        "claim": lambda work: managed.claim(work, "acme", NAME),
        "unclaim": lambda work: managed.unclaim(work, "acme", NAME),
        "preview": lambda work: managed.preview(work, "acme", NAME),
    }
    with pytest.raises(Forbidden):
        acts[act](as_account(work, auditor, "auditor"))
    with pytest.raises(NotFound):
        acts[act](stranger(work))


def test_whoever_comes_second_is_told(world):
    added = world.proven()
    with world.work() as work:
        domains.set_claiming(work, "acme", NAME, "automatic", if_version=added.version)
    with world.work() as work, pytest.raises(Conflict):
        domains.remove(work, "acme", NAME, if_version=added.version)
    assert world.state() == State.VERIFIED


@pytest.fixture
def site(monkeypatch):
    """A certificate for example.org, and a way out that trusts it."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, NAME)])
    today = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(today - timedelta(days=1))
        .not_valid_after(today + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(NAME)]), critical=False)
        .sign(key, hashes.SHA256())
    )
    pem = certificate.public_bytes(Encoding.PEM)
    serving, trusting = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER), ssl.create_default_context(cadata=pem.decode())
    import tempfile

    with tempfile.NamedTemporaryFile() as file:
        file.write(pem + key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
        file.flush()
        serving.load_cert_chain(file.name)
    monkeypatch.setattr(egress, "_tls", lambda: trusting)
    return serving


def seen(world, port, token, *, allowed=("127.0.0.1",)):
    world.server.records[NAME, "A"] = ["127.0.0.1"]
    prober = Prober((world.server.address,), allowed, port)
    return prober.look(Sought(NAME, Method.HTTPS, token)).finding


def test_a_file_proves_a_domain(world, site):
    added = world.add(method="https")
    with name_server.showing(f"# of Acme\r\n{policy.expected(added.token)}\r\n".encode(), site) as port:
        world.server.records[NAME, "A"] = ["127.0.0.1"]
        world.prober = Prober((world.server.address,), ("127.0.0.1",), port)
        assert world.check().state == State.VERIFIED


def test_t20_a_file_with_something_else_is_no_proof(world, site):
    token = "a" * 40
    for content, status, more, finding in (
        (b"<html>not here</html>", "200 OK", "", Finding.ABSENT),
        (policy.expected(token).encode() + b"x", "200 OK", "", Finding.ABSENT),
        (policy.expected(token).encode(), "404 Not Found", "", Finding.ABSENT),
        (policy.expected(token).encode(), "302 Found", "Location: https://elsewhere.example/\r\n", Finding.UNKNOWN),
        (policy.expected(token).encode(), "500 Sorry", "", Finding.UNKNOWN),
        (b"x" * 5000 + b"\n" + policy.expected(token).encode(), "200 OK", "", Finding.UNKNOWN),
    ):
        with name_server.showing(content, site, status=status, more=more) as port:
            assert seen(world, port, token) is finding


def test_t14_a_domain_that_leads_into_our_own_network_is_not_called(world, site):
    with name_server.showing(policy.expected("a" * 40).encode(), site) as port:
        assert seen(world, port, "a" * 40, allowed=()) is Finding.UNKNOWN
