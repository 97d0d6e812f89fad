"""APIs in the console: registered, given scopes, granted to applications and people, switched off, deleted."""

import csv
import io
from datetime import timedelta

import pytest
from sqlalchemy import select

from idp.audit.models import AuditEntry
from idp.base.ids import fingerprint
from idp.directory import accounts, organizations, queries, role_assignments, sites
from idp.oidc import api_scopes, apis, clients
from idp.oidc.models import Api, ApiScope, ApiScopeGrant, ApiToken
from tests.support.front import ANN, BEN, DORA
from tests.web.conftest import signed_in
from tests.web.console.conftest import make_administrator

ORDERS = "https://api.acme.example/orders"


@pytest.fixture
def orders(front) -> str:
    """An API at the site `acme` with one scope that nobody has."""
    with front.work() as work:
        made, _ = apis.create(work, "acme", identifier=ORDERS, name="Orders")
        api_scopes.add(work, made.id, "orders:read", "See your orders.")
        return made.id


@pytest.fixture
def notebook(front) -> str:
    with front.work() as work:
        asked = {"client_name": "Notebook", "redirect_uris": ["https://rp.example/cb"]}
        application, _, _ = clients.create(work, "acme", asked, base_url="http://localhost:8000")
        return application.id


def kept(front, api_id) -> Api | None:
    with front.work() as work:
        return work.tx.session.get(Api, (front.organization_id, api_id))


def held(front) -> set[tuple[str, str, bool]]:
    """The kind and the subject of each grant of a scope there is or was, and whether it holds."""
    with front.work() as work:
        every = work.tx.session.scalars(select(ApiScopeGrant))
        return {(one.subject_kind, one.subject_id, one.valid_to is None) for one in every}


def _site(front, slug="acme") -> str:
    with front.work() as work:
        return queries.site(work, slug).id


def tags(front) -> list[str]:
    with front.work() as work:
        query = select(AuditEntry.tag).where(AuditEntry.tag.like("api.%")).order_by(AuditEntry.at, AuditEntry.id)
        return list(work.tx.session.scalars(query))


def test_an_api_is_registered_given_a_scope_and_granted_from_the_empty_list_on(front, admin, notebook):
    page = admin.open("/admin/apis")
    assert "There is no API yet" in page.text
    page.follow("Register an API").submit(
        "Register it", name="Orders", identifier=ORDERS, minutes="5", token_format="opaque", site=_site(front)
    )
    assert "shown this once" in admin.text
    [_id, secret] = admin.page.xpath("//span[@class='value']/text()")
    assert "cannot be shown again. If it is lost" in admin.open(admin.path).text
    with front.work() as work:
        [api] = work.tx.session.scalars(select(Api))
        assert (api.name, api.identifier, api.token_format, api.token_seconds) == ("Orders", ORDERS, "opaque", 300)
        assert api.takes_api_tokens is False
        assert api.secret_hash == fingerprint(secret)
    assert secret not in admin.open(admin.path).answer.text  # T7

    admin.follow("On to its scopes").submit("Add it", name="orders:read", description="See your orders.")
    assert "Nobody has it yet" in admin.text
    base = admin.path.removesuffix("/scopes")
    admin.open(f"{base}/applications").submit("Grant it…", application=notebook, scope="orders:read")
    assert "“Notebook” may ask for “orders:read” from its next token on" in admin.text
    assert "See your orders." in admin.text
    admin.submit("Grant it")
    admin.open(f"{base}/people").submit("Grant it…", kind="everyone", scope="orders:read", until="2099-12-31")
    assert "people of the organization have “orders:read” at once" in admin.text
    assert "It ends by itself after 2099-12-31." in admin.text
    admin.submit("Grant it")
    assert "Granted orders:read." in admin.text
    assert {kind for kind, _, _ in held(front)} == {"application", "everyone"}
    assert tags(front) == ["api.created", "api.scope-added", "api.scope-granted", "api.scope-granted"]
    assert "registered the API Orders" in admin.open(f"{base}/history").text


