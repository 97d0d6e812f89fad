"""Sign-ons and sessions of people with an authenticator in software."""

from dataclasses import replace

from sqlalchemy import update

from idp.audit.attempts import Trail
from idp.base.work import Work
from idp.directory import policies
from idp.policy.models import AuthenticationPolicy
from idp.policy.signon import Method, Proof
from idp.settings import Settings
from idp.signon import own_passkeys, passkeys, pending, session
from idp.signon import progress as progress_
from idp.signon.factors.webauthn_party import relying_party
from tests.signon.conftest import BROWSER
from tests.support.authenticator import SoftAuthenticator

PARTY = relying_party(Settings())


class Person:
    """An account, its authenticator, and one browser."""

    def __init__(self, world, open_work, account=None, browser=BROWSER) -> None:
        self.world, self.open_work, self.browser = world, open_work, browser
        self.account = account or world.ann
        self.device = SoftAuthenticator()

    def session(self, work: Work, methods=(Method.PASSWORD, Method.TOTP)) -> session.CurrentSession:
        """A session in which *methods* were just proven."""
        policy = policies.authentication_policy(work, self.account.organization_id, None)
        _, current = session.start(
            work,
            organization_id=self.account.organization_id,
            account_id=self.account.id,
            epoch=self.account.epoch,
            proofs=tuple(Proof(method, work.now) for method in methods),
            policy=policy,
            attempt_id="att_test",
            replaces=None,
        )
        return current

    def add(self, name="Laptop", **changes):
        """Add a credential of the device as on the account page; return what came of it."""
        with self.open_work() as work:
            work = as_person(work, self.account)
            current = self.session(work)
            options = own_passkeys.options(work, current, PARTY, self.browser)
            sent = self.device.make(options, **changes)
            return own_passkeys.add(work, current, PARTY, self.browser, sent, name=name)

    def begin(self, **changes) -> str:
        """Begin a sign-on; return its handle."""
        with self.open_work() as work:
            wanted = replace(self.world.request, **changes)
            return pending.begin(
                work, wanted, browser=self.browser, protocol="test", protocol_state={}, trail=Trail(kind="test")
            )

    def look(self, work: Work, handle: str, current=None) -> progress_.Progress:
        return progress_.look(work, handle, browser=self.browser, session=current)

    def options(self, handle: str) -> dict | None:
        with self.open_work() as work:
            return passkeys.options(work, self.look(work, handle), PARTY, self.browser)

    def send(self, handle: str, sent: str, verb=passkeys.sign_in, **when):
        """Hand in what the authenticator answered."""
        with self.open_work(**when) as work:
            return verb(work, self.look(work, handle), PARTY, self.browser, sent)

    def prove(self, handle: str, *methods: Method) -> None:
        """Let *methods* be proven in the sign-on."""
        with self.open_work() as work:
            for method in methods:
                row = self.look(work, handle).row
                pending.prove(work, row, method, account_id=self.account.id, epoch=self.account.epoch)

    def proofs(self, handle: str) -> list[Method]:
        with self.open_work() as work:
            return [proof.method for proof in self.look(work, handle).facts.proofs]


def as_person(work: Work, account) -> Work:
    from idp.base.work import Actor

    return replace(work, actor=Actor("account", account.id, account.email, account.organization_id))


def set_policy(open_work, **values) -> None:
    """Change the only authentication policy."""
    with open_work() as work:
        work.tx.session.execute(update(AuthenticationPolicy).values(**values))
        work.tx.memory.forget()
