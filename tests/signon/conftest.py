"""People and an application to sign on to."""

from dataclasses import dataclass

import pyotp
import pytest

from idp.directory import accounts, applications, groups, organizations, sites
from idp.directory.models import Account, Application, Organization, Site
from idp.signon.factors import password, totp
from idp.signon.request import SignOnRequest

PASSWORD = "umbrella quartz lantern"
SECRET = b"a test secret of twenty"[:20]
BROWSER, OTHER_BROWSER = "b" * 43, "c" * 43


def code_at(moment) -> str:
    return pyotp.TOTP(totp.spelled(SECRET)).at(moment)


@dataclass
class World:
    organization: Organization
    site: Site
    ann: Account
    wiki: Application
    request: SignOnRequest


@pytest.fixture
def world(open_work) -> World:
    """Acme with Ann, who has a password, an authenticator and access to the wiki; all committed."""
    with open_work() as work:
        organization = organizations.create(work, "acme", name="Acme Global")
        site = sites.create(work, "acme", organization="acme", name="Acme")
        ann = accounts.create(work, "ann@acme.example", organization="acme", name="Ann Example")
        groups.create(work, "Staff", organization="acme")
        groups.add(work, "Staff", ann.id, organization="acme")
        wiki = applications.create(work, site, protocol="saml", name="Wiki")
        applications.grant(work, wiki.id, group="Staff")
        password.set_password(work, ann.id, PASSWORD, organization_id=organization.id)
        totp.add(work, ann.id, SECRET, organization_id=organization.id, name="Phone")
        work.tx.session.flush()
        work.tx.session.refresh(ann)
    request = SignOnRequest(
        organization_id=organization.id,
        site_id=site.id,
        application_id=wiki.id,
        application_name="Wiki",
        resume_url="/resume",
    )
    return World(organization, site, ann, wiki, request)
