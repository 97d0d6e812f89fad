"""Asking for access: once, with a reason, for what one may not open; decided by whoever may give it."""

from dataclasses import replace
from datetime import timedelta
from threading import Barrier, Thread

import pytest

from idp.base.errors import Conflict, Forbidden, Invalid, NotFound
from idp.base.work import Actor, HeldRole
from idp.directory import (
    access,
    access_requests,
    accounts,
    applications,
    default_groups,
    groups,
    organizations,
    rights,
    role_assignments,
    sites,
)
from idp.directory.group_models import DefaultGroup
from idp.directory.models import Organization
from tests.support import postbox

REASON = "I look after the wiki while Ben is away."


class Acme:
    def __init__(self, work):
        self.organization = organizations.create(work, "acme", name="Acme")
        self.site = sites.create(work, "acme", organization="acme", name="Acme")
        self.other_site = sites.create(work, "acme-eu", organization="acme", name="Acme Europe")
        self.ann = accounts.create(work, "ann@acme.example", organization="acme", name="Ann Example")
        self.chief = accounts.create(work, "chief@acme.example", organization="acme", name="Chief")
        self.wiki = applications.create(work, self.site, protocol="saml", name="Wiki")
        self.wiki.requestable = True
        self.pay = applications.create(work, self.other_site, protocol="saml", name="Payroll")
        work.tx.session.flush()

    def as_ann(self, work):
        return self._as(work, self.ann)

    def as_chief(self, work, *roles):
        return self._as(work, self.chief, *(roles or (HeldRole("organization-administrator", self.organization.id),)))

    def _as(self, work, account, *roles):
        return replace(work, actor=Actor("account", account.id, account.email, self.organization.id, roles))


@pytest.fixture
def acme(work):
    return Acme(work)


def asked(work, acme):
    return access_requests.ask(acme.as_ann(work), acme.wiki.id, REASON)


def may_open(work, acme, now=None):
    return access.may_open(replace(work, now=now or work.now), acme.organization.id, acme.wiki.id, acme.ann.id)


def test_whoever_may_not_open_it_asks_and_is_let_in(work, acme):
    assert [one.application.name for one in access_requests.requestable(work, acme.organization.id, acme.ann.id)] == [
        "Wiki"
    ]
    made = asked(work, acme)
    [waiting] = access_requests.queue(acme.as_chief(work), acme.organization.id)
    assert (waiting.request.id, waiting.account.email, waiting.request.reason) == (made.id, acme.ann.email, REASON)
    [one] = access_requests.requestable(work, acme.organization.id, acme.ann.id)
    assert one.pending.id == made.id

    done = access_requests.approve(acme.as_chief(work), made.id, answer="Welcome.")

    assert (done.request.state, done.request.decided_by) == ("approved", "chief@acme.example")
    assert may_open(work, acme)
    assert access_requests.requestable(work, acme.organization.id, acme.ann.id) == []
    assert access_requests.queue(acme.as_chief(work), acme.organization.id) == []
    [own] = access_requests.own(work, acme.organization.id, acme.ann.id)
    assert (own.request.state, own.request.answer, own.application.name) == ("approved", "Welcome.", "Wiki")
    [grant] = applications.grants(work, acme.wiki)
    assert (grant.id, grant.reason) == (done.request.grant_id, f"Asked for: {REASON}")


def test_access_that_was_approved_until_a_moment_ends_with_it(work, acme):
    until = work.now + timedelta(days=14)
    access_requests.approve(acme.as_chief(work), asked(work, acme).id, until=until)

    assert may_open(work, acme)
    assert not may_open(work, acme, until)


def test_an_application_with_default_groups_gives_those(work, acme):
    group = groups.create(work, "Wiki users", organization="acme")
    applications.grant(work, acme.wiki.id, group=group.id)
    work.tx.session.add(
        DefaultGroup(
            organization_id=acme.organization.id,
            id="dfg_test",
            application_id=acme.wiki.id,
            role="user",
            group_id=group.id,
            created_at=work.now,
        )
    )
    done = access_requests.approve(acme.as_chief(work), asked(work, acme).id)

    assert done.request.grant_id is None
    assert access.groups_of(work, acme.organization.id, acme.ann.id) == ("Wiki users",)
    assert may_open(work, acme)


def test_whoever_is_denied_is_told_why_and_may_ask_again(work, acme):
    made = asked(work, acme)
    with pytest.raises(Invalid):
        access_requests.deny(acme.as_chief(work), made.id, " ")
    access_requests.deny(acme.as_chief(work), made.id, "Ben is back.")

    assert not may_open(work, acme)
    with pytest.raises(Conflict):
        access_requests.approve(acme.as_chief(work), made.id)
    assert asked(work, acme).id != made.id


