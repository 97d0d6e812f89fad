"""Applications of the large organization that are told of its accounts: where, of whom, and what is still to be sent."""

from collections.abc import Iterator
from datetime import timedelta

from idp.base.work import Work
from idp.cli.dev_seed import tenants
from idp.cli.dev_seed.made_names import Chance
from idp.cli.dev_seed.tenants import Row, Tenant
from idp.provisioning.targets import tokens
from idp.provisioning.targets.rendering import DEFAULT_MAPPING

_TARGETS, _GROUPS, _MARKS = 20, 8, 400
_FAILING, _HELD, _STOPPED, _OFF = 1, 2, 3, 4
"""Of which target something is not well; the others are as they should be."""


def told(chance: Chance, tenant: Tenant) -> list[int]:
    """Return the numbers of the applications that are told: at first those that everyone may open."""
    if tenant.number != 0:
        return []
    able = (one for one in range(tenant.applications) if tenants.protocol(chance, tenant, one) != "bookmark")
    return sorted(able, key=lambda number: (number % 25 != 0, number))[:_TARGETS]


def targets(work: Work, chance: Chance, tenant: Tenant) -> Iterator[Row]:
    """Say where applications are told: at addresses that do not exist, with tokens that nobody takes."""
    for one, number in enumerate(told(chance, tenant)):
        target_id = _target_id(chance, one)
        yield {
            "organization_id": tenant.id,
            "id": target_id,
            "application_id": tenants.application_id(chance, tenant, number),
            "endpoint": f"https://app-{number}.{tenants.domain(tenant)}/scim/v2",
            "token_sealed": tokens.seal(work, target_id, "made-up"),
            "pushed_group_ids": _pushed(chance, tenant),
            "mapping": dict(DEFAULT_MAPPING),
            "enabled_at": None if one == _OFF else work.now - timedelta(days=200),
            "failing_since": work.now - timedelta(hours=3) if one == _FAILING else None,
            "error": "unreachable" if one == _FAILING else "",
            "next_at": work.now + timedelta(hours=1) if one == _FAILING else None,
            "held_at": work.now - timedelta(hours=9) if one == _HELD else None,
            "stopped_at": work.now - timedelta(days=1) if one == _STOPPED else None,
            "told_at": work.now - timedelta(minutes=10),
            "created_at": work.now - timedelta(days=200),
        }


def accounts(work: Work, chance: Chance, tenant: Tenant) -> Iterator[Row]:
    """Let the first target know everybody, each of the others a tenth of them."""
    for one, _ in enumerate(told(chance, tenant)):
        for number in range(tenant.accounts):
            if one and chance.number(10, "told", one, number):
                continue
            state = _state(chance, one, number)
            active = state not in ("gone", "held")
            yield {
                "organization_id": tenant.id,
                "id": chance.id("pta", one, number),
                "target_id": _target_id(chance, one),
                "account_id": tenants.account_id(chance, tenant, number),
                "state": state,
                "act": "update" if active else "deactivate",
                "active": active,
                "remote_id": f"there-{number}",
                "digest": "made up",
                "sent": sorted(DEFAULT_MAPPING),
                "error": "refused" if state == "failed" else "",
                "next_at": work.now + timedelta(hours=1) if state == "waiting" else None,
                "changed_at": work.now - timedelta(minutes=chance.number(100_000, "toldat", one, number)),
            }


def groups(work: Work, chance: Chance, tenant: Tenant) -> Iterator[Row]:
    """Let each target have been told of some groups."""
    for one, _ in enumerate(told(chance, tenant)):
        for group_id in _pushed(chance, tenant):
            yield {
                "organization_id": tenant.id,
                "id": chance.id("ptg", one, group_id),
                "target_id": _target_id(chance, one),
                "group_id": group_id,
                "remote_id": f"there-{group_id}",
                "digest": "made up",
                "members": 30,
                "changed_at": work.now - timedelta(days=3),
            }


def marks(work: Work, chance: Chance, tenant: Tenant) -> Iterator[Row]:
    """Note accounts whose access ends on a day to come."""
    for number in range(_MARKS if told(chance, tenant) else 0):
        yield {
            "organization_id": tenant.id,
            "id": chance.id("ptm", number),
            "account_id": tenants.account_id(chance, tenant, number % tenant.accounts),
            "due_at": work.now + timedelta(days=1 + number % 60),
        }


def _target_id(chance: Chance, one: int) -> str:
    return chance.id("pvo", one)


def _pushed(chance: Chance, tenant: Tenant) -> list[str]:
    count = min(_GROUPS, tenants.group_count(tenant))
    return [tenants.group_id(chance, tenant, number) for number in range(count)]


def _state(chance: Chance, one: int, number: int) -> str:
    dice = chance.number(200, "toldstate", one, number)
    if dice == 0:
        return "failed"
    if one == _HELD and dice < 20:
        return "held"
    return "waiting" if dice == 20 else "gone" if 20 < dice < 30 else "there"
