"""`idp jobs …`: deferred work and messages to the outside."""

import os
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import click

from idp.base import clock, letters, logging, mail, outbox, sweeping
from idp.base import jobs as jobs_
from idp.base.db import Database
from idp.base.errors import IdpError, NotFound
from idp.base.jobs import Handlers
from idp.base.outbox import Sender
from idp.base.work import Actor, Origin, Work
from idp.cli import show
from idp.cli.context import Group, open_database, open_work, settings, tell, tell_all, work_on
from idp.cli.domain import prober
from idp.directory import (
    access_trials,
    claim_runs,
    daily_counts,
    domains,
    group_rule_turns,
    import_reading,
    lifetime,
    managed,
    runs,
    search,
)
from idp.directory.runs import Kinds
from idp.oidc import bulk_revoking, logout_tokens
from idp.oidc import erasing as oauth_erasing
from idp.oidc import housekeeping as oauth_housekeeping
from idp.oidc.api_tokens import bulk as bulk_tokens
from idp.oidc.api_tokens import ending
from idp.policy.permissions import OPERATOR
from idp.provisioning import calls
from idp.provisioning import ending as directory_ending
from idp.provisioning.targets import group_sending, noticing, sending, server, switching
from idp.provisioning.targets.sending import Dial, Told
from idp.saml import erasing as saml_erasing
from idp.saml import logout_telling, refreshing, rotation_jobs
from idp.settings import Settings
from idp.signon import (
    account_imports,
    backchannel,
    bulk_acts,
    bulk_object_acts,
    bulk_objects,
    coverage,
    erasing,
    group_rule_runs,
    housekeeping,
    joining,
    managed_notices,
    password_reset,
)
from idp.signon.logout import MESSAGE
from idp.signon.teller import Tellers

_HOURLY = (
    housekeeping.KIND,
    daily_counts.KIND,
    oauth_housekeeping.KIND,
    refreshing.SWEEP,
    rotation_jobs.SWEEP,
    domains.SWEEP,
    group_rule_turns.SWEEP,
    switching.SWEEP,
    calls.KIND,
    ending.SWEEP,
)

_PAUSE_SECONDS = 5.0
_HOUR = 3600.0


@click.group(cls=Group)
def jobs() -> None:
    """Background work: `idp serve` runs it; on machines of its own, use `idp jobs run --watch`."""


@jobs.command()
@click.option("--watch", is_flag=True, help="Do not end: look again every few seconds.")
@click.option("--parent", type=int, hidden=True, help="End when this process, which started this one, has ended.")
def run(watch: bool, parent: int | None) -> None:
    """Run what is due: deferred work, messages to the outside, housekeeping."""
    of = settings()
    with open_database(of) as database:
        if watch:
            logging.configure(of.log.level)
            _watch(database, of, parent)
            return
        _ask_for_housekeeping(database)
        ran, sent = _drain(database, of)
        tell_applications(database, of)
    told = {"finished": ran.finished, "failed": ran.failed, "sent": sent.sent, "not_sent": sent.failed}
    tell(
        told, f"jobs: {ran.finished} finished, {ran.failed} failed; messages: {sent.sent} sent, {sent.failed} not sent"
    )


@jobs.command("list")
@click.option("--dead", is_flag=True, help="Only those that failed too often and were given up.")
def list_(dead: bool) -> None:
    """List jobs that are not finished."""
    with open_work() as work:
        found = [show.job(one) for one in jobs_.jobs(work, dead=dead)]
    tell_all(
        found,
        lambda one: f"{one['id']}  {one['kind']:<16} {'dead' if one['dead_at'] else 'waits'}  {one['last_error']}",
        none="No job waits.",
    )


@jobs.command()
@click.argument("job_id")
def retry(job_id: str) -> None:
    """Give the dead job JOB_ID a new life."""
    with open_work() as work:
        found = next((one for one in jobs_.jobs(work, dead=True) if one.id == job_id), None)
        if found is None:
            raise NotFound(f"There is no dead job “{job_id[:80]}”.", advice="See: idp jobs list --dead")
        jobs_.retry(work, found)
        tell(show.job(found), f"{found.id} is tried again")


