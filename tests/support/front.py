"""
The front door with known people, for tests of pages and for pictures of them.

One organization, two sites, four people, a handful of applications; a clock that only the
test moves; and a protocol of our own that asks for sign-ons and shows what came of them, so
that pages are tested without SAML or OpenID Connect.
"""

import base64
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Thread

import pyotp
from flask import Blueprint, Flask, jsonify, request
from flask import redirect as flask_redirect
from webauthn.helpers import bytes_to_base64url
from werkzeug.exceptions import default_exceptions
from werkzeug.serving import WSGIRequestHandler, make_server

from idp import app as app_
from idp.audit import attempts
from idp.audit.attempts import Trail
from idp.base import schema
from idp.base.crypto import Vault
from idp.base.db import Database
from idp.base.work import Actor, HeldRole, Origin, Work
from idp.directory import accounts, applications, groups, organizations, policies, queries, sites
from idp.directory.models import Account
from idp.oidc import clients
from idp.settings import Settings
from idp.signon import door, pending
from idp.signon import session as session_
from idp.signon.factors import passkey, password, totp
from idp.signon.factors.webauthn_checks import NewCredential
from idp.signon.models import LogoutStep
from idp.signon.request import SignOnRequest
from idp.web import context
from idp.web.security import protocol
from tests.support import postbox
from tests.support.postbox import Mail

NOON = datetime(2030, 1, 1, 12, tzinfo=UTC)
PASSWORD = "a quiet garden gate 7"
SECRET = b"ostiary-test-secret!"
MAIL = {"smtp_url": "smtp://localhost:2525", "sender": "ostiary@acme.example"}
OPERATOR = Actor("operator", id="operator", name="operator", roles=(HeldRole("operator"),))

ANN, BEN, CLEO, DORA = "ann@acme.example", "ben@acme.example", "cleo@acme.example", "dora@acme.example"


class _Quiet(WSGIRequestHandler):
    """Says nothing about the requests that it serves."""

    def log_request(self, code="-", size="-") -> None:
        pass


