"""Verbs, called as they stand: whatever names something is named of an organization, the rest is nothing at all."""

import importlib
import inspect
import types
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from idp.base.errors import IdpError
from idp.base.work import Actor, HeldRole, Origin, Work
from idp.directory.models import Account, Application, Site
from idp.directory.provisioning_models import ProvisioningClient
from idp.oidc import templates as oidc_templates
from idp.saml import templates as saml_templates
from idp.saml.description import RequestedAttribute
from idp.saml.proposals import Proposal
from idp.signon.group_rule_runs import Wanted
from tests.support import vendors
from tests.support.front import ANN
from tests.support.two_tenants import Tenants, Things
from tests.support.verbs import requirements

NO_ENTRANCE = {
    "idp.provisioning.scim": "a token of a client says who calls; `tests/web/matrices/test_scim.py`",
    "idp.provisioning.accounts": "the same",
    "idp.provisioning.groups": "the same",
    "idp.signon.own_": "a session says whose; `tests/web/matrices/test_people.py`",
    "idp.signon.proving": "a sign-on under way says whose",
    "idp.signon.password_reset": "a link of a mail says whose",
    "idp.signon.joining.confirm": "the same",
    "idp.oidc.registration.manage": "a registration token says whose; `tests/web/matrices/test_doors.py`",
    "idp.saml.key_change.rotation_jobs": "a job says what",
    "idp.signon.account_imports.run": "the same",
    "idp.directory.organizations.create": "there is nothing yet that it could be of",
    "idp.directory.organizations.resume": "whoever runs the installation does it; `tests/directory/test_verbs_by_role.py`",
    "idp.directory.organizations.suspend": "the same",
    "idp.directory.domains.settle": "it goes on with what a verb before it has looked up",
    "idp.directory.import_steps": "the same",
    "idp.directory.claim_runs.start": "the same",
    "idp.signon.bulk_acts.meant": "it counts those whom the actor may see",
    "idp.directory.imports.begin": "the same",
    "idp.directory.keys.due": "it is about what the actor may see",
    "idp.directory.keys.of_sites": "it goes on with sites that were looked up",
    "idp.provisioning.targets.testing.note": "it goes on with what a verb before it has looked up",
    "idp.saml.doctor.examination.of_attempt": "the same",
    "idp.saml.doctor.gathering": "the same",
    "idp.saml.refreshing.settle": "the same",
    "idp.signon.account_export.cells": "the same",
    "idp.signon.factors.password.settle_new": "the same",
    "idp.signon.story.story": "the same",
    "idp.signon.what_if.what_if": "what it supposes names things; `tests/web/console/test_two_tenants.py`",
}
"""Verbs that are not called with names of things, by the beginning of their own, and why."""
_ACCOUNTS = (
    *("directory.accounts", "directory.launcher_arrangements", "directory.lifetime", "directory.policy_members"),
    *("signon.administered_password", "signon.email_change", "signon.signing_out_others", "signon.invitations.first"),
    *("oidc.administered_grants", "oidc.api_tokens.administered"),
)
_REFERENCES = {
    **dict.fromkeys(_ACCOUNTS, "account"),
    **dict.fromkeys(
        ("directory.claim_lists", "directory.domain_reads", "directory.domains", "directory.managed"), "domain"
    ),
    "directory.access_policies": "access policy",
    "directory.authentication_polic": "policy",
    "directory.join_rules": "join rule",
    "directory.roles": "role",
    "directory.zones": "zone",
    "oidc.apis": "api",
    "provisioning.clients": "client",
    "provisioning.tokens": "client",
    "provisioning.handing_over": "client",
    "provisioning.ending": "client",
    "signon.invitations": "invitation",
}
"""What ``reference`` names, by the beginning of the name of a verb."""
_NAMES = {
    "application_id": "application", "account": "account", "account_id": "account", "group": "group", "child": "group",
    "parent": "parent", "site": "slug", "slug": "slug", "site_slug": "slug", "site_id": "site", "api": "api",
    "policy": "access policy", "policy_": "access policy", "request_id": "request", "assignment_id": "assignment",
    "layout_id": "layout", "token_id": "token", "factor_id": "factor", "authenticator_id": "factor", "device_id": "factor",
    "grant_id": "grant", "import_id": "import", "accounts": "accounts", "people": "accounts", "layout_ids": "layouts",
    "ids": "tokens", "wanted": "groups", "role": "role", "organization": "organization", "organization_id": "organization id",
}  # fmt: skip
_HOLD = "UPDATE organizations SET "
"""Who changes members waits for others who do: the row is held, not changed (`directory.nesting.hold`)."""
_WHERE = frozenset({"organization", "organization id"})


