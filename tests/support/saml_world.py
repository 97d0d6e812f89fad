"""Acme with its people and a service provider, and what a browser of theirs sees of SAML."""

import base64
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import timedelta

import xmlsec
from lxml import etree, html
from werkzeug.test import TestResponse

from idp.audit.models import Attempt, AuditEntry
from idp.base.db import Database
from idp.base.work import Origin, Work
from idp.directory import accounts, groups, organizations, policies, sites
from idp.directory.models import Account
from idp.keyring import keyring
from idp.policy.signon import Method, Proof
from idp.saml import names, providers, registering
from idp.saml.switches import Switches
from idp.signon import session
from idp.signon.factors import password, totp
from tests.support import people
from tests.support.service_provider import NOON, ServiceProvider

ANN, BEN = "ann@acme.example", "ben@acme.example"
PASSWORD = "umbrella quartz lantern"
SECRET = b"a test secret of twenty"[:20]
N = {"saml": names.SAML, "samlp": names.SAMLP, "ds": names.DS, "xenc": names.XENC, "md": names.MD}


def fill(work: Work) -> None:
    """Make Acme with two people and a site, and a rival organization with a site of its own."""
    organizations.create(work, "acme", name="Acme Global")
    sites.create(work, "acme", organization="acme", name="Acme")
    groups.create(work, "Staff", organization="acme")
    for email, name in ((ANN, "Ann Example"), (BEN, "Ben Example")):
        account = accounts.create(work, email, organization="acme", name=name)
        groups.add(work, "Staff", account.id, organization="acme")
        password.set_password(work, account.id, PASSWORD, organization_id=account.organization_id)
        totp.add(work, account.id, SECRET, organization_id=account.organization_id, name="Phone")
    organizations.create(work, "rival", name="Rival")
    sites.create(work, "rival", organization="rival", name="Rival")


@dataclass
class World:
    """An installation under test. ``now`` moves by `later`."""

    app: object
    database: Database
    now: object = NOON
    browsers: list = field(default_factory=list)

    def work(self, door: str = "cli"):
        from contextlib import contextmanager

        @contextmanager
        def opened():
            with self.database.transaction() as tx:
                yield Work(tx, people.OPERATOR_ACTOR, self.now, Origin(door, ip="192.0.2.1"))

        return opened()

    def later(self, **span: float) -> None:
        """Let time pass, for the application as well."""
        self.now += timedelta(**span)
        self.app.time["now"] = self.now

    def register(self, sp: ServiceProvider, document: bytes | None = None, *, site: str = "acme", **switches) -> str:
        """Register *sp* for everyone; return its application's id."""
        with self.work() as work:
            made = registering.register(
                work,
                site,
                document or sp.metadata(signing=sp.pair.der),
                everyone=True,
                allow_http_loopback=True,
                **switches,
            )
            return made.application_id

    def change(self, application_id: str, **switches) -> None:
        """Change switches of a registered service provider."""
        with self.work() as work:
            providers.change(work, application_id, Switches(**switches))

    def saml_keys(self, site: str = "acme") -> dict[str, list]:
        """Return the published SAML keys of a site by their state, the oldest first."""
        found: dict[str, list] = {}
        with self.work() as work:
            at = sites.facts(work, site)
            for key in keyring.published(work, at.organization_id, at.id, keyring.SAML_SIGNING):
                found.setdefault(key.state, []).append(key)
        return found

    def key_of(self, xml: bytes) -> str:
        """Return the id of the published key that *xml* is signed with, as python-xmlsec finds out."""
        root = etree.fromstring(xml)
        named = root.xpath("string(//ds:X509Certificate)", namespaces=N)
        (key,) = [k for found in self.saml_keys().values() for k in found if k.certificate_der_base64 == named]
        for signature in root.iter(f"{{{names.DS}}}Signature"):
            context = xmlsec.SignatureContext()
            context.key = xmlsec.Key.from_memory(key.certificate_pem, xmlsec.KeyFormat.CERT_PEM)
            context.register_id(signature.getparent(), "ID")
            context.verify(signature)
        return key.id

    def account(self, email: str = ANN) -> Account:
        with self.work() as work:
            return next(a for a in work.tx.session.query(Account) if a.email == email)

    def browser(self, email: str | None = None, *, methods=(Method.PASSWORD, Method.TOTP)) -> "Browser":
        """Return a browser; with *email* its person is signed in since now."""
        made = Browser(self.app.test_client())
        if email is None:
            return made
        account = self.account(email)
        with self.work() as work:
            token, current = session.start(
                work,
                organization_id=account.organization_id,
                account_id=account.id,
                epoch=account.epoch,
                proofs=tuple(Proof(method, work.now) for method in methods),
                policy=policies.authentication_policy(work, account.organization_id, None),
                attempt_id="",
                replaces=None,
            )
        made.session_id, made.token = current.id, token
        made.client.set_cookie("ostiary_session", token)
        made.client.set_cookie("ostiary_browser", secrets.token_urlsafe(32))
        return made

    def alive(self, browser: "Browser") -> bool:
        """Say whether the session that *browser* was given is live now."""
        with self.work() as work:
            return session.find(work, browser.token) is not None

    def read(self, act: Callable[[Work], object]) -> object:
        with self.work() as work:
            return act(work)

    def count(self, model) -> int:
        with self.work() as work:
            return work.tx.session.query(model).count()

    def attempts(self) -> list[Attempt]:
        with self.work() as work:
            return list(work.tx.session.query(Attempt).order_by(Attempt.at, Attempt.id))

    def last_attempt(self, answer: TestResponse) -> Attempt:
        """Return the attempt whose reference the page *answer* shows."""
        reference = html.fromstring(answer.text).xpath("string(//*[@class='reference']/code)")
        with self.work() as work:
            return work.tx.session.get_one(Attempt, reference)

    def audited(self, tag: str) -> list[AuditEntry]:
        with self.work() as work:
            return [entry for entry in work.tx.session.query(AuditEntry) if entry.tag == tag]


