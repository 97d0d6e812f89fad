"""API tokens in the console: of the organization, of one account; who sees them, and who ends them."""

import csv
import io
from datetime import timedelta

import pytest
import sqlalchemy as sa
from werkzeug.datastructures import MultiDict

from idp.directory import accounts, authentication_policies, organizations, role_assignments, roles, sites, sizes
from idp.oidc import api_scopes, apis
from idp.oidc.api_tokens import administered, text
from idp.oidc.models import ApiToken
from idp.policy.permissions import Permission
from tests.support.front import ANN, BEN, DORA
from tests.web.conftest import signed_in
from tests.web.console.conftest import make_administrator


@pytest.fixture
def tokens(front) -> dict[str, str]:
    """An API at each of two sites, and tokens for them: the id of each by its label."""
    made = {}
    with front.work() as work:
        for site, name in (("acme", "Orders"), ("acme-eu", "Stock")):
            api, _ = apis.create(work, site, identifier=f"urn:x:{name}", name=name, takes_api_tokens=True)
            for number, (email, days, used) in enumerate(((BEN, 200, None), (DORA, 10, front.now))):
                label = f"{name} of {email.partition('@')[0]}"
                token = text.new()
                row = ApiToken(
                    organization_id=front.organization_id,
                    id=f"atk_{name.lower()}{number}",
                    account_id=front.account_ids[email],
                    site_id=api.site_id,
                    api_id=api.id,
                    label=label,
                    scope="read",
                    subject="sub_x",
                    token_hash=f"SECRET-HASH {label}",
                    ending=token[-4:],
                    epoch=0,
                    created_at=front.now + timedelta(seconds=len(made)) - timedelta(days=100),
                    expires_at=front.now + timedelta(days=days),
                    last_used_at=used,
                )
                work.tx.session.add(row)
                made[label] = row.id
        work.tx.session.flush()
    return made


def shown(visitor) -> list[str]:
    return visitor.page.xpath("//table//tbody//th/bdi/text()")


def live(front) -> set[str]:
    with front.work() as work:
        return set(work.tx.session.scalars(sa.select(ApiToken.label).where(ApiToken.revoked_at.is_(None))))


@pytest.mark.both_databases
def test_the_list_has_all_of_them_the_newest_first_and_is_narrowed(front, admin, tokens):
    admin.open("/admin/tokens")
    assert shown(admin) == ["Stock of dora", "Stock of ben", "Orders of dora", "Orders of ben"]
    assert "4 are good" in admin.text
    with front.work() as work:
        api = work.tx.session.get_one(ApiToken, (front.organization_id, tokens["Stock of ben"])).api_id
    for query, labels in (
        (f"api={api}", ["Stock of dora", "Stock of ben"]),
        ("which=unused", ["Stock of ben", "Orders of ben"]),
        ("which=ending", ["Stock of dora", "Orders of dora"]),
        ("q=ben@", ["Stock of ben", "Orders of ben"]),
        ("q=ben@&which=ending", []),
    ):
        assert shown(admin.open(f"/admin/tokens?{query}")) == labels, query
    assert "SECRET-HASH" not in admin.open("/admin/tokens").answer.text  # T7


def test_of_very_many_tokens_and_apis_it_counts_and_offers_some_and_takes_any(front, admin, tokens, monkeypatch):
    monkeypatch.setattr(sizes, "MANY", 2)
    monkeypatch.setattr(sizes.each_up_to, "__defaults__", (2,))
    monkeypatch.setattr(administered, "MOST_APIS", 1)
    with front.work() as work:
        api = work.tx.session.get_one(ApiToken, (front.organization_id, tokens["Stock of ben"])).api_id
    text = admin.open("/admin/tokens").text
    assert "More than 2 are good" in text
    assert "2 of them were not used for 90 days" in text
    assert admin.page.xpath("//select[@name='api']/option/text()") == ["All", "Orders"]
    assert shown(admin.open(f"/admin/tokens?api={api}")) == ["Stock of dora", "Stock of ben"]
    assert admin.page.xpath("//select[@name='api']/option/text()") == ["All", "Orders", "Stock"]


def test_t16_the_list_as_a_file(front, admin, tokens):
    with front.work() as work:
        row = work.tx.session.get_one(ApiToken, (front.organization_id, tokens["Orders of ben"]))
        row.label = '=HYPERLINK("x")'
    answer = admin.client.get("/admin/tokens/export.csv?q=ben@")
    rows = list(csv.DictReader(io.StringIO(answer.text)))
    assert [row["label"] for row in rows] == ["Stock of ben", '\'=HYPERLINK("x")']
    assert (rows[0]["email"], rows[0]["state"], rows[0]["api"]) == (BEN, "good", "Stock")
    assert "SECRET-HASH" not in answer.text