GIVEN: Mapping[str, Mapping[str, Any]] = {
    "idp.directory.claim_lists.keep": {"content": b"dora@acme.example\n"},
    "idp.directory.keys.add": {"algorithm": "P-256"},
    "idp.oidc.clients.create": {"asked": {"client_name": "X", "redirect_uris": ["https://x.example/cb"]}},
    "idp.oidc.from_template.register_from_template": {
        "template": oidc_templates.find("grafana"),
        "given": {"url": "https://g.example"},
    },
    "idp.saml.from_template.register_from_template": {
        "template": saml_templates.find("slack"),
        "given": {"workspace": "acme"},
    },
    "idp.saml.proposing.agree": {"proposal": Proposal((), (RequestedAttribute("urn:x"),))},
    "idp.saml.registering.register": {"document": vendors.SHIBBOLETH.document(vendors.SHIBBOLETH).encode()},
    "idp.signon.bulk_acts.start": {"act": "disable"},
    "idp.signon.bulk_acts.target_name": {"act": "add-to-group"},
    "idp.signon.group_rule_runs.start_preview": {"wanted": Wanted()},
}
"""What verbs are given that look at it before they look at who acts: so that it is nothing that they refuse it for."""


class TouchedNothing(Exception):
    """A verb has gone on to what it was given, so it has not refused whoever acts."""


class Nothing:
    """What stands for an argument that names nothing: it must not be looked at before the actor is."""

    def _touched(self, *_: object, **__: object) -> Any:
        raise TouchedNothing

    __iter__ = __len__ = __getitem__ = __call__ = __int__ = __bool__ = __lt__ = __gt__ = __getattr__ = _touched


@dataclass(frozen=True)
class Verb:
    """A verb and its parameters: what each names; empty: nothing of an organization. ``needs``: without what no call is one."""

    name: str
    call: Any
    names: Mapping[str, str]
    needs: Mapping[str, Any]

    @property
    def objects(self) -> set[str]:
        return set(self.names.values()) - _WHERE


def verbs() -> list[Verb]:
    """Return every public verb that requires something and is told by names what it is about."""
    found = []
    for name in requirements():
        if has_no_entrance(name):
            continue
        module, _, function = name.rpartition(".")
        call = getattr(importlib.import_module(module), function)
        names, needs = {}, {}
        for one in [*inspect.signature(call).parameters.values()][1:]:
            kind = _kind(name.removeprefix("idp."), one)
            required = one.default is inspect.Parameter.empty and one.kind is not inspect.Parameter.VAR_KEYWORD
            if kind and (required or kind in _WHERE or (kind == "account" and "role_assignments" in name)):
                names[one.name] = kind
            elif required:
                needs[one.name] = one.annotation
        found.append(Verb(name, call, names, needs))
    return found


def has_no_entrance(name: str) -> bool:
    """Say whether a verb is not called with names of things; steps of runs are told what to do by their run."""
    return name.startswith(tuple(NO_ENTRANCE)) or name.endswith(".step")


def _kind(verb: str, parameter: inspect.Parameter) -> str:
    if parameter.annotation in (Site, Application, Account, ProvisioningClient):
        return parameter.annotation.__name__
    if parameter.name == "wanted" and verb != "signon.invitations.enter":
        return ""
    if parameter.name == "account" and verb.startswith("directory.role_assignments"):
        return "account"
    if parameter.name == "reference":
        return next((kind for start, kind in sorted(_REFERENCES.items(), reverse=True) if verb.startswith(start)), "?")
    if parameter.name == "slug" and verb.startswith("directory.organizations"):
        return "organization"
    if parameter.name == "slug" and verb == "directory.sites.create":
        return ""
    if parameter.name == "request_id" and verb.startswith("signon.joining"):
        return "join request"
    if parameter.name == "application_id" and verb.startswith("oidc."):
        return "oidc application"
    if parameter.name == "application_id" and verb.startswith("directory.bookmarks"):
        return "bookmark"
    return _NAMES.get(parameter.name, "")


