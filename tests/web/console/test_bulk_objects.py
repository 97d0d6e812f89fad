"""One act on many that were ticked in a list: said before, done one by one, and whatever cannot be is named."""

import pytest
from sqlalchemy import select

from idp.base.models import Job
from idp.base.work import Actor
from idp.directory import access_requests, applications, groups, rights, role_assignments, runs
from idp.directory import group_rule_changes as rules
from idp.directory.console_models import Run
from idp.directory.models import AccessGrant, Application
from idp.oidc.api_tokens import bulk as bulk_tokens
from idp.signon import bulk_objects
from idp.signon.bulk_object_acts import ACTS
from idp.signon.bulk_objects import Chosen
from tests.support.front import ANN, BEN, PASSWORD
from tests.web.conftest import signed_in
from tests.web.console.conftest import make_administrator

KINDS = bulk_objects.kinds({**ACTS, **bulk_tokens.ACTS})


def done_all(front) -> Run:
    runs.drain(front.database, KINDS, front.now)
    with front.work() as work:
        return work.tx.session.scalars(select(Run).order_by(Run.created_at.desc(), Run.id.desc())).first()


def disabled(front) -> set[str]:
    with front.work() as work:
        found = work.tx.session.scalars(select(Application).where(Application.disabled_at.is_not(None)))
        return {one.name for one in found}


def ask(act: str, *ids: str, of: str = "") -> str:
    return f"/admin/bulk/choose?act={act}&of={of}&" + "&".join(f"chosen={one}" for one in ids)


def test_ticked_applications_are_disabled_after_a_page_has_named_them(front, admin):
    admin.open("/admin/applications")
    assert admin.page.xpath("//form[@action='/admin/bulk/choose']//input[@name='chosen']")
    ids = front.application_ids
    admin.open(ask("disable-applications", ids["Wiki"], ids["Payroll"]))
    assert (admin.title, disabled(front)) == ("Disable 2 applications?", set())
    assert "Wiki" in admin.text
    assert "Payroll" in admin.text

    admin.submit("Begin")
    run = done_all(front)

    assert disabled(front) == {"Wiki", "Payroll"}
    assert (run.state, run.done, run.failed, run.title) == ("finished", 2, 0, "Disable 2 applications")


def test_what_cannot_be_done_is_named_and_the_others_are_done(front, admin):
    ids = front.application_ids
    with front.work() as work:
        applications.disable(work, ids["Wiki"])
    admin.open(ask("disable-applications", ids["Wiki"], ids["Payroll"])).submit("Begin")
    run = done_all(front)

    assert (run.done, run.failed) == (1, 1)
    assert run.findings == ["Wiki: “Wiki” is disabled already."]
    front.later(seconds=1)
    admin.open(ask("enable-applications", ids["Wiki"], ids["Payroll"])).submit("Begin")
    assert done_all(front).done == 2
    assert disabled(front) == set()


def test_t10_each_takes_what_the_single_act_takes_and_the_refused_one_is_named(front):
    ids, org = front.application_ids, front.organization_id
    with front.work() as work:
        role_assignments.grant(work, "auditor", organization="acme", account=BEN)
        role_assignments.grant(
            work, "application-administrator", organization="acme", account=BEN, application=ids["Wiki"]
        )
        held = rights.roles_of(work, org, front.account_ids[BEN])
    ben = Actor("account", front.account_ids[BEN], BEN, org, held)
    with front.work(ben) as work:
        chosen = Chosen([ids["Wiki"], ids["Payroll"]])
        bulk_objects.start(work, ACTS["disable-applications"], organization_id=org, chosen=chosen)
    run = done_all(front)

    assert (run.done, run.failed, disabled(front)) == (1, 1, {"Wiki"})
    assert run.findings[0].startswith("Payroll: ")


