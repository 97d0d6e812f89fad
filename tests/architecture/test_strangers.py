"""A stranger sees nothing: every list of an administrator begins at what the actor may see."""

import pytest

from idp.base.errors import NotFound
from idp.directory import applications, history, keys, queries

LISTS = [
    queries.organizations,
    queries.sites,
    queries.accounts,
    queries.groups,
    queries.applications,
    history.attempts,
    history.entries,
]


@pytest.fixture
def acme(work, an_organization, a_site, an_account, a_group, an_application):
    from idp.audit import attempts
    from idp.audit.attempts import Trail

    organization = an_organization()
    site = a_site()
    an_account()
    a_group()
    application = an_application(site)
    applications.grant(work, application.id, everyone=True)
    attempts.save(work, Trail(kind="sign-in", organization_id=organization.id))
    work.tx.session.flush()
    return organization, site, application


@pytest.mark.parametrize("list_", LISTS, ids=lambda f: f.__name__)
def test_a_stranger_sees_nothing(list_, work, acme, stranger):
    """T1: another organization's administrator finds an empty list, not an error that tells."""
    assert list_(work)
    assert list_(stranger(work)) == []


@pytest.mark.parametrize("list_", LISTS, ids=lambda f: f.__name__)
def test_whoever_is_nobody_sees_nothing(list_, work, acme, as_account):
    nobody = as_account(work, queries.accounts(work)[0])

    assert list_(nobody) == []


def test_a_stranger_finds_nothing_by_name_or_id(work, acme, stranger):
    organization, site, application = acme
    mallory = stranger(work)

    for find in (
        lambda: queries.organization(mallory, organization.slug),
        lambda: queries.site(mallory, site.slug),
        lambda: queries.account(mallory, "ann@acme.example"),
        lambda: queries.group(mallory, "Staff", organization_id=organization.id),
        lambda: queries.application(mallory, application.id),
        lambda: history.attempt(mallory, history.attempts(work)[0].id),
    ):
        with pytest.raises(NotFound):
            find()


def test_a_stranger_sees_no_keys_and_no_access(work, acme, stranger):
    from idp.base.errors import Forbidden

    organization, site, application = acme

    assert applications.grants(work, application)
    assert applications.grants(stranger(work), application) == []
    with pytest.raises(Forbidden):
        keys.keys(stranger(work), organization.id, site.id)
