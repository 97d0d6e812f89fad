"""Calls about groups: each gets the work of its client, and gives the resource as it is afterwards."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import select

from idp.base.work import Work
from idp.directory.memberships import held
from idp.directory.models import Account, Group, Membership
from idp.directory.provisioned import SOURCE
from idp.directory.provisioning_models import ProvisionedGroup, ProvisioningClient
from idp.provisioning import groups
from idp.provisioning.groups import ProvisionedOne
from idp.provisioning.scim import asking, patch, resources, searching
from idp.provisioning.scim.answers import Answer
from idp.provisioning.scim.asking import Asked, Versions
from idp.provisioning.scim.errors import INVALID_VALUE, invalid
from idp.provisioning.scim.patch import GroupPatch
from idp.provisioning.scim.resources import GROUP
from idp.provisioning.scim.users import refuse_other_id

_LONGEST = 256


def create(work: Work, client: ProvisioningClient, document: Mapping[str, Any], asked: Asked, base: str) -> Answer:
    """
    Answer a POST.

    Raises:
        IdpError: as of `groups.create`.
    """
    wanted = _whole(document)
    made = groups.create(
        work, client, wanted.name or "", external_id=wanted.external_id or "", members=sorted(wanted.add)
    )
    return _answer(work, client, made, asked, base, status=201)


def read(work: Work, client: ProvisioningClient, id_: str, asked: Asked, versions: Versions, base: str) -> Answer:
    """
    Answer a GET of one.

    Raises:
        NotFound: the client has no such group.
    """
    found = groups.one(work, client, id_)
    if versions.is_known(resources.etag(_version(found))):
        return Answer(304, None, target_id=id_)
    return _answer(work, client, found, asked, base)


def replace(
    work: Work,
    client: ProvisioningClient,
    id_: str,
    document: Mapping[str, Any],
    asked: Asked,
    versions: Versions,
    base: str,
) -> Answer:
    """
    Answer a PUT.

    Raises:
        IdpError: as of `groups.rename` and `groups.fill`.
    """
    refuse_other_id(document, id_)
    wanted = _whole(document)
    if "externalid" not in {name.lower() for name in document}:
        wanted.external_id = None  # the tie to what the client calls it is not lost by saying nothing
    return _change(work, client, id_, wanted, asked, versions, base)


def change(
    work: Work,
    client: ProvisioningClient,
    id_: str,
    document: Mapping[str, Any],
    asked: Asked,
    versions: Versions,
    base: str,
) -> Answer:
    """
    Answer a PATCH: all of its operations, or none.

    Raises:
        IdpError: as of `groups.rename` and `groups.fill`.
    """
    operations = patch.parse_document(document)
    for one in operations:
        if not one.path and isinstance(one.value, Mapping):
            refuse_other_id(one.value, id_)
    return _change(work, client, id_, patch.group(operations), asked, versions, base)


def delete(work: Work, client: ProvisioningClient, id_: str, versions: Versions) -> Answer:
    """
    Answer a DELETE.

    Raises:
        IdpError: as of `groups.delete`.
    """
    versions.refuse_other(resources.etag(_version(groups.one(work, client, id_))))
    groups.delete(work, client, id_)
    return Answer(204, None, target_id=id_)


def search(work: Work, client: ProvisioningClient, asked: Asked, base: str) -> Answer:
    """
    Answer a GET of the list.

    Raises:
        ScimError: the filter looks for what cannot be looked for.
    """
    has_member = searching.has_member(SOURCE + client.id, work.now)
    matches = None if asked.filter is None else searching.groups(asked.filter, has_member)
    total, rows = searching.page_of(work, client, Group, ProvisionedGroup, Group.deleted_at.is_(None), matches, asked)
    found = [ProvisionedOne(*row) for row in rows]
    members = _members(work, client, [one.group.id for one in found]) if asked.wants("members") else {}
    shown = [resources.group(_facts(one, members.get(one.group.id, ())), base) for one in found]
    return Answer(200, asking.listed(shown, total, asked))


def _whole(document: Mapping[str, Any]) -> GroupPatch:
    if not patch.has_schema(document, GROUP):
        raise invalid(INVALID_VALUE, f"A group has the schema {GROUP}.")
    wanted = patch.whole_group(document)
    if not wanted.name:
        raise invalid(INVALID_VALUE, "A group has a displayName.")
    _refuse_long(wanted)
    return wanted


def _refuse_long(wanted: GroupPatch) -> None:
    if len(wanted.external_id or "") > _LONGEST:
        raise invalid(INVALID_VALUE, f"“externalId” is a text of at most {_LONGEST} characters.")


def _change(
    work: Work,
    client: ProvisioningClient,
    id_: str,
    wanted: GroupPatch,
    asked: Asked,
    versions: Versions,
    base: str,
) -> Answer:
    _refuse_long(wanted)
    found = groups.one(work, client, id_)
    versions.refuse_other(resources.etag(_version(found)))
    groups.rename(work, client, found, name=wanted.name, external_id=wanted.external_id)
    groups.fill(work, client, found, add=wanted.add, remove=wanted.remove, clear=wanted.clear)
    return _answer(work, client, found, asked, base)


def _answer(
    work: Work, client: ProvisioningClient, found: ProvisionedOne, asked: Asked, base: str, *, status: int = 200
) -> Answer:
    id_ = found.group.id
    members = _members(work, client, [id_]).get(id_, ()) if asked.wants("members") else None
    resource = resources.group(_facts(found, members), base)
    return Answer(
        status,
        asking.projected(resource, asked),
        etag=resource["meta"]["version"],
        location=resource["meta"]["location"],
        target_id=id_,
    )


def _facts(of: ProvisionedOne, members: Sequence[tuple[str, str]] | None) -> resources.GroupFacts:
    return resources.GroupFacts(
        id=of.group.id,
        name=of.group.name,
        created_at=of.group.created_at,
        changed_at=of.link.changed_at,
        version=_version(of),
        external_id=of.link.external_id,
        members=members,
    )


def _version(of: ProvisionedOne) -> str:
    return f"{of.group.version}.{of.link.version}"


def _members(work: Work, client: ProvisioningClient, group_ids: Sequence[str]) -> dict[str, list[tuple[str, str]]]:
    query = (
        select(Membership.group_id, Account.id, Account.email)
        .join(Account, (Account.organization_id == Membership.organization_id) & (Account.id == Membership.account_id))
        .where(
            Membership.organization_id == client.organization_id,
            Membership.group_id.in_(group_ids),
            Membership.source == SOURCE + client.id,
            held(work.now),
        )
        .order_by(Account.id)
    )
    found: dict[str, list[tuple[str, str]]] = {}
    for group_id, account_id, email in work.tx.session.execute(query):
        found.setdefault(group_id, []).append((account_id, email))
    return found
