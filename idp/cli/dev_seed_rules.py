"""
Made-up rules and long work of the large organization, for `idp dev seed`: what it has some dozens or hundreds of.

Beside the tables in `dev_seed`, so that no page of the console is empty where it is measured.
"""

from collections.abc import Callable, Iterator, Sequence
from datetime import timedelta
from typing import Any

from idp.base import bulk
from idp.base.work import Work
from idp.cli.dev_names import GIVEN, PLACES, WORK, Chance
from idp.directory import access_policies, names, zones
from idp.directory.console_models import Run
from idp.directory.group_models import GroupRule
from idp.directory.joining_models import AccountImport, AccountImportRow, JoinRule
from idp.directory.launcher_models import LauncherLayout
from idp.directory.models import Role, RoleAssignment
from idp.directory.zones import Contents
from idp.policy.access import documents
from idp.policy.permissions import Permission

Row = dict[str, Any]
RULES, _ROLES, _RUNS, _IMPORTS, _ROWS, _LAYOUTS, _ZONES = 20, 12, 120, 20, 100, 10, 30


def fill(
    work: Work,
    chance: Chance,
    slug: str,
    organization_id: str,
    *,
    ruled: Sequence[str],
    plain: Sequence[str],
    accounts: Sequence[str],
) -> dict[str, int]:
    """
    Write the rules and the long work of one organization; return how many rows each table was given.

    Args:
        ruled, plain: ids of groups that are filled by rules, and of others.
        accounts: ids of some.
    """

    def rows(model: Any, prefix: str, count: int, of: Callable[[int], Row]) -> int:
        made: Iterator[Row] = (
            {"organization_id": organization_id, "id": chance.id(prefix, "more", number), **of(number)}
            for number in range(count)
        )
        return bulk.write(work.tx, model, made)

    counts = {
        "group rules": rows(GroupRule, "rul", len(ruled), lambda n: _group_rule(work, chance, ruled, n)),
        "roles": rows(Role, "rol", _ROLES, lambda n: _role(work, n)),
        "roles of groups": rows(RoleAssignment, "ras", len(plain), lambda n: _assigned(work, plain, n)),
        "runs": rows(Run, "run", _RUNS, lambda n: _run(work, accounts, n)),
        "imports": rows(AccountImport, "imp", _IMPORTS, lambda n: _import(work, n)),
        "rows of imports": rows(AccountImportRow, "imr", _IMPORTS * _ROWS, lambda n: _import_row(chance, slug, n)),
        "layouts": rows(LauncherLayout, "lay", min(_LAYOUTS, len(plain)), lambda n: _layout(work, plain, n)),
        "join rules": rows(JoinRule, "jru", _ROLES, lambda n: _join_rule(work, plain, n)),
    }
    for number in range(_ZONES):
        zones.create(work, slug, f"Office {number}", Contents(networks=(f"10.{number}.0.0/16",)))
    counts["zones"] = _ZONES
    counts["access rules"] = _access_rules(work, slug, plain)
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


def _run(work: Work, accounts: Sequence[str], number: int) -> Row:
    ended = work.now - timedelta(days=number)
    return {
        "kind": "bulk-accounts",
        "title": f"Disable {number} accounts",
        "total": 1000,
        "done": 990,
        "failed": 10,
        "state": "finished",
        "findings": [f"person.{n}@example.com: It is disabled already." for n in range(10)],
        "created_by": accounts[0],
        "created_by_name": "administrator",
        "created_at": ended - timedelta(minutes=5),
        "finished_at": ended,
    }


def _import(work: Work, number: int) -> Row:
    at = work.now - timedelta(days=number)
    applied = number % 2 == 0
    return {
        "file_name": f"people-{number}.csv",
        "state": "applied" if applied else "previewed",
        "counts": {"create": _ROWS, "change": 0, "unchanged": 0, "wrong": 0},
        "created_by_name": "administrator",
        "created_at": at,
        "applied_at": at if applied else None,
    }


def _import_row(chance: Chance, slug: str, number: int) -> Row:
    of, line = divmod(number, _ROWS)
    given = chance.one(GIVEN, "import", number)
    return {
        "import_id": chance.id("imp", "more", of),
        "number": line + 2,
        "email": f"imported.{number}@{slug}.example",
        "action": "create",
        "after": {"name": f"{given} Imported", "groups": []},
        "outcome": "created" if of % 2 == 0 else "",
    }


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
