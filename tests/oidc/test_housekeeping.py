"""Housekeeping of tokens and grants: what is over goes, what still decides something stays."""

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import select

from idp.directory.models import Application
from idp.oidc import housekeeping
from idp.oidc.models import Api, Grant, OpaqueToken, RefreshToken, RevokedToken

pytestmark = pytest.mark.both_databases

DAY = timedelta(days=1)


@pytest.fixture
def grant(work, an_organization, an_account, a_site, an_application):
    """A grant of thirty days with a refresh token of seven."""
    an_organization()
    account, application = an_account(), an_application(a_site(), protocol="oidc")
    row = Grant(
        organization_id=account.organization_id,
        id="gra_1",
        application_id=application.id,
        account_id=account.id,
        session_id="ses_1",
        epoch=0,
        subject="sub_1",
        scope="openid",
        details={},
        authenticated_at=work.now,
        created_at=work.now,
        expires_at=work.now + 30 * DAY,
    )
    work.tx.session.add(row)
    work.tx.session.flush()
    token = RefreshToken(
        organization_id=account.organization_id,
        id="rft_1",
        grant_id="gra_1",
        token_hash="0" * 64,
        created_at=work.now,
        expires_at=work.now + 7 * DAY,
    )
    work.tx.session.add(token)
    work.tx.session.flush()
    return row


def _left(work, model):
    return len(list(work.tx.session.scalars(select(model))))


def test_o21_a_refresh_token_stays_while_its_replay_must_be_known(work, grant):
    housekeeping.sweep(replace(work, now=work.now + 7 * DAY))
    assert _left(work, RefreshToken) == 1

    housekeeping.sweep(replace(work, now=work.now + 8 * DAY))
    assert (_left(work, RefreshToken), _left(work, Grant)) == (0, 1)


def test_a_grant_goes_thirty_days_after_its_end_and_takes_its_tokens_along(work, grant):
    housekeeping.sweep(replace(work, now=work.now + 59 * DAY))
    assert _left(work, Grant) == 1

    housekeeping.sweep(replace(work, now=work.now + 60 * DAY))
    assert (_left(work, Grant), _left(work, RefreshToken)) == (0, 0)


def test_a_revoked_token_is_remembered_until_it_would_have_expired(work):
    work.tx.session.add(
        RevokedToken(
            token_id="jti", organization_id="org", revoked_at=work.now, expires_at=work.now + timedelta(minutes=10)
        )
    )
    work.tx.session.flush()

    housekeeping.sweep(replace(work, now=work.now + timedelta(minutes=9)))
    assert _left(work, RevokedToken) == 1

    housekeeping.sweep(replace(work, now=work.now + timedelta(minutes=10)))
    assert _left(work, RevokedToken) == 0


def test_an_opaque_token_goes_when_it_is_over(work, grant):
    owned = {"organization_id": grant.organization_id, "created_at": work.now}
    site_id = work.tx.session.execute(select(Application.site_id)).scalar_one()
    api = Api(
        id="api_1", site_id=site_id, identifier="urn:a", name="A", token_format="opaque", token_seconds=600, **owned
    )
    work.tx.session.add(api)
    work.tx.session.flush()
    work.tx.session.add(
        OpaqueToken(
            id="tok_1",
            token_hash="0" * 64,
            api_id="api_1",
            application_id=grant.application_id,
            claims={},
            expires_at=work.now + timedelta(minutes=10),
            **owned,
        )
    )
    work.tx.session.flush()

    housekeeping.sweep(replace(work, now=work.now + timedelta(minutes=9)))
    assert _left(work, OpaqueToken) == 1

    housekeeping.sweep(replace(work, now=work.now + timedelta(minutes=10)))
    assert _left(work, OpaqueToken) == 0


def test_i10_a_great_heap_is_removed_in_parts(work):
    for number in range(25):
        work.tx.session.add(
            RevokedToken(token_id=str(number), organization_id="org", revoked_at=work.now, expires_at=work.now)
        )
    work.tx.session.flush()

    assert housekeeping.sweep(work, at_once=10)
    assert _left(work, RevokedToken) == 15