def test_whoever_has_asked_takes_it_back(work, acme):
    made = asked(work, acme)
    access_requests.withdraw(acme.as_ann(work), made.id)

    assert made.state == "withdrawn"
    for act in (
        lambda: access_requests.withdraw(acme.as_ann(work), made.id),
        lambda: access_requests.approve(acme.as_chief(work), made.id),
        lambda: access_requests.deny(acme.as_chief(work), made.id, "No."),
    ):
        with pytest.raises(Conflict):
            act()


@pytest.mark.parametrize("reason", ["", "  \n", "x" * 1025, "bell\x07"])
def test_a_reason_is_obligatory(work, acme, reason):
    with pytest.raises(Invalid) as refused:
        access_requests.ask(acme.as_ann(work), acme.wiki.id, reason)
    assert refused.value.field == "reason"


def test_one_request_waits_for_each_application(work, acme):
    asked(work, acme)
    with pytest.raises(Conflict, match="asked for"):
        asked(work, acme)


def test_what_is_open_is_not_asked_for(work, acme):
    applications.grant(work, acme.wiki.id, everyone=True)
    with pytest.raises(Conflict, match="open to you already"):
        asked(work, acme)


def test_so_many_may_wait_at_once(work, acme):
    for number in range(access_requests.MOST_PENDING):
        one = applications.create(work, acme.site, protocol="saml", name=f"Application {number}")
        one.requestable = True
        work.tx.session.flush()
        access_requests.ask(acme.as_ann(work), one.id, REASON)
    with pytest.raises(Conflict, match="wait"):
        asked(work, acme)


def test_what_may_not_be_asked_for_is_not_there(work, acme, an_organization):
    organizations.create(work, "other", name="Other")
    foreign = applications.create(
        work, sites.create(work, "other", organization="other", name="Other"), protocol="saml", name="Foreign"
    )
    foreign.requestable = True
    work.tx.session.flush()
    for id_ in (acme.pay.id, foreign.id, "app_none"):
        with pytest.raises(NotFound):
            access_requests.ask(acme.as_ann(work), id_, REASON)


@pytest.mark.parametrize("state", ["account", "organization", "application", "site", "deletion"])
def test_t22_what_is_disabled_is_not_asked_for(work, acme, state):
    if state == "account":
        accounts.disable(work, acme.ann.id)
    elif state == "deletion":
        acme.ann.deletion_at = work.now + timedelta(days=14)
    elif state == "organization":
        work.tx.session.get_one(Organization, acme.organization.id).suspended_at = work.now
    elif state == "site":
        acme.site.disabled_at = work.now
    else:
        applications.disable(work, acme.wiki.id)
    work.tx.session.flush()

    assert access_requests.requestable(work, acme.organization.id, acme.ann.id) == []
    with pytest.raises((Forbidden, NotFound)):
        asked(work, acme)


@pytest.mark.parametrize("state", ["account", "application"])
def test_t22_what_was_disabled_since_is_not_given(work, acme, state):
    made = asked(work, acme)
    if state == "account":
        accounts.disable(work, acme.ann.id)
    else:
        applications.disable(work, acme.wiki.id)
    with pytest.raises(Conflict, match="disabled"):
        access_requests.approve(acme.as_chief(work), made.id)
    assert applications.grants(work, acme.wiki) == []


def test_d17_nobody_decides_on_a_request_of_their_own(work, acme):
    made = asked(work, acme)
    ann = acme._as(work, acme.ann, HeldRole("organization-administrator", acme.organization.id))

    for act in (lambda: access_requests.approve(ann, made.id), lambda: access_requests.deny(ann, made.id, "No.")):
        with pytest.raises(Forbidden):
            act()
    assert not may_open(work, acme)


def held(acme, *permissions, **where):
    return HeldRole("rol_own", acme.organization.id, permissions=permissions, **where)


def test_t5_whoever_may_decide_and_not_give_approves_nothing(work, acme):
    made = asked(work, acme)
    limited = acme.as_chief(work, held(acme, "request:read", "request:decide", "account:read"))

    with pytest.raises(Forbidden):
        access_requests.approve(limited, made.id)
    assert (made.state, may_open(work, acme)) == ("pending", False)