@pytest.mark.both_databases
def test_pages_follow_one_another(front, tokens):
    with front.work() as work:
        seen, after = [], None
        while found := administered.page(work, front.organization_id, after=after, limit=1):
            seen += [one.row.label for one in found]
            after = (found[-1].row.created_at.isoformat(), found[-1].row.id)
    assert seen == ["Stock of dora", "Stock of ben", "Orders of dora", "Orders of ben"]


def test_several_are_revoked_at_once(front, admin, tokens):
    chosen = "&".join(f"chosen={tokens[label]}" for label in ("Orders of ben", "Stock of dora"))
    admin.open(f"/admin/tokens/revoke?{chosen}")
    assert "2 tokens end at once" in admin.text
    assert "They are of 2 people" in admin.text
    admin.submit("Revoke")
    assert admin.path == "/admin/tokens"
    assert live(front) == {"Orders of dora", "Stock of ben"}
    admin.open(f"/admin/accounts/{front.account_ids[BEN]}/history")
    assert "revoked the API token Orders of ben" in admin.text


def test_the_account_has_a_tab_with_its_tokens(front, admin, tokens):
    path = f"/admin/accounts/{front.account_ids[BEN]}/tokens"
    admin.open(f"/admin/accounts/{front.account_ids[BEN]}").follow("Tokens")
    assert admin.path == path
    assert shown(admin) == ["Stock of ben", "Orders of ben"]
    admin.open(f"/admin/tokens/revoke?account={front.account_ids[BEN]}&chosen={tokens['Stock of ben']}").submit(
        "Revoke"
    )
    assert admin.path == path
    admin.follow("Revoke all…").submit()
    assert live(front) == {"Orders of dora", "Stock of dora"}


def test_revoking_the_tokens_of_an_account_ends_these_as_well(front, admin, tokens):
    admin.open(f"/admin/accounts/{front.account_ids[BEN]}/actions/revoke-tokens").submit()
    assert live(front) == {"Orders of dora", "Stock of dora"}


def test_it_takes_a_fresh_second_step(front, admin, tokens):
    front.later(minutes=6)
    admin.open(f"/admin/tokens/revoke?chosen={tokens['Stock of ben']}")
    assert admin.path.startswith("/signin/")


def may_change_credentials(front) -> None:
    """Let Ann hold nothing but the permission that ends tokens, and to read accounts."""
    make_administrator(front, "auditor", DORA)
    with front.work() as work:
        may = [Permission.ACCOUNT_CREDENTIALS, Permission.ACCOUNT_READ]
        roles.create(work, "Some", organization="acme", permissions=may)
        role_assignments.grant(work, "Some", organization="acme", account=ANN)


@pytest.mark.parametrize("role", ["auditor", "security-administrator", "Some"])
def test_who_sees_them_and_who_ends_them(front, tokens, role):
    if role == "Some":
        may_change_credentials(front)
    else:
        make_administrator(front, role)
    one = signed_in(front)
    path = f"/admin/accounts/{front.account_ids[BEN]}/tokens"
    assert shown(one.open(path)) == ["Stock of ben", "Orders of ben"]
    one.open(f"/admin/tokens/revoke?chosen={tokens['Stock of ben']}")
    one.submit("Revoke")
    ended = "Stock of ben" not in live(front)
    assert ended is (role == "Some")


def test_the_administrator_of_a_site_sees_those_for_its_apis(front, tokens):
    with front.work() as work:
        role_assignments.grant(work, "site-administrator", organization="acme", site="acme-eu", account=ANN)
    one = signed_in(front)
    assert shown(one.open("/admin/tokens")) == ["Stock of dora", "Stock of ben"]
    assert shown(one.open(f"/admin/accounts/{front.account_ids[BEN]}/tokens")) == ["Stock of ben"]
    one.open(f"/admin/tokens/revoke?chosen={tokens['Stock of ben']}").submit("Revoke")
    assert one.status == 403
    assert len(live(front)) == 4


@pytest.mark.parametrize("role", ["user-access-administrator", "help-desk"])
def test_t10_whoever_administers_something_else_sees_none(front, tokens, role):
    make_administrator(front, role)
    one = signed_in(front)
    assert one.open("/admin/tokens").status == 403
    assert one.open(f"/admin/accounts/{front.account_ids[BEN]}/tokens").status == 403
    assert one.client.get("/admin/tokens/export.csv").status_code == 403
    assert not one.open(f"/admin/accounts/{front.account_ids[BEN]}").link("Tokens")


