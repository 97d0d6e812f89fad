"""The home page, the search and the pages of long work, as administrators see them."""

from datetime import timedelta

import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from idp.directory import daily_counts, queries, rights, runs
from idp.directory.domain_models import Domain
from idp.directory.joining_models import JoinRequest
from idp.directory.models import Account
from idp.keyring import keyring
from idp.policy.domains import State
from idp.signon import bulk_acts, coverage
from idp.signon.bulk_acts import Chosen
from idp.signon.models import TotpFactor
from idp.web.console import charts
from tests.support.front import ANN, BEN
from tests.web.conftest import signed_in
from tests.web.console.conftest import make_administrator


def counted(front) -> None:
    with front.work() as work:
        daily_counts.count(work, front.organization_id)
        coverage.count_people(work, front.organization_id)


def a_join_request(front) -> None:
    with front.work() as work:
        work.tx.session.add(
            JoinRequest(
                organization_id=front.organization_id,
                id="joi_one",
                email="x@acme.example",
                email_key="x@acme.example",
                name="X",
                rule_id="",
                state="pending",
                created_at=work.now,
            )
        )


def test_the_home_page_shows_what_waits_and_what_was_counted(front, admin):
    a_join_request(front)
    counted(front)

    page = admin.open("/admin")

    assert "People who wait to join: 1" in page.text
    assert "people who can sign in have a second step" in page.text
    assert [len(one.xpath(".//tbody/tr")) for one in page.page.xpath("//figure")][:2] == [30, 30]
    assert page.page.xpath("//figure/svg[@aria-hidden='true']/*[local-name()='rect']")


def test_a_domain_whose_proof_is_gone_is_an_item_before_and_after_its_grace_is_over(front, admin):
    states = [State.MISSING_TOKEN, State.FROZEN, State.VERIFIED, State.UNVERIFIED, State.SUPERSEDED, State.REMOVED]
    with front.work() as work:
        for state in states:
            work.tx.session.add(
                Domain(
                    organization_id=front.organization_id,
                    id=f"dom_{state}",
                    name=f"{state}.example",
                    state=state,
                    token="t",
                    created_at=work.now,
                )
            )

    [item] = admin.open("/admin").page.xpath("//ul[@class='attention']/li[contains(., 'example')]")
    assert item.xpath("string(.//bdi)") == "frozen.example, missing-token.example"


def a_next_key(front, *, age: timedelta, ends: timedelta) -> None:
    """Give Acme a next key for SAML of that *age*, whose certificate ends after *ends*."""
    with front.work() as work:
        site = queries.site(work, "acme")
        key = keyring.create(
            work,
            site.organization_id,
            site.id,
            purpose=keyring.SAML_SIGNING,
            algorithm="P-256",
            state=keyring.NEXT,
            subject="acme",
        )
        key.created_at = work.now - age
        private = ec.generate_private_key(ec.SECP256R1())
        key.certificate_pem = keyring._certificate(private, "acme", work.now + ends - keyring.CERTIFICATE_LIFE)


@pytest.mark.parametrize(
    ("age", "ends", "ending", "standing"),
    [(1, 3000, False, False), (1, 20, True, False), (13, 3000, False, False), (15, 3000, False, True)],
)
def test_a_next_key_is_an_item_if_it_ends_soon_or_stands_still(front, admin, age, ends, ending, standing):
    """A SAML key may sign after 7 days of being published: 7 more, and somebody has forgotten it."""
    a_next_key(front, age=timedelta(days=age), ends=timedelta(days=ends))

    said = admin.open("/admin").text
    assert ("Sites whose certificate ends within 30 days: 1" in said) is ending
    assert ("since it could sign: 1" in said) is standing


def test_the_home_page_says_that_there_is_nothing(admin):
    assert "Nothing, as far as you may see." in admin.open("/admin").text


def test_t2_the_help_desk_sees_no_more_on_the_home_page_than_it_may(front):
    make_administrator(front, "help-desk")
    a_join_request(front)
    counted(front)

    page = signed_in(front).open("/admin")

    assert "People who wait to join" not in page.text
    assert "Signing in" not in page.text
    assert len(page.page.xpath("//figure")) == 1, "second steps, whom it helps with"


def without_second_step(front) -> set[str]:
    """The addresses of those who can sign in and have none, by another way than the page's."""
    with front.work() as work:
        having = {
            one.account_id for one in work.tx.session.query(TotpFactor).filter(TotpFactor.confirmed_at.isnot(None))
        }
        every = work.tx.session.query(Account).filter_by(organization_id=front.organization_id, disabled_at=None)
        return {one.email for one in every if one.id not in having}


def test_people_without_a_second_step_are_an_item_that_leads_to_them(front, admin):
    lacking = without_second_step(front)
    assert lacking
    assert ANN not in lacking
    counted(front)

    words = "1 person without" if len(lacking) == 1 else f"{len(lacking)} people without"
    page = admin.open("/admin").follow(words)

    assert page.title == "People without a second step"
    assert {one.text_content() for one in page.page.xpath("//tbody//span/bdi")} == lacking
    charts_of = admin.open("/admin").page.xpath("//figure[.//caption[contains(., 'second step')]]")[0]
    assert charts_of.xpath(".//tbody/tr[last()]/td/text()") == ["2", str(len(lacking))], "Ann and Ben have one"