def handlers(of: Settings) -> Handlers:
    """Return what handles each kind of job; what asks the outside needs to know where it may."""
    loopback = of.development.allow_http_loopback_applications
    return {
        housekeeping.KIND: housekeeping.run,
        oauth_housekeeping.KIND: oauth_housekeeping.run,
        refreshing.SWEEP: refreshing.run,
        rotation_jobs.SWEEP: rotation_jobs.sweep,
        rotation_jobs.KIND: rotation_jobs.turn,
        refreshing.KIND: refreshing.errand(allowed=of.egress.allow_addresses, http_loopback=loopback),
        access_trials.ROLL_BACK: access_trials.roll_back,
        group_rule_turns.SWEEP: group_rule_turns.sweep,
        group_rule_turns.RUN: group_rule_turns.run_one,
        search.REBUILD: search.rebuild,
        daily_counts.KIND: coverage.count_organizations,
        password_reset.KIND: password_reset.run,
        domains.SWEEP: domains.run,
        domains.KIND: domains.errand(prober(of)),
        managed.TELL: managed_notices.run,
        lifetime.ERASE: lifetime.handler((erasing.erase, oauth_erasing.erase, saml_erasing.erase)),
        account_imports.KIND: account_imports.run,
        joining.KIND: joining.run,
        switching.SWEEP: switching.sweep,
        switching.NIGHTLY: switching.nightly,
        calls.KIND: calls.run,
        ending.SWEEP: ending.sweep,
        ending.DAILY: ending.daily,
        **backchannel.handlers(_tellers(of)),
    }


def run_kinds() -> Kinds:
    """Return what does a part of each kind of long work."""
    return {
        **bulk_acts.kinds(bulk_revoking.DO),
        **bulk_objects.kinds({**bulk_object_acts.ACTS, **bulk_tokens.ACTS}),
        **group_rule_runs.KINDS,
        **claim_runs.KINDS,
        **import_reading.KINDS,
        **directory_ending.KINDS,
        switching.KIND: switching.step,
    }


def _tellers(of: Settings) -> Tellers:
    return {**logout_telling.tellers(of.base_url), **logout_tokens.tellers(of.base_url)}


def dial(of: Settings) -> Dial:
    """Return the guarded way to the SCIM servers of applications."""
    allowed, loopback = tuple(of.egress.allow_addresses), of.development.allow_http_loopback_applications
    return lambda endpoint, token: server.calling(endpoint, token, allowed, http_loopback=loopback)


def tell_applications(database: Database, of: Settings) -> Told:
    """Let applications be told of the accounts that may open them: what was noticed is written down, and sent."""
    noticing.settle(database, clock.now())
    told = sending.drain(database, dial(of), clock.now())
    group_sending.drain(database, dial(of), clock.now())
    return told


def _senders(database: Database, of: Settings) -> dict[str, Sender]:
    post = backchannel.posting(
        tuple(of.egress.allow_addresses), http_loopback=of.development.allow_http_loopback_applications
    )
    senders = {MESSAGE: backchannel.sender(lambda: _job_work(database), _tellers(of), post)}
    if of.mail.smtp_url:
        write = letters.writer(of.base_url, of.paths.templates_overlay)
        senders[mail.KIND] = mail.sender(of.mail.smtp_url, of.mail.sender, write)
    return senders


@contextmanager
def _job_work(database: Database) -> Iterator[Work]:
    with database.transaction() as tx:
        yield Work(tx, Actor("job", name="outbox"), clock.now(), Origin("job"))


def _ask_for_housekeeping(database: Database) -> None:
    with work_on(database) as work:
        for kind in _HOURLY:
            sweeping.ask(work, kind)


def _drain(database: Database, of: Settings) -> tuple[jobs_.Ran, outbox.Sent]:
    ran = jobs_.run_due(database, handlers(of), clock.now(), OPERATOR)
    sent = outbox.drain(database, _senders(database, of), clock.now())
    runs.drain(database, run_kinds(), clock.now())
    return ran, sent


def _watch(database: Database, of: Settings, parent: int | None) -> None:
    over = threading.Event()
    for name in (signal.SIGTERM, signal.SIGINT):
        signal.signal(name, lambda *_: over.set())
    asked_at = -_HOUR
    # beside the rest, so that an application that does not answer delays no mail and no logout
    threading.Thread(target=_watch_applications, args=(database, of, over), name="provisioning", daemon=True).start()
    while not over.is_set() and (parent is None or os.getppid() == parent):
        try:
            if clock.monotonic() - asked_at >= _HOUR:
                _ask_for_housekeeping(database)
                asked_at = clock.monotonic()
            _drain(database, of)
        except IdpError as error:  # the database is away: it may come back
            jobs_.log.warning("jobs wait", cause=error.cause)
        over.wait(_PAUSE_SECONDS)


def _watch_applications(database: Database, of: Settings, over: threading.Event) -> None:
    while not over.is_set():
        try:
            tell_applications(database, of)
        except IdpError as error:  # the database is away: it may come back
            jobs_.log.warning("applications are not told", cause=error.cause)
        except Exception:  # nothing may end this thread while the rest goes on
            jobs_.log.exception("applications are not told")
        over.wait(_PAUSE_SECONDS)
