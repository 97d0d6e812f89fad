"""Deactivation closes everything at once on every worker: two applications on one database, each with its own memory."""

import pytest

from idp.audit.models import AuditEntry
from idp.base.db import Database
from idp.base.models import Job
from idp.directory import accounts, lifetime
from idp.signon import session as session_
from tests.support.front import ANN, PASSWORD, Front
from tests.support.visitor import Visitor


@pytest.fixture
def workers(database_url, vault):
    """Two workers of one installation; each remembers configuration for its second."""
    databases = [Database(database_url, vault) for _ in range(2)]
    yield [Front(database) for database in databases]
    for database in databases:
        database.dispose()


def signed_in_at_both(workers) -> tuple[Visitor, Visitor]:
    """Ann, signed in at the first worker; the second one knows her by the same cookies."""
    first = Visitor(workers[0].app.test_client())
    first.open("/").submit(username=ANN, password=PASSWORD).submit(otp=workers[0].code())
    assert first.path == "/"
    second = Visitor(workers[1].app.test_client())
    for cookie in first.client._cookies.values():
        second.client.set_cookie(cookie.key, cookie.value, domain=cookie.domain, path=cookie.path)
    for path in ("/", "/account"):
        assert second.open(path).path == path
    return first, second


@pytest.mark.both_databases
@pytest.mark.parametrize("act", [accounts.disable, lifetime.schedule_deletion, lifetime.erase_now])
def test_t22_who_is_deactivated_at_one_worker_is_out_at_the_other_with_the_next_request(workers, act):
    _, second = signed_in_at_both(workers)
    with workers[0].work() as work:
        act(work, ANN)

    for path in ("/", "/account", "/admin"):
        assert second.open(path).path != path, path
    fresh = Visitor(workers[1].app.test_client())
    fresh.open("/").submit(username=ANN, password=PASSWORD)
    assert fresh.path != "/"
    with workers[1].work() as work:
        assert session_.sessions(work, workers[0].organization_id, workers[0].account_ids[ANN]) == []


@pytest.mark.both_databases
def test_applications_are_told_when_somebody_is_deactivated(workers):
    first, _ = signed_in_at_both(workers)
    first.open(workers[0].ask("Wiki"))
    with workers[0].work() as work:
        lifetime.schedule_deletion(work, ANN)
    workers[1].mails()  # runs the jobs

    with workers[1].work() as work:
        ended = work.tx.session.query(AuditEntry).filter_by(tag="session.ended").all()
        assert [entry.details["cause"] for entry in ended] == ["account disabled"]
        kinds = {job.kind for job in work.tx.session.query(Job)}
        assert {accounts.OUTDATED, session_.ENDED} <= kinds
