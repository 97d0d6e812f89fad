"""What is to be known at a target of accounts: who may open its application, and what they are called."""

from collections.abc import Collection, Mapping, Sequence

from sqlalchemy import ColumnElement, func, select

from idp.base.work import Work
from idp.directory import attributes, openers, policies
from idp.directory.models import Account, Application
from idp.directory.told_models import ProvisioningTarget
from idp.provisioning.targets.rendering import Rendition, rendition


def conditions(work: Work, target: ProvisioningTarget, application: Application) -> tuple[ColumnElement[bool], ...]:
    """Return what holds of the accounts that shall be active at *target* now."""
    return openers.conditions(work, application, group_ids=None if target.everybody else target.group_ids)


def count(work: Work, target: ProvisioningTarget, application: Application) -> int:
    """Return how many accounts shall be active at *target* now."""
    query = select(func.count()).select_from(Account).where(*conditions(work, target, application))
    return work.tx.session.scalar(query) or 0


def openers_count(work: Work, application: Application) -> int:
    """Return how many accounts may open *application* now: what a target for everybody comes to."""
    query = select(func.count()).select_from(Account).where(*openers.conditions(work, application))
    return work.tx.session.scalar(query) or 0


def among(
    work: Work,
    target: ProvisioningTarget,
    where: Sequence[ColumnElement[bool]],
    account_ids: Collection[str],
) -> dict[str, Rendition]:
    """Return what is to be known at *target* of those of *account_ids* that shall be active there."""
    query = select(
        *(Account.id, Account.email, Account.name, Account.given_name, Account.family_name, Account.attributes),
        Account.typed_by_person,
    ).where(*where, Account.id.in_(account_ids))
    application = work.tx.session.get_one(Application, (target.organization_id, target.application_id))
    mapping = released(work, application, target.mapping)
    return {
        row.id: rendition(row.id, _attributes(row), _mapping(mapping, row.typed_by_person))
        for row in work.tx.session.execute(query)
    }


def released(work: Work, application: Application, mapping: Mapping[str, str]) -> dict[str, str]:
    """Return what of *mapping* may leave: a further attribute only where organization and site let applications have it."""
    known = {*attributes.ATTRIBUTES, *policies.further_released(work, application)}
    return {"userName": "email", **{name: ours for name, ours in mapping.items() if ours in known}}


def _mapping(mapping: Mapping[str, str], typed: Collection[str]) -> Mapping[str, str]:
    """What an account is found by there is nothing that the person typed: they would choose whose account they get (T5)."""
    return {**mapping, "userName": "email"} if mapping["userName"] in typed else mapping


def _attributes(row: object) -> dict[str, tuple[str, ...]]:
    own = {name: (str(getattr(row, name)),) for name in ("email", "name", "given_name", "family_name")}
    further: dict[str, list[str]] = getattr(row, "attributes")  # noqa: B009 (a row is typed as object)
    return {**{name: tuple(values) for name, values in further.items()}, **own}