def test_what_cannot_be_used_is_told_and_nothing_typed_is_lost(front, admin):
    wrong = []
    good = {"name": "Orders", "identifier": ORDERS, "minutes": "10", "token_format": "jwt", "site": _site(front)}
    for typed, problem in (
        ({"identifier": "orders"}, "absolute URI"),
        ({"identifier": "http://localhost:8000/x"}, "cannot have an address of ours"),
        ({"name": "Orders — all"}, "The name of an API cannot hold"),
        ({"minutes": "61"}, "1 to 60 minutes"),
        ({"minutes": "0"}, "1 to 60 minutes"),
        ({"minutes": "ten"}, "This is no number."),
        ({"token_format": "paper"}, "jwt or opaque"),
    ):
        admin.open("/admin/apis/new")
        token = admin.page.xpath("//main//input[@name='csrf_token']/@value")[0]
        answer = admin.client.post("/admin/apis/new", data={**good, **typed, "csrf_token": token})
        kept_typed = f'value="{ORDERS}"' in answer.text or "identifier" in typed
        if not (answer.status_code == 422 and problem in answer.text and kept_typed):
            wrong.append((typed, answer.status_code))
    assert wrong == []
    with front.work() as work:
        assert not list(work.tx.session.scalars(select(Api)))


def test_the_list_is_narrowed_and_comes_as_a_file(front, admin, orders, notebook):
    with front.work() as work:
        api_scopes.grant(work, orders, "orders:read", application_id=notebook)
        stock, _ = apis.create(work, "acme-eu", identifier="urn:x:stock", name="=Stock", takes_api_tokens=True)
        apis.disable(work, stock.id)
    names = "//tbody//th//a/bdi/text()"
    seen = {
        query: admin.open(f"/admin/apis?{query}").page.xpath(names)
        for query in ("", "q=or", "site=acme-eu", "state=off", "state=on&site=acme-eu")
    }
    assert seen == {
        "": ["=Stock", "Orders"],
        "q=or": ["Orders"],
        "site=acme-eu": ["=Stock"],
        "state=off": ["=Stock"],
        "state=on&site=acme-eu": [],
    }
    assert "No API is like that" in admin.text
    heads, *rows = csv.reader(io.StringIO(admin.client.get("/admin/apis/export.csv").text))
    assert heads[1:5] == ["name", "identifier", "site", "state"]
    assert [row[1] for row in rows] == ["'=Stock", "Orders"]  # T16
    assert rows[1][-3:] == ["no", "1", "1"]
    assert admin.client.get("/admin/apis?state=x").status_code == 422


def test_an_edit_for_another_version_shows_what_has_changed(front, admin, orders):
    admin.open(f"/admin/apis/{orders}/edit")
    with front.work() as work:
        apis.edit(work, orders, token_seconds=120)
    admin.submit("Save", name="Orders and returns")
    assert admin.answer.status_code == 409
    assert "Orders and returns" in admin.text
    assert kept(front, orders).name == "Orders"
    admin.open(f"/admin/apis/{orders}/edit").submit("Save", name="Orders and returns")
    assert (kept(front, orders).name, kept(front, orders).token_seconds) == ("Orders and returns", 120)


def test_a_scope_that_somebody_else_has_changed_is_not_overwritten_nor_granted_unseen(front, admin, orders):
    admin.open(f"/admin/apis/{orders}/scopes").follow("Edit orders:read")
    with front.work() as work:
        api_scopes.edit(work, orders, "orders:read", "Read everything.")
    admin.submit("Save", description="See some orders.")
    assert admin.answer.status_code == 409
    admin.open(f"/admin/apis/{orders}/people").submit("Grant it…", kind="account", account=BEN, scope="orders:read")
    with front.work() as work:
        api_scopes.edit(work, orders, "orders:read", "Read and delete everything.")
    admin.submit("Grant it")
    assert admin.answer.status_code == 409
    assert held(front) == set()