def test_t10_whoever_may_do_it_to_none_may_not_even_begin(front):
    make_administrator(front, "auditor")
    one = signed_in(front)

    assert one.open(ask("disable-applications", front.application_ids["Wiki"])).status == 403
    assert not one.open("/admin/applications").page.xpath("//input[@name='chosen']")


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("act=disable-applications", "Choose at least one"),
        ("act=disable-applications&chosen=acc_1", "Choose at least one"),
        ("act=disable-applications&chosen=app_nobodys", "None of those"),
        ("act=explode&chosen=app_1", "Choose what to do."),
    ],
)
def test_a_choice_of_nothing_is_told_apart(admin, query, words):
    admin.open(f"/admin/bulk?{query}")

    assert admin.status == 422
    assert words in admin.text


def test_too_many_at_once_are_refused(front, admin):
    admin.open("/admin/bulk/choose?act=disable-applications&chosen=" + ",".join(f"app_{n}" for n in range(300)))

    assert (admin.status, "at most 200" in admin.text) == (422, True)


def test_withdrawing_says_how_many_lose_access_and_ends_each_grant(front, admin):
    application = front.application_ids["Payroll"]
    with front.work() as work:
        for one in applications.grants(work, applications.queries.application(work, application)):
            applications.withdraw(work, application, one.id)
        given = [applications.grant(work, application, account=one).id for one in (ANN, BEN)]
    admin.open(ask("withdraw-access", *given, of=application))
    assert "2 people cannot open the application any more" in admin.text
    admin.submit("Begin", answer="Tidy up")
    assert done_all(front).done == 2

    with front.work() as work:
        ended = [work.tx.session.get(AccessGrant, (front.organization_id, one)).valid_to for one in given]
        assert all(ended)


def test_requests_are_decided_together_and_a_denial_says_why(front, admin):
    ids = front.application_ids
    with front.work() as work:
        for name in ("Wiki", "Payroll"):
            applications.queries.application(work, ids[name]).requestable = True
            for one in applications.grants(work, applications.queries.application(work, ids[name])):
                applications.withdraw(work, ids[name], one.id)
    ben = signed_in_actor(front, BEN)
    with front.work(ben) as work:
        asked = [access_requests.ask(work, ids[name], "I need it").id for name in ("Wiki", "Payroll")]

    admin.open(ask("deny-requests", asked[0])).submit("Begin", answer=" ")
    assert (admin.status, "Say why" in admin.text) == (422, True)
    admin.open(ask("deny-requests", asked[0])).submit("Begin", answer="Not yours.")
    assert done_all(front).done == 1
    front.later(seconds=1)
    admin.open(ask("approve-requests", *asked)).submit("Begin")
    run = done_all(front)

    assert (run.done, run.failed) == (1, 1)
    assert run.findings[0].startswith(f"{BEN}, Wiki: ")
    with front.work() as work:
        states = {one: access_requests.get(work, one).request.state for one in asked}
    assert states == {asked[0]: "denied", asked[1]: "approved"}


def signed_in_actor(front, email):
    return Actor("account", front.account_ids[email], email, front.organization_id)


def test_rules_of_ticked_groups_run_and_one_that_is_off_is_named(front, admin):
    made = []
    with front.work() as work:
        for name in ("First", "Second"):
            group = groups.create(work, name, organization="acme").id
            rules.write(work, group, organization="acme", condition='department is "Sales"')
            made.append(group)
        rules.switch_on(work, made[0], organization="acme")
    admin.open(ask("run-rules", *made)).submit("Begin")
    run = done_all(front)

    assert (run.done, run.failed) == (1, 1)
    assert run.findings == ["Second: The rule of “Second” is off."]