@dataclass
class Browser:
    """One browser; it looks at our pages and never runs a script."""

    client: object
    session_id: str = ""
    token: str = ""

    def sso(self, query: str, site: str = "acme") -> TestResponse:
        return self.client.get(f"/sites/{site}/saml/sso?{query}")

    def post(self, message: str, *, to: str = "sso", site: str = "acme", **more: str) -> TestResponse:
        """Post a form as another site's page does: without our cookies."""
        headers = {"Sec-Fetch-Site": "cross-site"}
        bare = self.client.application.test_client()
        return bare.post(f"/sites/{site}/saml/{to}", data={"SAMLRequest": message, **more}, headers=headers)


@dataclass(frozen=True)
class Posted:
    """What an auto-submitting page carries."""

    action: str
    xml: bytes
    relay_state: str | None

    @property
    def root(self):
        return etree.fromstring(self.xml)

    def find(self, path: str):
        return self.root.xpath(path, namespaces=N)

    def one(self, path: str) -> str:
        found = self.find(path)
        assert len(found) == 1, (path, found)
        return found[0] if isinstance(found[0], str) else (found[0].text or "")

    @property
    def statuses(self) -> list[str]:
        return [value.rpartition(":")[2] for value in self.find("//samlp:StatusCode/@Value")]


def posted(answer: TestResponse) -> Posted:
    """Return what the page *answer* carries to an application."""
    assert answer.status_code == 200, (answer.status_code, answer.text[:2000])
    form = html.fromstring(answer.text).xpath("//form[@id='carry']")[0]
    values = {i.get("name"): i.get("value") for i in form.xpath(".//input")}
    return Posted(form.get("action"), base64.b64decode(values["SAMLResponse"]), values.get("RelayState"))


def refused(answer: TestResponse, status: int = 400) -> None:
    """Check that *answer* is a page of ours that leads nowhere else and carries nothing (REJ of the threat list)."""
    assert answer.status_code == status, (answer.status_code, answer.text[:1500])
    assert "Location" not in answer.headers
    assert "SAMLResponse" not in answer.text
    assert not [line for line in answer.headers.getlist("Set-Cookie") if "session" in line]
    assert "Traceback" not in answer.text


def changed(value, **changes):
    """Return *value* with *changes*: one good value, then one change at a time."""
    return replace(value, **changes)
