"""Every page of people: what its address and its forms name, and one of each of that, of three people."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import timedelta

from idp.base.ids import new_id
from idp.base.work import Actor
from idp.directory import access_requests, queries
from idp.oidc.models import Api, ApiToken
from idp.signon.models import Consent, KnownDevice, Notice, SignIn
from tests.support.front import ANN, DORA, Front
from tests.support.two_tenants import Tenants, Things, signed_in_to_acme

OWNED = {
    "application_id": "consents",
    "factor_id": "totp_factors",
    "device_id": "known_devices",
    "sign_in_id": "sign_ins",
    "notice_id": "notices",
    "authenticator_id": "authenticators",
    "session_id": "sign_on_sessions",
    "token_id": "api_tokens",
    "request_id": "access_requests",
    "api_id": "apis",
}
"""What the arguments of addresses name, by the table that has it."""

_NAMES = """
GET launcher.index
GET account.index applications change_email devices password recovery_codes recovery_codes_file signing_in
GET account.add_authenticator authenticator_picture remove_authenticator not_me not_me_told
GET account_data.index
GET account_devices.history
GET account_tokens.index made new
GET arranging.index choose
GET connection.index
GET own_requests.index
GET passkeys.new remove rename
GET why.index
POST account.authenticator_removed change_password email_wanted end_other_sessions end_session keep_authenticator
POST account.make_recovery_codes put_notices_away recovery_codes_kept report_not_me report_not_me_told
POST account.withdraw_consent
POST account_data.download
POST account_devices.forget forget_all
POST account_tokens.kept make revoke revoke_all
POST arranging.add_section change_section move start_anew
POST launcher.favour opened
POST new_password.score
POST own_requests.ask withdraw
POST passkeys.keep options removed renamed
"""
TABLE: frozenset[tuple[str, str]] = frozenset(
    (method, f"{blueprint}.{view}")
    for method, first, *rest in (line.split() for line in _NAMES.strip().splitlines())
    for blueprint, _, head in [first.partition(".")]
    for view in (head, *rest)
)
SEEN_BY_ALL = {"why.index", "account.withdraw_consent"}
"""They are about an application of the organization, whoever asks; of oneself alone."""
_BROWSERS = {"sign_on_sessions", "sign_ins"}
_ELSEWHERE = " AND user_agent = 'Firefox'"
"""Not the browser in which the pages are opened."""
NAMED = {
    "launcher.favour": ("add", "remove"),
    "launcher.opened": ("application",),
    "arranging.move": ("application", "before", "up", "down"),
    "own_requests.ask": ("application",),
    "account.put_notices_away": ("notice",),
}
"""Fields of forms that name something: an application, or a notice."""
TYPED = {
    "passkeys.renamed": {"name": "Pocket"},
    "account_tokens.make": {"label": "Report", "days": "7", "scope": "orders:read"},
    "arranging.add_section": {"name": "Later"},
    "own_requests.ask": {"reason": "I close the books."},
    "arranging.move": {"section": "Later"},
}


@dataclass(frozen=True)
class Person:
    """The ids of what somebody has, by the arguments that name them."""

    email: str
    has: dict[str, str]


class People:
    """Ann, Dora beside her, and the Dora of the neighbour: each has one of everything that a page of people names."""

    def __init__(self, tenants: Tenants) -> None:
        self.tenants, self.front = tenants, tenants.front
        self.browser = signed_in_to_acme(tenants)
        self.things = Things(tenants, tenants.ours)
        for email in (ANN, DORA):
            _give(self.front, email, self.things)
        self.foreign_things = Things(tenants, tenants.theirs)
        self._give_the_neighbour()
        self.ann = Person(ANN, self._has(tenants.ours, self.front.account_ids[ANN]))
        self.dora = Person(DORA, self._has(tenants.ours, self.front.account_ids[DORA]))
        self.foreign = Person("dora@quokka.example", self._has(tenants.theirs, self.foreign_things.dora))
        tenants.keep()
        self.nobody = Person("", dict.fromkeys(OWNED, "xxx_" + "a" * 26))

    def _give_the_neighbour(self) -> None:
        """Let their Dora have what ours has, under ids of its own."""
        tenants, ours, theirs = self.tenants, self.front.account_ids[DORA], self.foreign_things.dora
        for table in sorted(set(OWNED.values()) - {"apis"}):
            columns = tenants.tables[table]
            for row in tenants.rows(f"SELECT * FROM {table} WHERE account_id = ?", ours):
                values = dict(zip(columns, row, strict=True))
                values |= {"organization_id": tenants.theirs, "account_id": theirs, "id": new_id(values["id"][:3])}
                values |= {
                    name: f"quokka{values[name]}"[:64]
                    for name in columns
                    if name.endswith(("token_hash", "credential_id"))
                }
                for name, table_ in (("application_id", "applications"), ("api_id", "apis"), ("site_id", "sites")):
                    if name in columns:
                        values[name] = self._like(table_, values[name])
                marks = ", ".join("?" * len(columns))
                tenants.write(f"INSERT OR IGNORE INTO {table} VALUES ({marks})", *(values[one] for one in columns))

    def _like(self, table: str, id_: object) -> str:
        [(name,)] = self.tenants.rows(f"SELECT name FROM {table} WHERE id = ?", id_)
        rows = self.tenants.rows(
            f"SELECT id FROM {table} WHERE organization_id = ? AND name LIKE ?", self.tenants.theirs, f"%{name}"
        )
        return str(
            (rows or self.tenants.rows(f"SELECT id FROM {table} WHERE organization_id = ?", self.tenants.theirs))[0][0]
        )

    def _has(self, organization_id: str, account_id: str) -> dict[str, str]:
        found = {}
        for name, table in OWNED.items():
            column = "application_id" if name == "application_id" else "id"
            whose = ("organization_id", organization_id) if table == "apis" else ("account_id", account_id)
            also = {"apis": " AND name LIKE '%Orders'"}.get(table, _ELSEWHERE if table in _BROWSERS else "")
            where = f"organization_id = ? AND {whose[0]} = ?{also} ORDER BY id"
            found[name] = str(
                self.tenants.rows(f"SELECT {column} FROM {table} WHERE {where}", organization_id, whose[1])[0][0]
            )
        return found

    def of(self, person: Person) -> dict[str, frozenset[tuple]]:
        """Return every row that is of a person, by its table."""
        account = (self.foreign_things.dora, self.tenants.theirs) if person is self.foreign else (
            self.front.account_ids[person.email],
            self.tenants.ours,
        )  # fmt: skip
        return {
            table: frozenset(
                self.tenants.rows(f"SELECT * FROM {table} WHERE account_id = ? AND organization_id = ?", *account)
            )
            for table, columns in self.tenants.tables.items()
            if "account_id" in columns and "organization_id" in columns
        }


def plain(text: str) -> str:
    """Return a page without what is drawn by lot, or names the request."""
    return re.sub(r'(value|nonce|content)="[^"]{16,}"|\b[a-z]{3}_[a-z0-9]{20,}', "", text)


def _give(front: Front, email: str, things: Things) -> None:
    front.sign_in_elsewhere(email, "Firefox", "203.0.113.9")
    front.give_passkey(email, f"{email} key {front.organization_id}")
    with front.work() as work:
        account = front.account_ids[email]
        if email == ANN:
            asking = replace(work, actor=Actor("account", account, email, front.organization_id))
            access_requests.ask(asking, things.ledger, "So do I.")
        work.tx.session.add_all(_rows(front, email, things))
        api = work.tx.session.query(Api).filter(Api.organization_id == front.organization_id).first()
        assert api is not None
        work.tx.session.add(
            ApiToken(
                organization_id=front.organization_id,
                id=new_id("atk"),
                account_id=account,
                site_id=api.site_id,
                api_id=api.id,
                label=f"Of {email}",
                scope="orders:read",
                subject=f"sub_{email}",
                token_hash=account.ljust(64, "7"),
                ending="b8Yz",
                epoch=0,
                created_at=work.now,
                expires_at=work.now + timedelta(days=30),
            )
        )


def _rows(front: Front, email: str, things: Things) -> Iterator[object]:
    own = {"organization_id": front.organization_id, "account_id": front.account_ids[email]}
    with front.work() as work:
        epoch = queries.account(work, email, organization_id=front.organization_id).epoch
    yield KnownDevice(
        **own, id=new_id("dev"), account_epoch=epoch, token_hash=own["account_id"].ljust(64, "5"), rotated_at=front.now,
        user_agent="Firefox", ip="203.0.113.9", first_seen_at=front.now, last_seen_at=front.now,
        remembered_at=front.now, remembered_until=front.now + timedelta(days=30),
    )  # fmt: skip
    yield SignIn(
        **own, id=new_id("sin"), at=front.now, outcome="succeeded", methods=["pwd"], ip="203.0.113.9",
        network="203.0.113.0/24", user_agent="Firefox", attempt_id="", session_id="",
    )  # fmt: skip
    yield Notice(
        **own, id=new_id("ntc"), kind="new-device", facts={"ip": "203.0.113.9", "user_agent": "Firefox"}, at=front.now
    )
    yield Consent(**own, id=new_id("cns"), application_id=things.notebook, asks=["scope:openid"], given_at=front.now)