def test_d17_nobody_ends_those_of_somebody_who_administers_more(front, tokens):
    with front.work() as work:
        accounts.grant_role(work, BEN, "organization-administrator", organization_id=front.organization_id)
    may_change_credentials(front)
    one = signed_in(front)
    both = f"chosen={tokens['Stock of dora']}&chosen={tokens['Stock of ben']}"
    one.open(f"/admin/tokens/revoke?{both}").submit("Revoke")
    assert one.status == 403
    assert len(live(front)) == 4  # all or none


def test_t1_t3_tokens_of_another_organization_are_not_there(front, admin, tokens):
    with front.work() as work:
        organizations.create(work, "globex", name="Globex")
        sites.create(work, "globex", organization="globex", name="Globex")
        api, _ = apis.create(work, "globex", identifier="urn:x:g", name="Secret API", takes_api_tokens=True)
        api_scopes.add(work, api.id, "g", "G")
        eve = accounts.create(work, "eve@globex.example", organization="globex", name="Eve")
        row = ApiToken(
            organization_id=eve.organization_id, id="atk_foreign", account_id=eve.id, site_id=api.site_id,
            api_id=api.id, label="Foreign", scope="g", subject="s", token_hash="h", ending="abcd", epoch=0,
            created_at=front.now, expires_at=front.now + timedelta(days=9),
        )  # fmt: skip
        work.tx.session.add(row)
        api_id, eve_id = api.id, eve.id
    for path in ("/admin/tokens", f"/admin/tokens?api={api_id}", "/admin/tokens?q=eve", "/admin/tokens/export.csv"):
        text_ = admin.client.get(path).text
        assert "Foreign" not in text_
        assert "Secret API" not in text_
    assert admin.open(f"/admin/accounts/{eve_id}/tokens").status == 404
    admin.open(f"/admin/tokens/revoke?chosen=atk_foreign&chosen={tokens['Stock of ben']}")
    assert "Foreign" not in admin.text
    values = {**admin.values("revoke"), "chosen": "atk_foreign"}
    assert admin.post("/admin/tokens/revoke", values).status == 404
    assert "Foreign" in live(front)


def test_nothing_chosen_is_said(front, admin, tokens):
    assert admin.open("/admin/tokens/revoke").status == 422


def test_a_policy_says_how_many_would_stop_before_it_is_changed(front, admin, tokens):
    with front.work() as work:
        policy = authentication_policies.default_policy(work, front.organization_id).id
    path, stop = f"/admin/policies/{policy}/edit", "4 API tokens would stop working."
    for days, stops in (("101", False), ("99", True)):
        admin.open(path).submit("See what would change", api_token_days=days)
        assert (stop in admin.text) is stops, days
    filled = MultiDict(admin.open(path).page.xpath("//main//form")[0].form_values())
    del filled["api_tokens_allowed"]
    assert stop in admin.post(path, MultiDict([*filled.items(multi=True), ("act", "look")])).text
    admin.post(path, filled)
    assert admin.path == f"/admin/policies/{policy}"
    assert "not allowed" in admin.text
    assert shown(admin.open("/admin/tokens?which=live")) == list(reversed(tokens))
    assert "not allowed by the policy" in admin.text


@pytest.mark.both_databases
def test_all_that_the_filters_match_are_revoked_by_a_run_but_those_of_people_who_administer_more(front, tokens):
    from idp.directory import runs
    from idp.oidc.api_tokens import bulk
    from idp.signon import bulk_objects

    with front.work() as work:
        roles.create(
            work, "Some", organization="acme", permissions=[Permission.ACCOUNT_CREDENTIALS, Permission.ACCOUNT_READ]
        )
        role_assignments.grant(work, "Some", organization="acme", account=ANN)
    make_administrator(front, "auditor", DORA)
    one = signed_in(front)
    assert one.open("/admin/tokens?which=live").page.xpath("//form[@action='/admin/bulk/choose']")
    one.open("/admin/bulk/choose?act=revoke-tokens&all=on&which=live")
    assert one.title == "Revoke 2 API tokens?"
    assert "2 more are in the list, and are left out" in one.text
    assert "Stock of ben, ben@acme.example" in one.text
    one.submit("Begin")
    runs.drain(front.database, bulk_objects.kinds(bulk.ACTS), front.now)

    assert live(front) == {"Stock of dora", "Orders of dora"}


def test_t2_the_help_desk_ends_no_tokens_by_a_filter(front, tokens):
    make_administrator(front, "help-desk")
    one = signed_in(front)

    assert one.open("/admin/bulk?act=revoke-tokens&all=on").status == 403