class Named:
    """What there is in an organization, by the kinds of it that verbs are told of."""

    def __init__(self, tenants: Tenants, organization_id: str) -> None:
        things = Things(tenants, organization_id)
        self.tenants, self.organization_id, self.things = tenants, organization_id, things
        [(slug,)] = tenants.rows("SELECT slug FROM organizations WHERE id = ?", organization_id)
        values = things.values("/admin/accounts")
        joining = things.values("/admin/joining/")
        token = self._one("api_tokens")
        self.of: dict[str, Any] = {
            "organization": slug, "organization id": organization_id, "application": things.okta,
            "oidc application": things.notebook, "bookmark": things.bookmark, "account": things.dora,
            "group": things.staff, "parent": things.board, "slug": things.slug, "site": things.acme,
            "api": self._one("apis"), "access policy": things.payroll, "policy": values["policy_id"],
            "request": values["request_id"], "join request": joining["request_id"], "join rule": joining["rule_id"],
            "assignment": values["assignment_id"], "layout": values["layout_id"], "layouts": [values["layout_id"]],
            "token": token, "tokens": [token], "factor": self._one("totp_factors"), "grant": values["grant_id"],
            "groups": [things.staff], "import": values["import_id"], "accounts": [things.dora], "role": values["role_key"],
            "domain": values["domain_id"], "zone": values["zone_id"], "client": values["client_id"],
            "invitation": things.invitation,
        }  # fmt: skip

    def _one(self, table: str) -> str:
        return str(
            self.tenants.rows(f"SELECT id FROM {table} WHERE organization_id = ? ORDER BY id", self.organization_id)[0][
                0
            ]
        )

    def get(self, kind: str, work: Work) -> Any:
        """Return what a parameter of that kind is told; rows are looked up."""
        rows = {
            "Site": (Site, self.things.acme), "Application": (Application, self.things.okta),
            "Account": (Account, self.things.dora), "ProvisioningClient": (ProvisioningClient, self.of["client"]),
        }  # fmt: skip
        if kind in rows:
            model, id_ = rows[kind]
            return work.tx.session.get_one(model, (self.organization_id, id_))
        return self.of[kind]


class Calls:
    """Calls verbs as Ann, in units of work that are taken back; says what came of it."""

    def __init__(self, tenants: Tenants) -> None:
        self.tenants, self.front = tenants, tenants.front
        self.ours, self.theirs = Named(tenants, tenants.ours), Named(tenants, tenants.theirs)
        self.written: list[str] = []

    def _note(self, statement: str) -> None:
        if statement.lstrip()[:6].upper() in ("INSERT", "UPDATE", "DELETE") and not statement.startswith(_HOLD):
            self.written.append(statement.split(" SET ")[0][:60])

    def actor(self, held: HeldRole) -> Actor:
        """Return Ann, who holds one role."""
        return Actor("account", self.front.account_ids[ANN], ANN, self.tenants.ours, (held,))

    def call(self, verb: Verb, held: HeldRole, where: Named, objects: Named) -> tuple[str, str, list[str]]:
        """
        Call a verb with names out of *where* (the organization) and *objects* (everything else).

        Returns:
            the name of the error that it raised, or empty; what it said or returned; which tables it wrote to.
        """
        ann = self.actor(held)
        self.written.clear()
        with self.front.database.transaction() as tx:
            driver = tx.connection.connection.driver_connection
            driver.set_trace_callback(self._note)  # what is written beside the session, too
            work = Work(tx, ann, self.front.now, Origin("web", ip="203.0.113.7"))
            told = {name: (where if kind in _WHERE else objects).get(kind, work) for name, kind in verb.names.items()}
            told |= {name: _some(annotation) for name, annotation in verb.needs.items()} | GIVEN.get(verb.name, {})
            try:
                found = verb.call(work, **told)
                said = repr([*found] if isinstance(found, types.GeneratorType) else found)
                tx.session.flush()
                error = ""
            except IdpError as refused:
                error, said = type(refused).__name__, f"{refused.message} {refused.advice}"
            except Exception as broken:
                error, said = type(broken).__name__, str(broken)
            driver.set_trace_callback(None)
            tx.session.rollback()
        return error, said, list(self.written)


def _some(annotation: Any) -> Any:
    plain = {str: "x", int: 1, bool: False, bytes: b"x"}
    return plain.get(annotation, Nothing())