class Front:
    """
    An installation with its people, and its application.

    Ann has an authenticator; Ben has none yet; Cleo's account is disabled; Dora may open nothing.
    """

    def __init__(self, database: Database, **settings: object) -> None:
        self.now = NOON
        self.database = database
        with self.work() as work:
            if organizations.by_slug(work, "acme") is None:
                self._fill(work)
            self._learn(work)
        self.app: Flask = app_.create(Settings(**{"mail": MAIL, **settings}), database=database, clock=lambda: self.now)
        self.app.register_blueprint(_protocol())

    @contextmanager
    def work(self, actor: Actor = OPERATOR) -> Iterator[Work]:
        """A unit of work of the operator, now."""
        with self.database.transaction() as tx:
            yield Work(tx, actor, self.now, Origin("cli", ip="203.0.113.7"))

    def later(self, **span: float) -> None:
        """Let time pass."""
        self.now += timedelta(**span)

    def code(self, secret: str = "") -> str:
        """The code that an authenticator with *secret* (Ann's, where none is named) shows now."""
        return pyotp.TOTP(secret or base64.b32encode(SECRET).decode()).at(self.now)

    def ask(self, application: str = "Wiki", *, to: str = "", **changes: object) -> str:
        """
        Begin a sign-on to *application*; return the path of its page. The first browser there has it.

        The answer is shown as JSON, or leads to the address *to*.
        """
        with self.work() as work:
            site = sites.facts(work, "acme")
            assert site is not None
            wanted = SignOnRequest(
                organization_id=self.organization_id,
                site_id=site.id,
                application_id=self.application_ids[application],
                application_name=application,
                resume_url="/asked/resume",
                start_again_url="https://wiki.acme.example/login",
                answers_at="https://wiki.acme.example",
            )
            trail = Trail(kind="asked.sign-on", organization_id=self.organization_id)
            handle = pending.begin(
                work, replace(wanted, **changes), browser=None, protocol="asked", protocol_state={"to": to}, trail=trail
            )
        return f"/signin/{handle}"

    def device(self, *, ip: str = "127.0.0.1", agent: str = "RoomScreen/2.1") -> str:
        """Let a screen in a meeting room ask to be let in; return the code that it shows."""
        name = "Room Screens"
        with self.work() as work:
            if name not in self.application_ids:
                asked = {
                    "client_name": name,
                    "grant_types": ["urn:ietf:params:oauth:grant-type:device_code"],
                    "response_types": [],
                    "token_endpoint_auth_method": "none",
                }
                application, client, _ = clients.create(work, "acme", asked)
                applications.grant(work, application.id, group="Engineering")
                self.application_ids[name], self.device_client = application.id, client.client_id
        answer = self.app.test_client().post(
            "/sites/acme/oauth2/device_authorization",
            data={"client_id": self.device_client, "scope": "openid profile email groups"},
            headers={"User-Agent": agent},
            environ_base={"REMOTE_ADDR": ip},
        )
        return answer.json["user_code"]

    def sign_in_elsewhere(self, email: str, user_agent: str, ip: str) -> str:
        """Give *email* a session in another browser; return its token."""
        with self.work() as operator:
            work = replace(operator, origin=Origin("web", ip=ip, user_agent=user_agent))
            account = work.tx.session.get_one(Account, (self.organization_id, self.account_ids[email]))
            policy = policies.authentication_policy(work, self.organization_id, None)
            token, _ = session_.start(
                work,
                organization_id=self.organization_id,
                account_id=account.id,
                epoch=account.epoch,
                proofs=(),
                policy=policy,
                attempt_id="",
                replaces=None,
            )
        return token

    def give_passkey(self, email: str, name: str, *, verifies: bool = True) -> None:
        """Let *email* have a passkey, or a security key, that no browser of ours holds."""
        made = NewCredential(
            credential_id=bytes_to_base64url(f"{email} {name}".encode()),
            public_key="pQECAyYgASFYIA",
            sign_count=0,
            transports=("internal",),
            aaguid="00000000-0000-0000-0000-000000000000",
            attestation="none",
            user_verified=verifies,
            discoverable=verifies,
            backup_eligible=verifies,
            backed_up=verifies,
        )
        with self.work() as work:
            account = work.tx.session.get_one(Account, (self.organization_id, self.account_ids[email]))
            passkey.enrol(work, account, made, name=name)

    def mails(self, *, base_url: str = "http://localhost:8000") -> list[Mail]:
        """Do the work that waits, and return the mails that went out with it."""
        return postbox.collect(self.database, self.now, base_url=base_url)

    def told(self, states: tuple[tuple[str, str], ...]) -> None:
        """Let the steps of the logout be in these *states* (channel, outcome); what was asked was asked now."""
        with self.work() as work:
            steps = work.tx.session.query(LogoutStep).order_by(LogoutStep.place)
            for step, (channel, outcome) in zip(steps, states, strict=True):
                step.channel, step.outcome, step.visit_url = channel, outcome, "/signout/nowhere"
                step.asked_at = self.now if outcome in ("asked", "confirmed") else None
                step.until = None if channel == "none" else self.now + timedelta(hours=9, minutes=20)

    @contextmanager
    def served(self) -> Iterator[str]:
        """Serve the application on a free port of loopback; yield its address."""
        server = make_server("127.0.0.1", 0, self.app, threaded=True, request_handler=_Quiet)
        thread = Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()

    @contextmanager
    def served_at_localhost(self) -> Iterator[str]:
        """As `served`, at a host name that the application takes for its own: browsers have passkeys at names only."""
        server = make_server("127.0.0.1", 0, self.app, threaded=True, request_handler=_Quiet)
        address = f"http://localhost:{server.server_port}"
        held = self.app.extensions["ostiary"]
        self.app.extensions["ostiary"] = replace(held, settings=held.settings.model_copy(update={"base_url": address}))
        self.app.public_address = ("http", f"localhost:{server.server_port}")
        thread = Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield address
        finally:
            server.shutdown()
            thread.join()

    def _learn(self, work: Work) -> None:
        organization = organizations.by_slug(work, "acme")
        assert organization is not None
        self.organization_id = organization.id
        self.account_ids = {account.email: account.id for account in queries.accounts(work)}
        self.application_ids = {application.name: application.id for application in queries.applications(work)}

    def _fill(self, work: Work) -> None:
        organization = organizations.create(work, "acme", name="Acme Global")
        acme = sites.create(work, "acme", organization="acme", name="Acme")
        europe = sites.create(work, "acme-eu", organization="acme", name="Acme Europe")
        acme.support_contact, europe.accent = "helpdesk@acme.example", "#3355aa"
        for email, name in ((ANN, "Ann Archer"), (BEN, "Ben Baker"), (CLEO, "Cleo Carter"), (DORA, "Dora Dean")):
            account = accounts.create(work, email, organization="acme", name=name)
            password.set_password(work, account.id, PASSWORD, organization_id=organization.id)
            if email in (ANN, DORA):
                totp.add(work, account.id, SECRET, organization_id=organization.id, name="Phone")
        accounts.disable(work, CLEO)
        for name, members in (("Engineering", (ANN, BEN)), ("Research", (ANN,))):
            groups.create(work, name, organization="acme")
            for email in members:
                groups.add(work, name, email, organization="acme")
        for site, name, launch_url in (
            (acme, "Wiki", "https://wiki.acme.example/"),
            (acme, "Payroll", "https://pay.acme.example/"),
            (acme, "Expenses and Travel", "https://travel.acme.example/start"),
            (acme, "Mail", "/sites/acme/saml/start?sp=mail"),
            (acme, "Roadmap", "https://roadmap.acme.example/"),
            (europe, "Zeiterfassung", "https://zeit.acme.example/"),
            (europe, "Übersetzungen", "https://sprachen.acme.example/"),
        ):
            application = applications.create(work, site, protocol="oidc", name=name, launch_url=launch_url)
            applications.grant(work, application.id, group="Engineering")


