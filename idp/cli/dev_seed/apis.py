"""APIs of the large organization with what can be done at each, who may, and tokens that people made for them; and those by which clients register."""

from collections.abc import Iterator
from datetime import timedelta

from idp.base.work import Work
from idp.cli.dev_seed import tenants
from idp.cli.dev_seed.made_names import TOOLS, Chance
from idp.cli.dev_seed.tenants import Row, Tenant

_APIS, _SCOPES, _TOKENS = 50, ("read", "write", "report", "administer"), 2_000
_REGISTRATION_TOKENS = 200


def apis(work: Work, chance: Chance, tenant: Tenant) -> Iterator[Row]:
    """Make APIs at each site; most take API tokens."""
    for number in range(_count(tenant)):
        yield {
            "organization_id": tenant.id,
            "id": _api_id(chance, number),
            "site_id": _site_id(tenant, number),
            "identifier": f"https://api-{number}.{tenants.domain(tenant)}/",
            "name": f"API of {chance.one(TOOLS, 'api', number)} {number}",
            "token_format": "opaque" if number % 4 == 3 else "jwt",
            "token_seconds": 600,
            "takes_api_tokens": number % 5 != 4,
            "created_at": work.now - timedelta(days=400),
        }


def scopes(work: Work, chance: Chance, tenant: Tenant) -> Iterator[Row]:
    """Say what can be done at each."""
    for number in range(_count(tenant)):
        for scope in _SCOPES:
            yield {
                "organization_id": tenant.id,
                "id": chance.id("scp", number, scope),
                "site_id": _site_id(tenant, number),
                "api_id": _api_id(chance, number),
                "name": f"api-{number}:{scope}",
                "description": f"{scope.capitalize()} what is kept there.",
                "created_at": work.now - timedelta(days=400),
            }


def grants(work: Work, chance: Chance, tenant: Tenant) -> Iterator[Row]:
    """Let everyone read, groups do the rest, and applications ask for all of it."""
    for number in range(_count(tenant)):
        for one, scope in enumerate(_SCOPES):
            group = chance.number(tenants.group_count(tenant), "apigroup", number, scope)
            client = chance.number(tenant.applications, "apiclient", number, scope)
            subjects = {
                "application": tenants.application_id(chance, tenant, client),
                **({"everyone": tenant.id} if one == 0 else {"group": tenants.group_id(chance, tenant, group)}),
            }
            for kind, subject_id in subjects.items():
                yield {
                    "organization_id": tenant.id,
                    "id": chance.id("asg", number, scope, kind),
                    "scope_id": chance.id("scp", number, scope),
                    "subject_kind": kind,
                    "subject_id": subject_id,
                    "valid_from": work.now - timedelta(days=400),
                }


def tokens(work: Work, chance: Chance, tenant: Tenant) -> Iterator[Row]:
    """Let people have made API tokens, of which each third one was used, some are over and some revoked. Nobody has them."""
    taking = [number for number in range(_count(tenant)) if number % 5 != 4]
    for number in range(min(_TOKENS, tenant.accounts // 6) if taking else 0):
        api = taking[number % len(taking)]
        created = work.now - timedelta(hours=2 * number + 1)
        yield {
            "organization_id": tenant.id,
            "id": chance.id("atk", number),
            "account_id": tenants.account_id(chance, tenant, chance.number(tenant.accounts, "atk", number)),
            "site_id": _site_id(tenant, api),
            "api_id": _api_id(chance, api),
            "label": f"Nightly report {number}",
            "scope": f"api-{api}:read api-{api}:report",
            "subject": chance.id("sub", "atk", number),
            "token_hash": chance.id("made-up", "atk", number),
            "ending": f"{number:04d}",
            "epoch": 0,
            "created_at": created,
            "expires_at": created + timedelta(days=120),
            "last_used_at": work.now - timedelta(hours=number % 700) if number % 3 == 0 else None,
            "revoked_at": work.now - timedelta(hours=1) if number % 25 == 7 else None,
            "revoked_because": "person" if number % 25 == 7 else "",
        }


def registration_tokens(work: Work, chance: Chance, tenant: Tenant) -> Iterator[Row]:
    """Let there be tokens by which clients register themselves, of which each third one is open. Nobody has them."""
    for number in range(_REGISTRATION_TOKENS if tenant.number == 0 else 0):
        created = work.now - timedelta(days=number)
        yield {
            "organization_id": tenant.id,
            "id": chance.id("rgt", number),
            "site_id": _site_id(tenant, number),
            "name": f"Build server {number}",
            "token_hash": chance.id("made-up", "rgt", number),
            "uses_left": 3 if number % 3 == 0 else 0,
            "created_at": created,
            "expires_at": created + timedelta(days=300),
        }


def _count(tenant: Tenant) -> int:
    return _APIS if tenant.number == 0 else 0


def _api_id(chance: Chance, number: int) -> str:
    return chance.id("api", number)


def _site_id(tenant: Tenant, number: int) -> str:
    return tenant.site_ids[number % len(tenant.site_ids)]
