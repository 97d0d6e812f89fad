"""What has happened in made-up organizations: entries of the audit log, and attempts, of the last months."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from idp.base.work import Work
from idp.cli.dev_seed import rules, tenants
from idp.cli.dev_seed.made_names import Chance
from idp.cli.dev_seed.tenants import Row, Tenant

_DAYS = 90


_TAGS: tuple[tuple[str, Row], ...] = (
    ("group.member-added", {"group": "Sales Porto 40", "account_id": "acc_x", "source": "manual"}),
    ("application.access-granted", {"subject_kind": "group", "subject": "Sales Porto 40"}),
    ("account.created", {"email": "someone@large.example", "name": "Someone", "kind": "member"}),
    ("account.disabled", {"email": "someone@large.example"}),
    ("account.enabled", {"email": "someone@large.example"}),
    ("session.started", {"methods": ["password", "totp"]}),
)


def moment(work: Work, chance: Chance, about: str, tenant: Tenant, number: int) -> datetime:
    """Return a moment of the last months."""
    return work.now - timedelta(seconds=chance.number(_DAYS * 86_400, about, tenant.number, number))


def ordered_id(prefix: str, at: datetime, number: int) -> str:
    """Return an id that sorts by its moment."""
    return f"{prefix}_{int(at.timestamp() * 1000):012x}{number:016d}"


def entries(work: Work, chance: Chance, tenant: Tenant) -> Iterator[Row]:
    """Let administrators have done things."""
    for number in range(tenant.entries):
        at = moment(work, chance, "aud", tenant, number)
        tag, details = _TAGS[number % len(_TAGS)]
        target = chance.number(tenant.accounts, "tg", tenant.number, number)
        actor = number % 50
        yield {
            "id": ordered_id("aud", at, tenant.number * 10_000_000 + number),
            "at": at,
            "tag": tag,
            "organization_id": tenant.id,
            "target_id": tenants.account_id(chance, tenant, target),
            "actor_kind": "account",
            "actor_id": tenants.account_id(chance, tenant, actor),
            "actor_name": f"administrator {actor}",
            "door": "web",
            "ip": f"192.0.2.{number % 256}",
            "request_id": "",
            "details": details,
        }


_KINDS = ("sign-in", "saml.sign-on", "oidc.sign-on")
_CODES = ("wrong_password", "no_access", "access_denied", "wrong_code")


def attempts(work: Work, chance: Chance, tenant: Tenant) -> Iterator[Row]:
    """Let people have signed in and on."""
    for number in range(tenant.attempts):
        at = moment(work, chance, "att", tenant, number)
        dice = chance.number(1 << 30, "d", tenant.number, number)
        kind, refused = _KINDS[dice % 3], dice % 13 == 0
        popular = (dice // 39) % max(1, tenant.applications)
        yield {
            "id": ordered_id("att", at, tenant.number * 10_000_000 + number),
            "at": at,
            "kind": kind,
            "organization_id": tenant.id,
            "site_id": tenant.site_ids[0],
            "application_id": None
            if kind == "sign-in"
            else tenants.application_id(chance, tenant, popular % (1 + popular // 7)),
            "account_id": tenants.account_id(chance, tenant, dice % max(1, tenant.accounts)),
            "request_id": "",
            "ip": f"198.51.100.{dice % 256}",
            "outcome": "refused" if refused else "succeeded",
            "code": _CODES[dice % len(_CODES)] if refused else "",
            "cause": "made up" if refused else "",
            "decision": "denied" if refused else "allowed",
            "rule": "",
            "context": {"network": "198.51.100.0/24", "methods": ["password", "totp"]}
            | ({"access": {"reported": rules.reported(tenant.policy_id, number)}} if tenant.policy_id else {}),
            "steps": [{"step": "policy", "state": "failed" if refused else "passed"}],
        }