def test_t10_what_is_dangerous_wants_a_fresh_second_step(front, admin, orders, notebook):
    with front.work() as work:
        grant = api_scopes.grant(work, orders, "orders:read", application_id=notebook).id
        scope = work.tx.session.scalar(select(ApiScope.id))
    front.later(minutes=6)
    wrong = []
    for path in (
        "delete",
        "switch",
        "secret",
        "grant?kind=everyone&scope=orders:read",
        f"grants/{grant}/withdraw",
        f"scopes/{scope}/remove",
    ):
        address = f"/admin/apis/{orders}/{path}"
        seen = admin.client.get(address)
        admin.open(f"/admin/apis/{orders}/edit")
        token = admin.page.xpath("//main//input[@name='csrf_token']/@value")[0]
        sent = admin.client.post(
            address.partition("?")[0],
            data={"csrf_token": token, "to": "off", "kind": "everyone", "scope": "orders:read"},
        )
        if not (seen.status_code == sent.status_code == 303 and "/signin/" in sent.headers["Location"]):
            wrong.append((path, seen.status_code, sent.status_code))
    assert wrong == []
    assert kept(front, orders).disabled_at is None
    assert held(front) == {("application", notebook, True)}


def test_switching_off_and_deleting_say_what_breaks_and_for_how_many(front, admin, orders, notebook):
    with front.work() as work:
        api_scopes.grant(work, orders, "orders:read", application_id=notebook)
    page = admin.open(f"/admin/apis/{orders}").follow("Switch off")
    assert "1 application may ask for tokens for it, and gets none any more." in page.text
    assert "Notebook" in page.text
    assert "10 minutes at most" in page.text
    page.submit("Switch off")
    assert kept(front, orders).disabled_at is not None
    admin.follow("Switch on again").submit("Switch on again")
    assert kept(front, orders).disabled_at is None
    page = admin.follow("Delete")
    assert "1 scope goes, with all of its grants." in page.text
    page.submit("Delete the API")
    assert "The API Orders is deleted." in admin.text
    assert kept(front, orders) is None
    assert tags(front)[-3:] == ["api.disabled", "api.enabled", "api.deleted"]


def test_a_grant_is_withdrawn_by_its_page_whoever_it_is_for(front, admin, orders, notebook):
    with front.work() as work:
        api_scopes.grant(work, orders, "orders:read", application_id=notebook)
        api_scopes.grant(work, orders, "orders:read", group="Engineering")
        api_scopes.grant(work, orders, "orders:read", account=BEN)
    admin.open(f"/admin/apis/{orders}/applications").follow("Withdraw orders:read: Notebook")
    assert "“Notebook” gets no more tokens for “orders:read”" in admin.text
    admin.submit("Withdraw")
    assert admin.path.endswith("/applications")
    page = admin.open(f"/admin/apis/{orders}/people?kind=group").follow("Withdraw orders:read: Engineering")
    assert "by this, and lose" in page.text
    page.submit("Withdraw")
    assert {kind for kind, _, holds in held(front) if holds} == {"account"}
    assert admin.open(f"/admin/apis/{orders}/people").page.xpath("//tbody//th//bdi/text()") == [BEN]
    rows = list(csv.reader(io.StringIO(admin.client.get(f"/admin/apis/{orders}/people.csv").text)))
    assert [row[1:5] for row in rows[1:]] == [["orders:read", "account", front.account_ids[BEN], BEN]]


def test_a_new_secret_ends_the_former_one_and_is_shown_once(front, admin, orders):
    before = kept(front, orders).secret_hash
    page = admin.open(f"/admin/apis/{orders}").follow("Make a new secret…")
    assert "ends at once" in page.text
    page.submit("Make a new secret")
    assert "shown this once" in admin.text
    assert kept(front, orders).secret_hash != before


def test_taking_no_tokens_of_people_any_more_says_how_many_end_and_changes_nothing_before_yes(front, admin, orders):
    with front.work() as work:
        apis.edit(work, orders, takes_api_tokens=True)
        api = work.tx.session.get_one(Api, (front.organization_id, orders))
        work.tx.session.add(_token(front, api))
    page = admin.open(f"/admin/apis/{orders}/edit").submit("Save", takes_api_tokens=None, name="Orders 2")
    assert "1 API token that a person made for it is good for nothing at once" in page.text
    assert kept(front, orders).takes_api_tokens is True
    admin.submit("Take none any more")
    assert (kept(front, orders).takes_api_tokens, kept(front, orders).name) == (False, "Orders 2")


