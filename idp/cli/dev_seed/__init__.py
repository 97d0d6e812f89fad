"""
Made-up organizations for `idp dev seed`: what is in each table, row by row.

One organization is large (three fifths of everything), the others are small. Names, ids and choices come of the seed
alone; moments are counted back from now. Nobody can sign in with anything of it: there is no password, and no secret
is one. Directories, applications that are told, APIs and long work are the large organization's alone.
"""

from collections.abc import Callable, Iterator
from typing import Any

from idp.audit.events import InstallationSeeded
from idp.audit.log import record
from idp.audit.models import Attempt, AuditEntry
from idp.base import bulk
from idp.base.work import Work
from idp.cli.dev_seed import (
    apis,
    applications,
    groups,
    joining,
    logs,
    long_work,
    people,
    provisioning,
    rules,
    searching,
    telling,
    tenants,
)
from idp.cli.dev_seed.made_names import Chance
from idp.cli.dev_seed.scales import SCALES
from idp.cli.dev_seed.tenants import Row, Tenant
from idp.directory import (
    console_models,
    domain_models,
    group_models,
    joining_models,
    models,
    provisioning_models,
    told_models,
)
from idp.oidc import models as oidc_models
from idp.saml.models import ServiceProvider
from idp.signon.models import TotpFactor

__all__ = ["SCALES", "fill"]


def fill(work: Work, scale: str, seed: int, told: Callable[[str, int], None]) -> tuple[dict[str, int], str]:
    """
    Fill the empty installation; return how many rows each table was given, and who administers the large organization.

    Args:
        scale: one of `SCALES`.
        told: is told of each table when it is done, and of its rows.
    """
    size, chance = SCALES[scale], Chance(seed)
    bulk.unhurried(work.tx)
    made = [tenants.make(work, chance, size, number) for number in range(size.organizations)]
    counts = {"organizations": len(made)}
    for name, model, rows in _TABLES:
        counts[name] = bulk.write(work.tx, model, (row for tenant in made for row in rows(work, chance, tenant)))
        told(name, counts[name])
    for name, count in rules.fill(work, chance, made[0]).items():
        counts[name] = count
        told(name, count)
    record(work, InstallationSeeded(organization_id=None, target_id="", scale=scale, seed=seed))
    bulk.settle(work.tx)
    return counts, tenants.person(chance, made[0], 0)[2]


_TABLES: tuple[tuple[str, Any, Callable[[Work, Chance, Tenant], Iterator[Row]]], ...] = (
    ("accounts", models.Account, people.accounts),
    ("role assignments", models.RoleAssignment, people.roles),
    ("authenticator apps", TotpFactor, people.factors),
    ("groups", models.Group, groups.groups),
    ("nested groups", group_models.GroupNesting, groups.nestings),
    ("memberships", models.Membership, groups.memberships),
    ("applications", models.Application, applications.applications),
    ("service providers", ServiceProvider, applications.providers),
    ("clients", oidc_models.Client, applications.clients),
    ("grants", models.AccessGrant, applications.grants),
    ("domains", domain_models.Domain, people.domains),
    ("access requests", joining_models.AccessRequest, joining.access_requests),
    ("requests to join", joining_models.JoinRequest, joining.join_requests),
    ("invitations", joining_models.Invitation, joining.invitations),
    ("directories", provisioning_models.ProvisioningClient, provisioning.clients),
    ("tokens of directories", provisioning_models.ProvisioningToken, provisioning.tokens),
    ("accounts of directories", provisioning_models.ProvisionedAccount, provisioning.accounts),
    ("groups of directories", provisioning_models.ProvisionedGroup, provisioning.groups),
    ("calls of directories", provisioning_models.ProvisioningCall, provisioning.calls),
    ("applications that are told", told_models.ProvisioningTarget, telling.targets),
    ("accounts that are told", told_models.ToldAccount, telling.accounts),
    ("groups that are told", told_models.ToldGroup, telling.groups),
    ("marks", told_models.ProvisioningMark, telling.marks),
    ("APIs", oidc_models.Api, apis.apis),
    ("scopes", oidc_models.ApiScope, apis.scopes),
    ("grants of scopes", oidc_models.ApiScopeGrant, apis.grants),
    ("API tokens", oidc_models.ApiToken, apis.tokens),
    ("registration tokens", oidc_models.RegistrationToken, apis.registration_tokens),
    ("runs", console_models.Run, long_work.runs),
    ("imports", joining_models.AccountImport, long_work.imports),
    ("rows of imports", joining_models.AccountImportRow, long_work.import_rows),
    ("audit entries", AuditEntry, logs.entries),
    ("attempts", Attempt, logs.attempts),
    ("words", console_models.SearchWord, searching.words),
)
