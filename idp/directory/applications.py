"""Verbs on applications: the neutral half, whichever protocol describes the other."""

from datetime import datetime

from idp.audit.events import (
    AccessGranted,
    AccessWithdrawn,
    ApplicationCreated,
    ApplicationDeleted,
    ApplicationDisabled,
    ApplicationEnabled,
    ApplicationRenamed,
)
from idp.audit.log import record
from idp.base.errors import ChangedMeanwhile, Conflict, Invalid, NotFound
from idp.base.ids import new_id
from idp.base.texts import phrase
from idp.base.work import Work
from idp.directory import access, names, provisioning_marks, queries, search
from idp.directory.models import AccessGrant, Account, Application, Group, Site
from idp.directory.rights import require_on
from idp.policy.permissions import Permission

LONGEST_REASON = 1024


def create(
    work: Work, site: Site, *, protocol: str, name: str, launch_url: str = "", first_party: bool = False
) -> Application:
    """
    Register an application at *site*; nobody may open it yet.

    Raises:
        Forbidden: the actor may not register applications there.
        Invalid: the name cannot be used.
    """
    require_on(work, Permission.APPLICATION_CREATE, site)
    application = Application(
        organization_id=site.organization_id,
        id=new_id("app"),
        site_id=site.id,
        protocol=protocol,
        name=names.name(name),
        launch_url=launch_url,
        first_party=first_party,
        created_at=work.now,
    )
    work.tx.session.add(application)
    work.tx.session.flush()
    record(
        work,
        ApplicationCreated(
            organization_id=site.organization_id,
            target_id=application.id,
            name=application.name,
            protocol=protocol,
            site_id=site.id,
        ),
    )
    search.put(work, application)
    return application


def rename(work: Work, application_id: str, name: str, *, if_version: int | None = None) -> Application:
    """
    Change what people call an application.

    The name of an OpenID Connect client is a part of its registration and is changed there (`oidc.clients.edit`).

    Args:
        if_version: the version of the application that the change was made for.

    Raises:
        NotFound: no such application that this actor may see.
        Forbidden: the actor may not edit it.
        Invalid: the name cannot be used, or it is a client's.
        ChangedMeanwhile: somebody else has changed the application since.
    """
    application = queries.application(work, application_id)
    require_on(work, Permission.APPLICATION_EDIT, application)
    if if_version is not None and if_version != application.version:
        raise ChangedMeanwhile(application.id)
    if application.protocol == "oidc":
        raise Invalid("The name of this application is a part of its registration.", field="name")
    before, application.name = application.name, names.name(name)
    if application.name != before:
        record(
            work,
            ApplicationRenamed(
                organization_id=application.organization_id,
                target_id=application.id,
                before=before,
                after=application.name,
            ),
        )
        work.tx.session.flush()
        search.put(work, application)
        work.tx.after_commit(work.tx.memory.forget)
    return application


def disable(work: Work, application_id: str) -> Application:
    """
    Stop everybody from signing on to an application; its registration stays.

    Raises:
        NotFound: no such application that this actor may see.
        Forbidden: the actor may not edit applications there.
        Conflict: it is disabled already.
    """
    application = queries.application(work, application_id)
    require_on(work, Permission.APPLICATION_EDIT, application)
    if application.disabled_at is not None:
        raise Conflict(phrase("“%(name)s” is disabled already.", name=application.name))
    application.disabled_at = work.now
    record(
        work,
        ApplicationDisabled(
            organization_id=application.organization_id, target_id=application.id, name=application.name
        ),
    )
    work.tx.after_commit(work.tx.memory.forget)
    return application


def enable(work: Work, application_id: str) -> Application:
    """
    Let people sign on to a disabled application again.

    Raises:
        NotFound: no such application that this actor may see.
        Forbidden: the actor may not edit applications there.
        Conflict: it is not disabled.
    """
    application = queries.application(work, application_id)
    require_on(work, Permission.APPLICATION_EDIT, application)
    if application.disabled_at is None:
        raise Conflict(phrase("“%(name)s” is not disabled.", name=application.name))
    application.disabled_at = None
    record(
        work,
        ApplicationEnabled(
            organization_id=application.organization_id, target_id=application.id, name=application.name
        ),
    )
    work.tx.after_commit(work.tx.memory.forget)
    return application


def delete(work: Work, application_id: str) -> Application:
    """
    Remove an application for good. Its row stays as a tombstone: its identifiers are never reused.

    Raises:
        NotFound: no such application that this actor may see.
        Forbidden: the actor may not delete applications there.
    """
    application = queries.application(work, application_id)
    require_on(work, Permission.APPLICATION_DELETE, application)
    application.deleted_at = work.now
    record(
        work,
        ApplicationDeleted(
            organization_id=application.organization_id, target_id=application.id, name=application.name
        ),
    )
    search.take_away(work, application)
    work.tx.after_commit(work.tx.memory.forget)
    return application