def _token(front, api) -> ApiToken:
    return ApiToken(
        organization_id=front.organization_id, id="atk_one", account_id=front.account_ids[DORA], site_id=api.site_id,
        api_id=api.id, label="Mine", scope="orders:read", subject="sub_x", token_hash="h" * 64, ending="abcd",
        epoch=0, created_at=front.now, expires_at=front.now + timedelta(days=10),
    )  # fmt: skip


def test_t10_a_site_administrator_governs_the_apis_of_that_site_alone(front, orders):
    with front.work() as work:
        other, _ = apis.create(work, "acme-eu", identifier="urn:x:eu", name="Europe")
        role_assignments.grant(work, "site-administrator", organization="acme", account=ANN, site="acme-eu")
        other = other.id
    ann = signed_in(front)
    assert ann.open("/admin/apis").page.xpath("//tbody//th//a/bdi/text()") == ["Europe"]
    assert ann.client.get(f"/admin/apis/{orders}").status_code == 404
    ann.open(f"/admin/apis/{other}/scopes").submit("Add it", name="eu:read", description="See Europe.")
    assert "Added eu:read." in ann.text
    token = ann.page.xpath("//main//input[@name='csrf_token']/@value")[0]
    for path in ("edit", "scopes", "grant", "delete", "secret", "switch"):
        answer = ann.client.post(f"/admin/apis/{orders}/{path}", data={"csrf_token": token, "to": "off"})
        assert answer.status_code == 404, path
    data = {"csrf_token": token, "site": _site(front), "name": "X", "identifier": "urn:x", "minutes": "5"}
    assert ann.client.post("/admin/apis/new", data=data | {"token_format": "jwt"}).status_code == 404


def test_t10_an_auditor_sees_everything_and_is_offered_nothing(front, orders):
    make_administrator(front, "auditor")
    ann = signed_in(front)
    for path in ("", "/scopes", "/applications", "/people"):
        page = ann.open(f"/admin/apis/{orders}{path}").page
        assert page.xpath("//main//form[@method='post']") == [], path
        assert [one for one in page.xpath("//main//a/text()") if one in ("Edit", "Delete", "Switch off")] == [], path


def test_t1_an_api_of_another_organization_is_not_there(front, admin):
    with front.work() as work:
        organizations.create(work, "globex", name="Globex")
        sites.create(work, "globex", organization="globex", name="Globex")
        theirs, _ = apis.create(work, "globex", identifier="urn:x:globex", name="Globex")
        theirs = theirs.id
    assert admin.client.get(f"/admin/apis/{theirs}").status_code == 404
    assert "Globex" not in admin.open("/admin/apis").page.xpath("string(//main)")


def test_the_names_of_whom_nobody_may_see_are_ids(front, orders):
    with front.work() as work:
        api_scopes.grant(work, orders, "orders:read", account=BEN)
        found = api_scopes.of_api(work, work.tx.session.get_one(Api, (front.organization_id, orders)))
        assert [one.name for one in found] == ["orders:read"]
        accounts.grant_role(work, ANN, "help-desk", organization_id=front.organization_id)
    ann = signed_in(front)
    assert ann.client.get(f"/admin/apis/{orders}/people").status_code == 404


def test_the_preview_of_an_application_shows_the_access_token_for_an_api(front, admin, orders, notebook):
    with front.work() as work:
        api_scopes.grant(work, orders, "orders:read", application_id=notebook)
        api_scopes.grant(work, orders, "orders:read", everyone=True)
    page = admin.open(f"/admin/applications/{notebook}/preview")
    assert page.page.xpath("//select[@name='resource']/option/@value") == ["", ORDERS]
    page = admin.open(f"/admin/applications/{notebook}/preview?resource={ORDERS}&wish=openid+orders:read")
    said = page.page.xpath("//h3[.='Access token']/following-sibling::pre[1]/text()")
    assert '"aud": "https://api.acme.example/orders"' in said[0]
    assert '"scope": "orders:read"' in said[0]
    admin.open(f"/admin/applications/{notebook}/preview?resource=urn:x:other")
    assert "There is no API “urn:x:other”." in admin.text