def test_t2_the_help_desk_sees_how_many_have_none_and_is_led_nowhere(front):
    make_administrator(front, "help-desk")
    counted(front)
    visitor = signed_in(front).open("/admin")

    assert "without a second step" in visitor.text
    assert not visitor.link("without a second step")
    assert not visitor.link("Who has none")


def test_search_finds_and_leads_to_the_page(front, admin):
    page = admin.open("/admin/search?q=ben")

    assert page.title == "Search"
    assert page.follow("Ben").title.startswith("Ben")


@pytest.mark.parametrize("asked", ["", "zzz", "%", "a" * 5000, "<script>alert(1)</script>", "'\" OR 1=1"])
def test_search_answers_whatever_is_asked(admin, asked):
    for live in ({}, {"live": "1"}):
        answer = admin.client.get("/admin/search", query_string={"q": asked, **live})

        assert answer.status_code == 200
        assert b"<script>alert" not in answer.data


def test_the_fragment_is_the_list_and_nothing_around_it(front, admin):
    answer = admin.client.get("/admin/search?q=ben&live=1")

    assert b"<html" not in answer.data
    assert BEN.encode() in answer.data


def test_whoever_administers_nothing_searches_nothing(ann):
    assert ann.open("/admin/search?q=ben").status == 403


def begun(front, email=ANN):
    with front.work() as work:
        from dataclasses import replace

        from idp.base.work import Actor

        account = work.tx.session.query(Account).filter_by(email=email).one()
        held = rights.roles_of(work, front.organization_id, account.id)
        actor = Actor("account", account.id, email, front.organization_id, held)
        chosen = Chosen((front.account_ids[BEN],))
        mine = replace(work, actor=actor)
        return bulk_acts.start(mine, "disable", organization_id=front.organization_id, chosen=chosen).id


def test_a_run_shows_how_far_it_is_and_looks_again_until_it_is_over(front, admin):
    run_id = begun(front)

    page = admin.open(f"/admin/runs/{run_id}")
    assert page.page.xpath("//meta[@http-equiv='refresh']")
    assert page.page.xpath("//progress/@value") == ["0"]
    runs.drain(front.database, bulk_acts.KINDS, front.now)
    page = admin.open(f"/admin/runs/{run_id}")

    assert not page.page.xpath("//meta[@http-equiv='refresh']")
    assert page.page.xpath("//progress/@value") == ["1"]
    assert "Finished" in page.text
    assert page.open("/admin/runs").follow("Disable 1").title == "Disable 1 account"


def test_a_run_is_stopped_by_its_button(front, admin):
    run_id = begun(front)

    admin.open(f"/admin/runs/{run_id}").submit("Stop")

    assert "It stops before its next part" in admin.text
    runs.drain(front.database, bulk_acts.KINDS, front.now)
    assert "Stopped" in admin.open(f"/admin/runs/{run_id}").text


@pytest.mark.parametrize("run_id", ["run_nothere", "x", "%00", "acc_x"])
def test_t2_what_is_no_run_is_not_found(admin, run_id):
    assert admin.client.get(f"/admin/runs/{run_id}").status_code == 404


def test_t2_a_run_of_somebody_else_is_not_found_by_the_help_desk(front):
    make_administrator(front)
    run_id = begun(front)
    with front.work() as work:
        from sqlalchemy import update

        from idp.directory.models import RoleAssignment

        work.tx.session.execute(update(RoleAssignment).values(valid_to=work.now))
    front.later(minutes=1)
    make_administrator(front, "help-desk")
    with front.work() as work:
        run = work.tx.session.get_one(runs.Run, (front.organization_id, run_id))
        run.created_by = "acc_other"

    assert signed_in(front).client.get(f"/admin/runs/{run_id}").status_code == 404


def test_a_chart_shows_every_value_and_the_highest_fills_it():
    chart = charts.bars([(1, 0), (3, 1), (0, 0)], ("good", "bad"))

    assert chart.highest == 4
    assert len(chart.bars) == 3
    assert min(bar.y for bar in chart.bars) == 0
    assert all(bar.x + bar.width <= chart.width and bar.y >= 0 for bar in chart.bars)


@pytest.mark.parametrize("columns", [[], [(0, 0)] * 30])
def test_a_chart_of_nothing_is_empty(columns):
    assert charts.bars(columns, ("good", "bad")).bars == ()


def test_a_sparkline_goes_through_its_values():
    assert charts.sparkline([0, 2, 1], width=100, height=20).points == "0.0,19.0 50.0,1.0 100.0,10.0"


def test_the_search_box_says_what_was_searched_for_and_nothing_else(front, admin):
    """A page may call what it shows "asked", too."""
    shown = {
        path: admin.open(path).field("q").get("value")
        for path in ("/admin/search?q=ann", "/admin/zones/new", "/admin/policies/new", "/admin/roles/give", "/admin")
    }

    assert {path for path, value in shown.items() if value} == {"/admin/search?q=ann"}