def test_domains_are_looked_for_soon_each_by_a_job_of_its_own(front, admin):
    admin.open("/admin/domains/add").submit(name="one.example")
    admin.open("/admin/domains/add").submit(name="two.example")
    chosen = admin.open("/admin/domains").page.xpath("//input[@name='chosen']/@value")
    assert len(chosen) == 2
    admin.open(ask("check-domains", *chosen)).submit("Begin")
    assert done_all(front).done == 2

    with front.work() as work:
        jobs = work.tx.session.scalars(select(Job).where(Job.kind == "domain-check")).all()
        assert {one.payload["domain_id"] for one in jobs} >= set(chosen)


def test_it_asks_for_a_second_step_that_is_fresh_and_forgets_nothing_that_was_ticked(front, admin):
    front.later(minutes=6)
    admin.open(ask("disable-applications", front.application_ids["Wiki"], front.application_ids["Payroll"]))
    assert "/signin" in admin.path
    admin.submit(password=PASSWORD).submit(otp=front.code())

    assert (admin.title, disabled(front)) == ("Disable 2 applications?", set())


def test_the_people_of_a_site_are_ticked_for_what_is_done_to_accounts(front, admin):
    admin.open("/admin/sites/acme/people")
    [form] = admin.page.xpath("//form[@action='/admin/accounts/bulk/choose']")
    assert form.xpath(".//input[@name='chosen']/@value")
    assert "end-sessions" in form.xpath(".//select[@name='act']/option/@value")


def all_of(act: str, of: str = "", **filters: str) -> str:
    return f"/admin/bulk/choose?act={act}&of={of}&all=on&" + "&".join(f"{k}={v}" for k, v in filters.items())


@pytest.mark.both_databases
def test_all_that_a_filter_matches_is_said_before_named_in_part_and_done(front, admin):
    with front.work() as work:
        site = work.tx.session.scalars(select(Application)).first().site_id
        for number in range(14):
            made = Application(
                organization_id=front.organization_id,
                id=f"app_more{number:02d}",
                site_id=site,
                protocol="oidc",
                name=f"More {number:02d}",
                launch_url="https://more.example/",
                created_at=work.now,
            )
            work.tx.session.add(made)
    admin.open("/admin/applications?q=more")
    assert admin.page.xpath("//form[@action='/admin/bulk/choose']//input[@name='q']/@value") == ["more"]
    admin.open(all_of("disable-applications", q="more"))
    assert (admin.title, disabled(front)) == ("Disable 14 applications?", set())
    named = [one.text_content() for one in admin.page.xpath("//main//form//li")]
    assert named == [*(f"More {number:02d}" for number in range(10)), "and 4 more"]

    admin.submit("Begin")
    run = done_all(front)

    assert disabled(front) == {f"More {number:02d}" for number in range(14)}
    assert (run.state, run.total, run.done, run.failed) == ("finished", 14, 14, 0)
    front.later(seconds=1)
    assert admin.open(all_of("disable-applications", q="more")).title == "Disable 0 applications?"
    assert not admin.page.xpath("//button[text()='Begin']")


def test_what_was_not_there_when_it_began_is_left_alone(front, admin):
    first = asked_by(front, BEN, "Wiki")
    admin.open(all_of("deny-requests")).submit("Begin", answer="No.")
    front.later(minutes=1)
    second = asked_by(front, BEN, "Payroll")
    assert done_all(front).done == 1

    with front.work() as work:
        states = [access_requests.get(work, one).request.state for one in (first, second)]
    assert states == ["denied", "pending"]


def asked_by(front, email: str, name: str) -> str:
    with front.work() as work:
        application = applications.queries.application(work, front.application_ids[name])
        application.requestable = True
        for one in applications.grants(work, application):
            applications.withdraw(work, application.id, one.id)
    with front.work(signed_in_actor(front, email)) as work:
        return access_requests.ask(work, front.application_ids[name], "I need it").id


def test_what_has_grown_since_it_was_looked_at_is_asked_again(front, admin):
    asked_by(front, BEN, "Wiki")
    admin.open(all_of("approve-requests"))
    asked_by(front, BEN, "Payroll")
    admin.submit("Begin")

    assert (admin.status, admin.title) == (409, "Approve 2 requests?")


