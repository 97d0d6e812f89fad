"""Rules and roles of the large organization, of which it has some dozens, so that no page of the console is empty."""

from collections.abc import Callable, Iterator, Sequence
from datetime import timedelta
from typing import Any

from idp.base import bulk
from idp.base.work import Work
from idp.cli.dev_seed import tenants
from idp.cli.dev_seed.made_names import PLACES, WORK, Chance
from idp.cli.dev_seed.tenants import RULES, Row, Tenant
from idp.directory import access_policies, names, zones
from idp.directory.group_models import GroupRule
from idp.directory.joining_models import JoinRule
from idp.directory.launcher_models import LauncherLayout
from idp.directory.models import Role, RoleAssignment
from idp.directory.zones import Contents
from idp.policy.access import documents
from idp.policy.permissions import Permission

_ROLES, _LAYOUTS, _ZONES = 12, 10, 30


def fill(work: Work, chance: Chance, tenant: Tenant) -> dict[str, int]:
    """Write the rules of one organization; return how many rows each table was given."""
    leaves = tenants.leaves(tenant)
    ruled, plain = ([tenants.group_id(chance, tenant, one) for one in some] for some in (leaves.ruled, leaves.plain))

    def rows(model: Any, prefix: str, count: int, of: Callable[[int], Row]) -> int:
        made: Iterator[Row] = (
            {"organization_id": tenant.id, "id": chance.id(prefix, "more", number), **of(number)}
            for number in range(count)
        )
        return bulk.write(work.tx, model, made)

    counts = {
        "group rules": rows(GroupRule, "rul", len(ruled), lambda n: _group_rule(work, chance, ruled, n)),
        "roles": rows(Role, "rol", _ROLES, lambda n: _role(work, n)),
        "roles of groups": rows(RoleAssignment, "ras", len(plain), lambda n: _assigned(work, plain, n)),
        "layouts": rows(LauncherLayout, "lay", min(_LAYOUTS, len(plain)), lambda n: _layout(work, plain, n)),
        "join rules": rows(JoinRule, "jru", _ROLES, lambda n: _join_rule(work, plain, n)),
    }
    for number in range(_ZONES):
        zones.create(work, tenant.slug, f"Office {number}", Contents(networks=(f"10.{number}.0.0/16",)))
    counts["zones"] = _ZONES
    counts["access rules"] = _access_rules(work, tenant.slug, plain)
    return counts


def reported(policy_id: str, number: int) -> list[list[str]]:
    """Return what rules in report-only said in the attempt of that *number*; every tenth met one."""
    return [[policy_id, f"rule-{number % RULES}", "denied"]] if number % 10 == 0 else []


def _group_rule(work: Work, chance: Chance, ruled: Sequence[str], number: int) -> Row:
    return {
        "group_id": ruled[number],
        "condition": f'department is "{chance.one(WORK, "rule", number)}"',
        "created_at": work.now - timedelta(days=200),
    }


def _role(work: Work, number: int) -> Row:
    name = f"Desk of {PLACES[number % len(PLACES)]} {number}"
    return {
        "name": name,
        "name_key": names.name_key(name),
        "permissions": [Permission.ACCOUNT_READ.value, Permission.GROUP_READ.value],
        "created_at": work.now - timedelta(days=300),
    }


def _assigned(work: Work, plain: Sequence[str], number: int) -> Row:
    return {"group_id": plain[number], "role": "help-desk", "valid_from": work.now - timedelta(days=100)}


def _layout(work: Work, plain: Sequence[str], number: int) -> Row:
    return {
        "group_id": plain[number],
        "rank": number,
        "sections": [{"name": "Daily", "applications": []}],
        "created_at": work.now - timedelta(days=100),
    }


def _join_rule(work: Work, plain: Sequence[str], number: int) -> Row:
    return {
        "domain": f"join-{number}.example",
        "groups": list(plain[:1]),
        "created_at": work.now - timedelta(days=100),
    }


def _access_rules(work: Work, slug: str, plain: Sequence[str]) -> int:
    """Let rules of the policy for signing in report what they would do: nobody is let in or kept out by them."""
    policy = access_policies.policies(work, slug)[0]
    rules = [
        {
            "id": f"rule-{number}",
            "name": f"Rule {number}",
            "mode": "report-only",
            "conditions": {"people": {"groups": [plain[number % len(plain)]]}},
            "answer": {"effect": "deny"},
        }
        for number in range(RULES)
    ]
    access_policies.write(work, slug, policy.id, documents.rules_from_json({"rules": rules}))
    return len(rules)
