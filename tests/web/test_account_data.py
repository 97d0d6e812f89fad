"""/account and /account/data: who keeps what, and a file of everything that is held of a person."""

import json
from dataclasses import replace

import pytest

from idp.base.tables import Base
from idp.directory import accounts, groups
from idp.directory.attribute_sources import Source
from idp.directory.domain_models import Domain
from idp.directory.models import Account
from idp.web.account_data import PORTIONS
from tests.support.front import ANN, BEN, PASSWORD
from tests.web.conftest import signed_in

NOT_HANDED_OUT = {
    "pending_sign_ons": "a sign-in under way: gone within a day",
    "provisioning_marks": "that something of an account is to be told: gone once it was",
    "search_words": "made of the account's own names",
}
SECRET = ("hash", "secret", "sealed", "token", "pepper", "public_key", "credential_id", "digest")


def keepers(visitor):
    return {
        " ".join(row.xpath("string(dt)").split()): row.xpath("string(.//p[@class='note'])")
        for row in visitor.page.xpath("//dl/div")
    }


def test_each_attribute_says_who_keeps_it(front, ann):
    with front.work() as work:
        accounts.set_attributes(work, ANN, {"department": ["Mathematics"]})
    ann.open("/account")
    kept = keepers(ann)

    assert kept["E-mail address"] == "kept by you"
    assert kept["Name"] == kept["department"] == "kept by your organization"


def test_what_came_from_a_list_or_another_system_says_so(front, ann):
    with front.work() as work:
        accounts.set_attributes(work, ANN, {"department": ["Mathematics"]}, source=Source.IMPORT)
        accounts.set_attributes(work, ANN, {"floor": ["3"]}, source=Source.PROVISIONING)
    kept = keepers(ann.open("/account"))

    assert kept["department"] == "comes from a list that your organization imported"
    assert kept["floor"] == "comes from another system of your organization"


def test_where_no_mail_is_sent_nobody_keeps_their_address_themselves(front):
    held = front.app.extensions["ostiary"]
    settings = held.settings.model_copy(update={"mail": held.settings.mail.model_copy(update={"smtp_url": ""})})
    front.app.extensions["ostiary"] = replace(held, settings=settings)

    assert keepers(signed_in(front).open("/account"))["E-mail address"] == "kept by your organization"


def test_a_managed_account_says_which_domain_it_is_managed_through(front, ann):
    with front.work() as work:
        domain = Domain(
            organization_id=front.organization_id, id="dom_1", name="acme.example", state="verified", token="x",
            created_at=front.now,
        )  # fmt: skip
        work.tx.session.add(domain)
        work.tx.session.flush()
        account = work.tx.session.get_one(Account, (front.organization_id, front.account_ids[ANN]))
        account.domain_id, account.managed_at = domain.id, front.now
        account.created_through = "provisioning"
    ann.open("/account")

    assert "manages this account, because its address is on acme.example" in ann.text
    assert keepers(ann)["E-mail address"] == keepers(ann)["Name"]
    assert "comes from another system of your organization" in ann.text
    assert "Change e-mail address" not in ann.text


def test_a_group_says_why_one_is_in_it(front, ann):
    with front.work() as work:
        groups.create(work, "Everyone in Kraków", organization="acme")
        groups.add(work, "Everyone in Kraków", ANN, organization="acme", source="rule:grl_1")

    assert "Everyone in Kraków: by a rule" in ann.open("/account").text


def test_every_page_of_the_account_leads_to_the_others(ann):
    ann.open("/account")
    ways = ann.page.xpath("//nav[@class='ways']//a/@href")

    assert len(ways) == 7
    for way in ways:
        ann.open(way)
        assert ann.status == 200
        assert ann.page.xpath("//nav[@class='ways']//a/@href") == ways
        assert ann.page.xpath("//nav[@class='ways']//a[@aria-current='page']/@href") == [way]


def test_only_who_administers_something_is_led_to_the_console(front, ann):
    assert "Administration" not in ann.text
    with front.work() as work:
        accounts.grant_role(work, ANN, "auditor", organization_id=front.organization_id)

    for path in ("/", "/account", "/account/history", "/arrange"):
        assert ann.open(path).page.xpath("//nav//a[.='Administration']/@href") == ["/admin"]


def taken(visitor):
    return visitor.open("/account/data").submit("Download").answer


def test_the_file_has_what_is_held_and_nothing_of_others(front, ann):
    ann.open(front.ask(asks=("email",))).submit()
    front.sign_in_elsewhere(BEN, "Ben's browser", "203.0.113.77")
    answer = taken(ann)
    assert answer.headers["Content-Disposition"] == 'attachment; filename="my-data.json"'
    assert answer.headers["Cache-Control"] == "no-store"
    held = answer.json

    assert held["account"][0]["email"] == ANN
    assert {held["names"][one["group_id"]] for one in held["groups"]} == {"Engineering", "Research"}
    assert [one["name"] for one in held["authenticator_apps"]] == ["Phone"]
    assert held["names"][held["consents"][0]["application_id"]] == "Wiki"
    assert len(held["sessions"]) == 1
    assert held["sign_ins"][0]["ip"] == "127.0.0.1"
    assert "203.0.113.77" not in answer.text
    assert BEN not in answer.text


def test_r15_no_secret_is_in_the_file(front, ann):
    front.give_passkey(ANN, "Laptop")
    text = taken(ann).text

    for secret in (PASSWORD, "argon2", "pQECAyYgASFYIA", "ostiary-test-secret"):
        assert secret not in text
    for token in ("ostiary_session", "ostiary_devices"):
        cookie = ann.client.get_cookie(token)
        assert cookie is None or cookie.value not in text


def test_a11_the_password_is_asked_for_first(front, ann):
    front.later(minutes=6)
    ann.open("/account/data").submit("Download")
    assert ann.title == "Sign in"
    ann.submit(username=ANN, password=PASSWORD).submit(otp=front.code())

    assert ann.path == "/account/data"
    assert ann.submit("Download").answer.mimetype == "application/json"


def test_that_it_was_taken_is_written_down(front, ann):
    taken(ann)
    held = json.loads(taken(ann).text)

    assert [one["tag"] for one in held["what_happened_to_your_account"]].count("account.data-taken") == 1


@pytest.mark.parametrize("table", [t.name for t in Base.metadata.sorted_tables if "account_id" in t.c])
def test_each_table_that_names_accounts_is_in_the_file_or_says_why_not(table):
    handed_out = {one.model.__tablename__ for one in PORTIONS}

    assert (table in handed_out) != (table in NOT_HANDED_OUT)


@pytest.mark.parametrize("portion", PORTIONS, ids=lambda one: one.name)
def test_no_portion_has_a_column_that_is_a_secret(portion):
    assert [column for column in portion.columns if any(word in column for word in SECRET)] == []
    indexed = [index.columns.keys() for index in portion.model.__table__.indexes]
    indexed += [[c.name for c in one.columns] for one in portion.model.__table__.constraints]
    assert any(portion.whose in columns[:2] for columns in indexed), "found by an index"
