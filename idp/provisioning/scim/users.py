"""Calls about users: each gets the work of its client, and gives the resource as it is afterwards."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import select

from idp.base.work import Work
from idp.directory.memberships import held
from idp.directory.models import Account, Group, Membership
from idp.directory.provisioned import SOURCE
from idp.directory.provisioning_models import ProvisionedAccount, ProvisioningClient
from idp.provisioning import accounts
from idp.provisioning.accounts import Changes, Provisioned
from idp.provisioning.scim import asking, patch, peers, resources, searching
from idp.provisioning.scim.answers import Answer
from idp.provisioning.scim.asking import Asked, Versions
from idp.provisioning.scim.errors import INVALID_VALUE, invalid
from idp.provisioning.scim.patch import UserPatch
from idp.provisioning.scim.resources import ENTERPRISE, ENTERPRISE_TEXTS, TEXTS, USER

_LONGEST = 1024


def create(work: Work, client: ProvisioningClient, document: Mapping[str, Any], asked: Asked, base: str) -> Answer:
    """
    Answer a POST (RFC 7644 section 3.3).

    Raises:
        IdpError: as of `accounts.create`.
    """
    _refuse_schema(document)
    wanted = patch.whole_user(document)
    changes = _changes(wanted, whole=True)
    if not changes.email:
        raise invalid(INVALID_VALUE, "A user has a userName: an e-mail address.")
    made = accounts.create(work, client, changes)
    return _answer(work, client, made, asked, base, wanted, status=201)


def read(work: Work, client: ProvisioningClient, id_: str, asked: Asked, versions: Versions, base: str) -> Answer:
    """
    Answer a GET of one.

    Raises:
        NotFound: the client has no such user.
    """
    found = accounts.one(work, client, id_)
    if versions.is_known(resources.etag(_version(found.account, found.link))):
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
    Answer a PUT (RFC 7644 section 3.5.1): the address says which one, a body about another one is refused (S2).

    Raises:
        IdpError: as of `accounts.change`.
    """
    _refuse_schema(document)
    refuse_other_id(document, id_)
    wanted = patch.whole_user(document)
    changes = _changes(wanted, whole=True)
    if not changes.email:
        raise invalid(INVALID_VALUE, "A user has a userName: an e-mail address.")
    return _change(work, client, id_, wanted, changes, asked, versions, base)


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
        IdpError: as of `accounts.change`.
    """
    operations = patch.parse_document(document)
    for one in operations:
        if not one.path and isinstance(one.value, Mapping):
            refuse_other_id(one.value, id_)
    wanted = patch.user(operations)
    return _change(work, client, id_, wanted, _changes(wanted, whole=False), asked, versions, base)


def delete(work: Work, client: ProvisioningClient, id_: str, versions: Versions) -> Answer:
    """
    Answer a DELETE: the account is deactivated and let go of; nothing is erased.

    Raises:
        IdpError: as of `accounts.release`.
    """
    found = accounts.one(work, client, id_)
    versions.refuse_other(resources.etag(_version(found.account, found.link)))
    accounts.release(work, client, id_)
    return Answer(204, None, target_id=id_)


def search(work: Work, client: ProvisioningClient, asked: Asked, base: str) -> Answer:
    """
    Answer a GET of the list.

    Raises:
        ScimError: the filter looks for what cannot be looked for.
    """
    matches = None if asked.filter is None else searching.users(asked.filter)
    alive = Account.erased_at.is_(None)
    total, rows = searching.page_of(work, client, Account, ProvisionedAccount, alive, matches, asked)
    found = [Provisioned(*row) for row in rows]
    groups = _groups(work, client, [one.account.id for one in found]) if asked.wants("groups") else {}
    users = [resources.user(_facts(one, groups.get(one.account.id, ())), base) for one in found]
    return Answer(200, asking.listed(users, total, asked))


def refuse_other_id(document: Mapping[str, Any], id_: str) -> None:
    """
    Raises:
        ScimError: the document says that it is of another resource than the address (S2).
    """
    said = document.get("id")
    if said is not None and said != id_:
        raise invalid(INVALID_VALUE, "The id in the body is not that of the address.")


def _change(
    work: Work,
    client: ProvisioningClient,
    id_: str,
    wanted: UserPatch,
    changes: Changes,
    asked: Asked,
    versions: Versions,
    base: str,
) -> Answer:
    found = accounts.one(work, client, id_)
    versions.refuse_other(resources.etag(_version(found.account, found.link)))
    return _answer(work, client, accounts.change(work, client, id_, changes), asked, base, wanted)


def _answer(
    work: Work,
    client: ProvisioningClient,
    found: Provisioned,
    asked: Asked,
    base: str,
    wanted: UserPatch | None = None,
    *,
    status: int = 200,
) -> Answer:
    id_ = found.account.id
    groups = _groups(work, client, [id_]) if asked.wants("groups") else {}
    resource = resources.user(_facts(found, groups.get(id_, ())), base)
    notes = list(found.notes)
    if wanted is not None and wanted.passed_over:
        notes.append(f"not kept here: {', '.join(sorted(wanted.passed_over))}")
    return Answer(
        status,
        asking.projected(resource, asked),
        etag=resource["meta"]["version"],
        location=resource["meta"]["location"],
        target_id=id_,
        notes=tuple(notes),
    )


def _facts(of: Provisioned, groups: Sequence[tuple[str, str]]) -> resources.UserFacts:
    account = of.account
    return resources.UserFacts(
        id=account.id,
        email=account.email,
        name=account.name,
        given_name=account.given_name,
        family_name=account.family_name,
        active=account.disabled_at is None,
        created_at=account.created_at,
        changed_at=account.updated_at or account.created_at,
        version=_version(account, of.link),
        external_id=of.link.external_id,
        attributes=account.attributes,
        groups=groups,
    )


def _version(account: Account, link: ProvisionedAccount) -> str:
    return f"{account.version}.{link.version}"


def _groups(work: Work, client: ProvisioningClient, account_ids: Sequence[str]) -> dict[str, list[tuple[str, str]]]:
    """Return of each account the groups that the same client has put it into; of others it learns nothing."""
    query = (
        select(Membership.account_id, Group.id, Group.name)
        .join(Group, (Group.organization_id == Membership.organization_id) & (Group.id == Membership.group_id))
        .where(
            Membership.organization_id == client.organization_id,
            Membership.account_id.in_(account_ids),
            Membership.source == SOURCE + client.id,
            held(work.now),
        )
        .order_by(Group.name_key)
    )
    found: dict[str, list[tuple[str, str]]] = {}
    for account_id, group_id, name in work.tx.session.execute(query):
        found.setdefault(account_id, []).append((group_id, name))
    return found


def _changes(wanted: UserPatch, *, whole: bool) -> Changes:
    """Return what *wanted* is of an account; a value of a wrong kind is refused."""
    said = wanted.changes
    email = _text(said, ("userName",))
    given, family = _text(said, ("name", "givenName")), _text(said, ("name", "familyName"))
    name = _text(said, ("displayName",))
    if whole and not name:
        name = _text(said, ("name", "formatted")) or " ".join(part for part in (given, family) if part) or email
    if email == "":
        raise invalid(INVALID_VALUE, "A user has a userName: an e-mail address.")
    return Changes(
        email=email,
        name=name or None,
        given_name=given,
        family_name=family,
        external_id=_text(said, ("externalId",), longest=256),
        active=_truth(said),
        attributes={ours: value for path, ours in _FURTHER.items() if (value := _text(said, path)) is not None},
    )


def _text(said: Mapping[tuple[str, ...], Any], path: tuple[str, ...], *, longest: int = _LONGEST) -> str | None:
    """Return the text at *path*, empty where it is to be taken away, None where nothing is said of it."""
    if path not in said:
        return None
    value = said[path]
    if value is None:
        return ""
    if isinstance(value, int) and not isinstance(value, bool):  # an employeeNumber without its quotation marks
        value = str(value)
    if not isinstance(value, str) or len(value) > longest:
        raise invalid(INVALID_VALUE, f"“{path[-1]}” is a text of at most {longest} characters.")
    return value.strip()


def _truth(said: Mapping[tuple[str, ...], Any]) -> bool | None:
    if ("active",) not in said:
        return None
    value = peers.truth(said[("active",)])
    if value is not None and not isinstance(value, bool):
        raise invalid(INVALID_VALUE, "“active” is true or false.")
    return value


def _refuse_schema(document: Mapping[str, Any]) -> None:
    if not patch.has_schema(document, USER):
        raise invalid(INVALID_VALUE, f"A user has the schema {USER}.")


_FURTHER: dict[tuple[str, ...], str] = {
    **{(scim,): ours for scim, ours in TEXTS.items()},
    **{(ENTERPRISE, scim): ours for scim, ours in ENTERPRISE_TEXTS.items()},
}