def on_sqlite(folder: Path, **settings: object) -> Front:
    """A front door with a database of its own in *folder*."""
    database = Database(f"sqlite:///{folder}/front.db", Vault({"test": bytes(32)}, "test"), memory_seconds=0)
    schema.migrate(database)
    return Front(database, **settings)


def _protocol() -> Blueprint:
    """The far end of a sign-on, in the place of SAML and OpenID Connect: it shows the answer."""
    pages = Blueprint("asked", __name__)

    @pages.get("/asked/resume/<handle>")
    @protocol
    def resume(handle: str):
        with context.open_work() as work:
            session = context.current_session(work)
            site = sites.facts(work, "acme")
            resumed = door.resume(
                work, handle, session=session, browser=context.browser(), protocol="asked", site_id=site.id
            )
            if isinstance(resumed.answer, door.Proceed):
                resumed.trail.succeeded()
                session_.join(work, session.organization_id, session.id, resumed.request.application_id, {})
            attempts.save(work, resumed.trail)
        if resumed.protocol_state["to"]:
            return flask_redirect(resumed.protocol_state["to"], 302)
        if isinstance(resumed.answer, door.Refused):
            return jsonify(refused=resumed.answer.refusal.value)
        result = resumed.answer.result
        return jsonify(
            account=result.account_id,
            methods=[method.value for method in result.methods],
            attributes=result.attributes,
        )

    @pages.get("/asked/errors/<int:status>")
    @protocol
    def error(status: int):
        if status == 500:
            raise RuntimeError(f"broken on purpose: {request.path}")
        raise default_exceptions[status]()

    return pages