@pytest.mark.parametrize("role", ["application-administrator", "site-administrator", "user-access-administrator"])
def test_who_holds_a_role_there_decides_and_elsewhere_sees_nothing(work, acme, role):
    made = asked(work, acme)
    here, there = {"site_id": acme.site.id}, {"site_id": acme.other_site.id}
    if role == "application-administrator":
        here, there = {**here, "application_id": acme.wiki.id}, {**there, "application_id": acme.pay.id}
    elsewhere = acme.as_chief(work, HeldRole(role, acme.organization.id, **there))

    assert access_requests.queue(elsewhere, acme.organization.id) == []
    for act in (
        lambda: access_requests.get(elsewhere, made.id),
        lambda: access_requests.approve(elsewhere, made.id),
        lambda: access_requests.deny(elsewhere, made.id, "No."),
    ):
        with pytest.raises(NotFound):
            act()
    right = acme.as_chief(work, HeldRole(role, acme.organization.id, **here))
    assert [one.request.id for one in access_requests.queue(right, acme.organization.id)] == [made.id]
    assert access_requests.deny(right, made.id, "Not now.").request.state == "denied"


def test_t1_a_stranger_and_whoever_only_reads_decide_nothing(work, acme, stranger, as_account):
    made = asked(work, acme)
    assert access_requests.queue(stranger(work), acme.organization.id) == []
    with pytest.raises(NotFound):
        access_requests.approve(stranger(work), made.id)
    with pytest.raises(Forbidden):
        access_requests.approve(as_account(work, acme.chief, "auditor"), made.id)
    with pytest.raises(NotFound):
        access_requests.withdraw(acme._as(work, acme.chief), made.id)


def test_whoever_may_decide_is_told_and_so_is_whoever_asked(work, acme, database):
    accounts.grant_role(work, acme.chief.id, "organization-administrator", organization_id=acme.organization.id)
    made = asked(work, acme)
    access_requests.approve(acme.as_chief(work), made.id, answer="Welcome.", until=work.now + timedelta(days=1))
    work.tx.commit()

    second, first = sorted(postbox.collect(database, work.now), key=lambda one: one.to)
    assert (first.to, first.subject) == ("chief@acme.example", "Ann Example asks for access to Wiki")
    assert (REASON in first.text, first.path) == (True, f"/admin/requests/{made.id}")
    assert (second.to, second.subject) == ("ann@acme.example", "Wiki is open to you")
    assert "Welcome." in second.text
    assert "2 January 2030" in second.text


@pytest.mark.both_databases
def test_of_many_who_ask_or_decide_at_once_one_wins(database, open_work, noon):
    with open_work() as work:
        acme = Acme(work)

    def at_once(act):
        barrier, won = Barrier(6), []

        def run():
            barrier.wait()
            try:
                with open_work() as work:
                    act(work)
                won.append(True)
            except Conflict:
                pass

        threads = [Thread(target=run) for _ in range(6)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        return len(won)

    assert at_once(lambda work: asked(work, acme)) == 1
    with open_work() as work:
        [one] = access_requests.queue(work, acme.organization.id)
    assert at_once(lambda work: access_requests.approve(acme.as_chief(work), one.request.id)) == 1
    with open_work() as work:
        assert len(applications.grants(work, acme.wiki)) == 1


@pytest.mark.parametrize("inside", [False, True])
def test_d17_nobody_approves_what_brings_a_role_that_they_do_not_hold(work, acme, inside):
    groups.create(work, "Wiki people", organization="acme")
    default_groups.mark(work, acme.wiki.id, "Wiki people")
    carrying = "Wiki people"
    if inside:  # the group that opens it carries nothing, but one around it does
        carrying = groups.create(work, "Around", organization="acme").name
        groups.nest(work, "Wiki people", "Around", organization="acme")
    role_assignments.grant(
        work, "application-administrator", organization="acme", group=carrying, application=acme.wiki.id
    )
    helper = acme.as_chief(work, HeldRole("user-access-administrator", acme.organization.id))
    made = asked(work, acme)

    with pytest.raises(Forbidden), work.tx.session.begin_nested():
        access_requests.approve(helper, made.id)
    work.tx.session.refresh(made)
    assert (made.state, may_open(work, acme), default_groups.may_put_in(helper, acme.wiki)) == ("pending", False, False)

    access_requests.approve(helper, made.id, until=work.now + timedelta(days=3))  # by a grant of their own: no role
    assert may_open(work, acme)
    assert rights.roles_of(work, acme.organization.id, acme.ann.id) == ()


def test_whoever_holds_as_much_approves_into_a_group_that_carries_a_role(work, acme):
    groups.create(work, "Wiki people", organization="acme")
    default_groups.mark(work, acme.wiki.id, "Wiki people")
    role_assignments.grant(
        work, "application-administrator", organization="acme", group="Wiki people", application=acme.wiki.id
    )
    access_requests.approve(acme.as_chief(work), asked(work, acme).id)

    assert [one.role for one in rights.roles_of(work, acme.organization.id, acme.ann.id)] == [
        "application-administrator"
    ]