@pytest.mark.parametrize(
    "query",
    [
        "act=disable-applications&all=on&state=retired",
        "act=check-domains&all=on&state=x",
        "act=explode&all=on",
        "all=on",
    ],
)
def test_a_filter_that_is_none_matches_nothing_instead_of_everything(front, admin, query):
    assert admin.open(f"/admin/bulk?{query}").status == 422
    assert disabled(front) == set()


@pytest.mark.both_databases
def test_t10_all_are_those_that_one_may_change_and_the_others_are_counted(front):
    ids, org = front.application_ids, front.organization_id
    with front.work() as work:
        role_assignments.grant(work, "auditor", organization="acme", account=BEN)
        role_assignments.grant(
            work, "application-administrator", organization="acme", account=BEN, application=ids["Wiki"]
        )
        held = rights.roles_of(work, org, front.account_ids[BEN])
    ben = Actor("account", front.account_ids[BEN], BEN, org, held)
    everything = Chosen(filters={})
    with front.work(ben) as work:
        act = ACTS["disable-applications"]
        meant = bulk_objects.meant(work, act, organization_id=org, chosen=everything)
        run_id = bulk_objects.start(work, act, organization_id=org, chosen=everything).id
    run = done_all(front)

    assert (list(meant.named.values()), meant.count, meant.left_out) == (["Wiki"], 1, len(ids) - 1)
    assert (run.id, run.done, run.failed, disabled(front)) == (run_id, 1, 0, {"Wiki"})


def test_t2_nothing_of_another_organization_is_matched(front, admin):
    from idp.directory import organizations, sites

    with front.work() as work:
        other = organizations.create(work, "other", name="Other").id
        site = sites.create(work, "theirs", name="Theirs", organization="other").id
        work.tx.session.add(
            Application(
                organization_id=other,
                id="app_theirs",
                site_id=site,
                protocol="oidc",
                name="Theirs",
                created_at=work.now,
            )
        )
    admin.open(all_of("disable-applications")).submit("Begin")
    done_all(front)

    assert "Theirs" not in disabled(front)
    assert admin.open(all_of("disable-applications", site="theirs")).status == 404
    assert admin.open(all_of("withdraw-access", of="app_theirs")).status == 404


def test_all_access_to_an_application_is_withdrawn_and_the_page_says_from_how_many(front, admin):
    application = front.application_ids["Payroll"]
    with front.work() as work:
        for one in applications.grants(work, applications.queries.application(work, application)):
            applications.withdraw(work, application, one.id)
        for one in (ANN, BEN):
            applications.grant(work, application, account=one)
    admin.open(all_of("withdraw-access", of=application, kind="account"))
    assert "2 people cannot open the application any more" in admin.text
    admin.submit("Begin", answer="Tidy up")

    assert done_all(front).done == 2


@pytest.mark.both_databases
def test_all_invitations_that_wait_are_sent_anew_or_taken_back(front, admin):
    admin.open("/admin/invitations/new").submit(emails="new1@acme.example\nnew2@acme.example")
    front.later(minutes=1)
    admin.open("/admin/invitations")
    assert admin.page.xpath("//form[@action='/admin/bulk/choose']//input[@name='all']")
    admin.open(all_of("resend-invitations", state="pending"))
    assert admin.title == "Send 2 invitations anew?"
    admin.submit("Begin")
    assert done_all(front).done == 2
    front.later(minutes=1)
    admin.open(all_of("take-back-invitations")).submit("Begin")
    assert done_all(front).done == 2

    assert admin.open(all_of("take-back-invitations")).title == "Take 0 invitations back?"


def test_each_act_comes_from_a_list_and_has_words_of_its_own():
    from idp.web.console import bulk_objects as pages

    assert pages.ACTS.keys() == pages._LISTS.keys()