def grant(
    work: Work,
    application_id: str,
    *,
    everyone: bool = False,
    group: str | None = None,
    account: str | None = None,
    until: datetime | None = None,
    reason: str = "",
) -> AccessGrant:
    """
    Let everyone of the organization, a group, or an account open an application, from now on.

    Args:
        until: from this moment on no more (None: until somebody withdraws it).
        reason: why, for whoever looks at it later; 1,024 characters at most.

    Raises:
        NotFound: no such application, group or account that this actor may see.
        Forbidden: the actor may not give access there.
        Invalid: not exactly one of the three was named, or it would end before it begins.
        Conflict: that access exists already.
    """
    application = queries.application(work, application_id)
    require_on(work, Permission.APPLICATION_GRANT, application)
    if [everyone, group is not None, account is not None].count(True) != 1:
        raise Invalid("Say who gets access: everyone, one group, or one account.", field="subject")
    check_until(work, until)
    reason = names.words(reason, longest=LONGEST_REASON, field="reason") if reason else ""
    if group is not None:
        found = queries.group(work, group, organization_id=application.organization_id)
        kind, subject_id, subject = access.GROUP, found.id, found.name
    elif account is not None:
        person = queries.account(work, account, organization_id=application.organization_id)
        kind, subject_id, subject = access.ACCOUNT, person.id, person.email
    else:
        kind, subject_id, subject = access.EVERYONE, application.organization_id, "everyone"
    if any(g.subject_kind == kind and g.subject_id == subject_id for g in grants(work, application)):
        raise Conflict(phrase("“%(name)s” is open to %(subject)s already.", name=application.name, subject=subject))
    made = AccessGrant(
        organization_id=application.organization_id,
        id=new_id("acg"),
        application_id=application.id,
        subject_kind=kind,
        subject_id=subject_id,
        valid_from=work.now,
        valid_to=until,
        reason=reason,
    )
    work.tx.session.add(made)
    record(
        work,
        AccessGranted(
            organization_id=application.organization_id,
            target_id=application.id,
            name=application.name,
            subject_kind=kind,
            subject=subject,
            until="" if until is None else until.isoformat(),
            reason=reason,
        ),
    )
    _let_it_be_told(work, made, ends=until)
    return made


def withdraw(work: Work, application_id: str, grant_id: str, *, reason: str = "") -> AccessGrant:
    """
    End an access grant now. Whoever it opened the application to, and nothing else does, cannot open it any more.

    Args:
        reason: why, for the audit log; 1,024 characters at most.

    Raises:
        NotFound: no such application that this actor may see, or it has no such grant that holds now.
        Forbidden: the actor may not give access there.
        Invalid: the reason cannot be used.
    """
    application = queries.application(work, application_id)
    require_on(work, Permission.APPLICATION_GRANT, application)
    reason = names.words(reason, longest=LONGEST_REASON, field="reason") if reason else ""
    found = next((one for one in grants(work, application) if one.id == grant_id), None)
    if found is None:
        raise NotFound(
            phrase("“%(name)s” has no such access now.", name=application.name),
            field="grant",
            advice="Look at it again.",
        )
    found.valid_to = work.now
    record(
        work,
        AccessWithdrawn(
            organization_id=application.organization_id,
            target_id=application.id,
            name=application.name,
            subject_kind=found.subject_kind,
            subject=_subject(work, found),
            reason=reason,
        ),
    )
    work.tx.session.flush()
    _let_it_be_told(work, found)
    return found


def _let_it_be_told(work: Work, grant: AccessGrant, *, ends: datetime | None = None) -> None:
    whom = grant.subject_id if grant.subject_kind == access.ACCOUNT else ""
    provisioning_marks.application(work, grant.organization_id, grant.application_id, account_id=whom, ends=ends)


def check_until(work: Work, until: datetime | None) -> None:
    """
    Raises:
        Invalid: access would end before it begins.
    """
    if until is not None and until <= work.now:
        raise Invalid("Access ends in the future.", field="until", advice="Name a later moment, or none.")


def grants(work: Work, application: Application) -> list[AccessGrant]:
    """Return the access grants of *application* that hold now."""
    query = queries.visible(work, AccessGrant, Permission.APPLICATION_READ).where(
        AccessGrant.organization_id == application.organization_id,
        AccessGrant.application_id == application.id,
        AccessGrant.valid_from <= work.now,
        AccessGrant.valid_to.is_(None) | (AccessGrant.valid_to > work.now),
    )
    return list(work.tx.session.scalars(query))


def grants_with_subjects(work: Work, application: Application) -> list[tuple[AccessGrant, str]]:
    """Return the grants of *application* that hold now, each with what its subject is called."""
    return [(one, _subject(work, one)) for one in grants(work, application)]


def _subject(work: Work, grant: AccessGrant) -> str:
    """Return the name of a group, the address of an account; its id where this actor may not see it."""
    if grant.subject_kind == access.GROUP:
        groups = queries.visible(work, Group, Permission.GROUP_READ).where(
            Group.organization_id == grant.organization_id, Group.id == grant.subject_id
        )
        group = work.tx.session.scalar(groups)
        return grant.subject_id if group is None else group.name
    if grant.subject_kind == access.ACCOUNT:
        people = queries.visible(work, Account, Permission.ACCOUNT_READ).where(
            Account.organization_id == grant.organization_id, Account.id == grant.subject_id
        )
        account = work.tx.session.scalar(people)
        return grant.subject_id if account is None else account.email
    return access.EVERYONE
