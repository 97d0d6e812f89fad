"""Long work of the large organization that is over: acts on many, previews of rules, files of accounts that were read."""

from collections.abc import Iterator
from datetime import timedelta

from idp.base.work import Work
from idp.cli.dev_seed import tenants
from idp.cli.dev_seed.made_names import GIVEN, Chance
from idp.cli.dev_seed.tenants import Row, Tenant

_RUNS, _FINDINGS, _IMPORTS, _ROWS = 200, 100, 20, 100


def runs(work: Work, chance: Chance, tenant: Tenant) -> Iterator[Row]:
    """Let administrators have done things to many, one of ten with as many findings as are kept; some previewed a rule."""
    ruled = tenants.leaves(tenant).ruled
    for number in range(_RUNS if ruled else 0):
        group = tenants.group_id(chance, tenant, ruled[number % len(ruled)])
        failed = _FINDINGS if number % 10 == 0 else number % 7
        ended = work.now - timedelta(hours=10 * number)
        yield {
            "organization_id": tenant.id,
            "id": chance.id("run", "more", number),
            "total": 1000,
            "done": 1000 - failed,
            "failed": failed,
            "state": "finished",
            "findings": [f"person.{one}@example.com: It is disabled already." for one in range(failed)],
            "created_by": tenants.account_id(chance, tenant, 0),
            "created_by_name": "administrator",
            "created_at": ended - timedelta(minutes=5),
            "finished_at": ended,
            **(_preview(chance, group) if number % 8 == 0 else _act(number)),
        }


def _act(number: int) -> Row:
    if number % 3 == 0:
        return {"kind": "bulk-objects", "title": f"Check {number} domains"}
    return {"kind": "bulk-accounts", "title": f"Disable {number} accounts"}


def _preview(chance: Chance, group_id: str) -> Row:
    people = [[f"{chance.one(GIVEN, 'preview', one)} Entering", f"entering.{one}@large.example"] for one in range(20)]
    return {
        "kind": "group-rule-preview",
        "title": "Preview of the rule of a group",
        "parameters": {"group_id": group_id, "condition": None, "excepted": None, "brake_percent": None},
        "result": {
            "members": 30,
            "entering": 900,
            "leaving": 0,
            "entering_people": people,
            "leaving_people": [],
        },
    }


def imports(work: Work, chance: Chance, tenant: Tenant) -> Iterator[Row]:
    """Let files of accounts have been read; every second one was carried out."""
    for number in range(_IMPORTS if tenant.number == 0 else 0):
        at = work.now - timedelta(days=number)
        yield {
            "organization_id": tenant.id,
            "id": chance.id("imp", "more", number),
            "file_name": f"people-{number}.csv",
            "state": "applied" if _is_applied(number) else "previewed",
            "counts": {"create": _ROWS, "change": 0, "unchanged": 0, "wrong": 0},
            "created_by_name": "administrator",
            "created_at": at,
            "applied_at": at if _is_applied(number) else None,
        }


def import_rows(work: Work, chance: Chance, tenant: Tenant) -> Iterator[Row]:
    """Write down what each line of them said."""
    for number in range(_IMPORTS * _ROWS if tenant.number == 0 else 0):
        of, line = divmod(number, _ROWS)
        yield {
            "organization_id": tenant.id,
            "id": chance.id("imr", "more", number),
            "import_id": chance.id("imp", "more", of),
            "number": line + 2,
            "email": f"imported.{number}@{tenants.domain(tenant)}",
            "action": "create",
            "after": {"name": f"{chance.one(GIVEN, 'import', number)} Imported", "groups": []},
            "outcome": "created" if _is_applied(of) else "",
        }


def _is_applied(number: int) -> bool:
    return number % 2 == 0
