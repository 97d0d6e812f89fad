"""Verbs on targets: where an application is told of accounts, what of them, and with which token."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from sqlalchemy import delete, func, select

from idp.audit.events import ProvisioningTargetChanged, ProvisioningTargetRemoved, ProvisioningTokenSet
from idp.audit.log import record
from idp.base.egress import LONGEST_URL
from idp.base.errors import Invalid
from idp.base.ids import new_id
from idp.base.texts import is_plain, phrase
from idp.base.work import Work
from idp.directory import attributes, policies, queries
from idp.directory.models import Application
from idp.directory.rights import require_on
from idp.directory.told_models import ProvisioningTarget, ToldAccount, ToldGroup
from idp.policy.permissions import Permission
from idp.provisioning.targets import carrying, found, noticing, tokens
from idp.provisioning.targets.rendering import ATTRIBUTES, DEFAULT_MAPPING

MOST_GROUPS = 50
_LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})


@dataclass(frozen=True, slots=True)
class Wanted:
    """
    How an application is to be told.

    Args:
        endpoint: the base address of its SCIM server, as https://…/scim/v2.
        everybody: all who may open it are told of; else those alone who are in one of *groups*.
        groups: names or ids of groups; none with *everybody*, one at least without.
        pushed_groups: names or ids of groups that are made there, with those of their members who are there.
        mapping: SCIM attribute (`rendering.ATTRIBUTES`) → ours.
        on_loss: ``deactivate`` or ``delete``.
        brake_percent: more deactivations at once than this part of the accounts there wait for approval; 0 to 100.
    """

    endpoint: str
    everybody: bool = False
    groups: Sequence[str] = ()
    pushed_groups: Sequence[str] = ()
    mapping: Mapping[str, str] | None = None
    on_loss: str = carrying.DEACTIVATE
    brake_percent: int = 10


def set_up(
    work: Work, application_id: str, wanted: Wanted, *, if_version: int | None = None, http_loopback: bool = False
) -> ProvisioningTarget:
    """
    Say where an application is told of accounts, and what; or change it. Nothing is sent until it is switched on.

    Another address is another place: its token is forgotten, it is switched off, and whom it knows is not known any more.

    Args:
        http_loopback: http addresses on this machine are taken, too (for trials).

    Raises:
        NotFound: no such application or group that this actor may see.
        Forbidden: the actor may not edit the application.
        Invalid: something of it cannot be taken.
        ChangedMeanwhile: somebody else has changed it in the meantime.
    """
    application = queries.application(work, application_id)
    require_on(work, Permission.APPLICATION_EDIT, application)
    values = _read(work, application, wanted, http_loopback)
    target = found.of_application(work, application)
    if target is None:
        target = ProvisioningTarget(
            organization_id=application.organization_id,
            id=new_id("ptg"),
            application_id=application.id,
            created_at=work.now,
            **values,
        )
        work.tx.session.add(target)
        work.tx.session.flush()
        before: dict[str, str] = {}
    else:
        _, target = found.editable(work, application.id, if_version=if_version)
        before = _words(target)
        moved = target.endpoint != values["endpoint"]
        for name, value in values.items():
            setattr(target, name, value)
        if moved:
            _forget(work, target)
        work.tx.session.flush()
        if not moved and target.enabled_at is not None:
            noticing.mark(work, target)
    after = _words(target)
    changed = sorted(name for name in after if before.get(name) != after[name])
    if changed:
        record(
            work,
            ProvisioningTargetChanged(
                organization_id=target.organization_id,
                target_id=target.id,
                application=application.name,
                before={name: before[name] for name in changed if name in before},
                after={name: after[name] for name in changed},
            ),
        )
    return target


def set_token(work: Work, application_id: str, token: str, *, if_version: int | None = None) -> ProvisioningTarget:
    """
    Give a target the token that it is called with; the former one is forgotten. One that was stopped goes on.

    Raises:
        NotFound: no such application that this actor may see, or it is told of nothing.
        Forbidden: the actor may not edit the application.
        Invalid: it is no token.
        ChangedMeanwhile: somebody else has changed it in the meantime.
    """
    application, target = found.editable(work, application_id, if_version=if_version)
    target.token_sealed = tokens.seal(work, target.id, token)
    target.stopped_at = target.next_at = target.failing_since = None
    target.error, target.tries = "", 0
    work.tx.session.flush()
    record(
        work,
        ProvisioningTokenSet(organization_id=target.organization_id, target_id=target.id, application=application.name),
    )
    return target


def remove(work: Work, application_id: str, *, if_version: int | None = None) -> int:
    """
    Tell an application of nothing any more. Its accounts stay there as they are; return how many are known.

    Raises:
        NotFound: no such application that this actor may see, or it is told of nothing.
        Forbidden: the actor may not edit the application.
        ChangedMeanwhile: somebody else has changed it in the meantime.
    """
    application, target = found.editable(work, application_id, if_version=if_version)
    count = work.tx.session.scalar(select(func.count()).where(*_accounts_of(target))) or 0
    _forget(work, target)
    work.tx.session.delete(target)
    work.tx.session.flush()
    record(
        work,
        ProvisioningTargetRemoved(
            organization_id=target.organization_id, target_id=target.id, application=application.name, accounts=count
        ),
    )
    return count


def _forget(work: Work, target: ProvisioningTarget) -> None:
    """T8: what was meant for one address is never sent to another; ids of one server mean nothing at another."""
    target.token_sealed, target.update_by, target.error, target.tries = "", "patch", "", 0
    target.enabled_at = target.stopped_at = target.failing_since = target.next_at = None
    target.held_at = target.told_at = target.groups_due_at = target.groups_locked_until = None
    of = ToldGroup
    work.tx.session.execute(delete(of).where(of.organization_id == target.organization_id, of.target_id == target.id))
    work.tx.session.execute(delete(ToldAccount).where(*_accounts_of(target)))


def _accounts_of(target: ProvisioningTarget) -> tuple[Any, ...]:
    return (
        ToldAccount.organization_id == target.organization_id,
        ToldAccount.target_id == target.id,
    )


def _read(work: Work, application: Application, wanted: Wanted, http_loopback: bool) -> dict[str, Any]:
    if wanted.on_loss not in carrying.LOSSES:
        raise Invalid("Say what happens to who loses access: deactivate or delete.", field="on_loss")
    if not 0 <= wanted.brake_percent <= 100:
        raise Invalid("The brake is a number from 0 to 100.", field="brake_percent")
    group_ids = _group_ids(work, application, wanted.groups, "groups")
    if wanted.everybody and group_ids:
        raise Invalid(
            "Either everybody is told of, or members of these groups.",
            field="groups",
            advice="Take the groups out, or choose members of groups.",
        )
    if not wanted.everybody and not group_ids:
        raise Invalid(
            "Say who is told of: everybody who may open it, or members of certain groups.",
            field="groups",
            advice="Name a group at least, or choose everybody.",
        )
    return {
        "endpoint": endpoint(wanted.endpoint, http_loopback=http_loopback),
        "everybody": wanted.everybody,
        "group_ids": group_ids,
        "pushed_group_ids": _group_ids(work, application, wanted.pushed_groups, "pushed_groups"),
        "mapping": _released(
            work, application, _mapping(DEFAULT_MAPPING if wanted.mapping is None else wanted.mapping)
        ),
        "on_loss": wanted.on_loss,
        "brake_percent": wanted.brake_percent,
    }


def _group_ids(work: Work, application: Application, named: Sequence[str], field: str) -> list[str]:
    names = [one.strip() for one in named if one.strip()]
    if len(names) > MOST_GROUPS:
        raise Invalid(phrase("Name at most %(most)s groups.", most=MOST_GROUPS), field=field)
    return sorted({queries.group(work, one, organization_id=application.organization_id).id for one in names})


def endpoint(value: str, *, http_loopback: bool) -> str:
    """
    Return the base address of a SCIM server, without a slash at its end.

    Raises:
        Invalid: it is none that could be called.
    """
    value = value.strip().rstrip("/")
    try:
        parts = urlsplit(value)
        host, _port = parts.hostname or "", parts.port
    except ValueError:
        host = ""
    plain = value.isascii() and is_plain(value) and len(value) <= LONGEST_URL and not set(' "<>\\^`{|}?#') & set(value)
    secure = host and (parts.scheme == "https" or (http_loopback and parts.scheme == "http" and host in _LOOPBACK))
    if not plain or not secure or "@" in parts.netloc:
        raise Invalid(
            "This is no address of a SCIM server.",
            field="endpoint",
            advice="It begins with https:// and has no ? or #, as https://app.example.org/scim/v2.",
        )
    return value


def _mapping(asked: Mapping[str, str]) -> dict[str, str]:
    chosen = {name: ours.strip() for name, ours in asked.items() if ours.strip()}
    for name, ours in chosen.items():
        if name not in ATTRIBUTES:
            raise Invalid(
                phrase("“%(name)s” is no attribute that can be sent.", name=name[:80]),
                field="mapping",
                advice=phrase("Choose among %(all)s.", all=", ".join(ATTRIBUTES)),
            )
        if ours == "groups":
            raise Invalid("Groups are not sent as an attribute of a person.", field="mapping")
        attributes.name(ours)
    if "userName" not in chosen:
        raise Invalid("Say which attribute is userName: every account has one there.", field="mapping")
    return dict(sorted(chosen.items()))


def _released(work: Work, application: Application, mapping: dict[str, str]) -> dict[str, str]:
    """What the organization lets no application have is not sent to this one's server either."""
    known = {*attributes.ATTRIBUTES, *policies.further_released(work, application)}
    for ours in mapping.values():
        if ours not in known:
            raise Invalid(
                phrase("“%(name)s” is released to no application of this site.", name=ours),
                field="mapping",
                advice="The organization releases a further attribute first: idp organization release",
            )
    return mapping


def _words(target: ProvisioningTarget) -> dict[str, str]:
    return {
        "endpoint": target.endpoint,
        "who": "everybody" if target.everybody else "members of groups",
        "groups": ", ".join(target.group_ids),
        "groups made there": ", ".join(target.pushed_group_ids),
        "mapping": ", ".join(f"{name}: {ours}" for name, ours in sorted(target.mapping.items())),
        "on_loss": target.on_loss,
        "brake_percent": str(target.brake_percent),
    }


def read_mapping(text: str) -> dict[str, str]:
    """
    Return a mapping as people write it: a line ``SCIM attribute: ours`` for each.

    Raises:
        Invalid: a line has no colon, or says what another one says.
    """
    said: dict[str, str] = {}
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip():
            continue
        name, colon, ours = line.partition(":")
        if not colon or not ours.strip() or name.strip() in said:
            raise Invalid(
                phrase("Line %(number)s maps no attribute.", number=number),
                field="mapping",
                advice="Write it like title: job_title, each attribute once.",
            )
        said[name.strip()] = ours.strip()
    if not said:
        raise Invalid("Say at least which attribute is userName.", field="mapping")
    return said
