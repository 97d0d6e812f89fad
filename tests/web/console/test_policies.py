"""Authentication policies in the console: made, changed, moved into, and what a change would mean before it is made."""

import pytest

from idp.audit.models import AuditEntry
from idp.directory import (
    accounts,
    authentication_policies,
    authentication_policy_changes,
    groups,
    organizations,
    policy_members,
    queries,
)
from idp.policy.models import AuthenticationPolicy
from tests.support.front import ANN, BEN, DORA
from tests.web.conftest import signed_in
from tests.web.console.conftest import make_administrator


def default(front) -> AuthenticationPolicy:
    with front.work() as work:
        return authentication_policies.default_policy(work, front.organization_id)


def policy_of(front, email: str) -> str:
    with front.work() as work:
        return policy_members.policy_of(work, queries.account(work, email)).name


@pytest.fixture
def strict(front):
    """A second policy for members, in which nobody is."""
    with front.work() as work:
        return authentication_policy_changes.create(work, "acme", "Strict", {"password_minimum": 20}).id


def test_every_policy_is_listed_with_how_many_are_in_it(front, admin, strict):
    admin.open("/admin/policies")

    rows = {row[0].text_content().strip(): row[3].text_content() for row in admin.page.xpath("//tbody/tr")}
    with front.work() as work:
        every = authentication_policies.policies(work, "acme")
        counted = {one.name: authentication_policies.members(work, one) for one in every}
    assert {name.removesuffix("Default").strip() or name: int(count) for name, count in rows.items()} == counted


def test_somebodys_policy_is_told_with_the_reason(front, admin, strict):
    assert "since members who were put into no other policy" in admin.open(f"/admin/policies?who={BEN}").text
    with front.work() as work:
        policy_members.move(work, "acme", [BEN], strict)
    assert "since somebody put them there" in admin.open(f"/admin/policies?who={BEN}").text
    assert "Nobody here has that address" in admin.open("/admin/policies?who=nobody@acme.example").text


def test_a_policy_is_created_with_its_terms(front, admin):
    submit(admin, "/admin/policies/new", "", name="Contractors", session_idle="20", password_minimum="16")

    assert admin.title == "Contractors"
    with front.work() as work:
        made = authentication_policies.policy(work, "acme", "Contractors")
        assert (made.session_idle_seconds, made.password_minimum) == (1200, 16)
        assert authentication_policies.terms_of(made).methods


def edit(front, admin, button="", **typed):
    return admin.open(f"/admin/policies/{default(front).id}/edit").submit(button, **typed)


def terms(front):
    return authentication_policies.terms_of(default(front))


def test_an_opened_form_that_is_saved_as_it_is_changes_nothing(front, admin):
    before = terms(front)
    form = admin.open(f"/admin/policies/{default(front).id}/edit").page.xpath("//main//form")[0]
    values = [(name, value) for name, value in form.form_values()]

    admin._followed(admin.client.post(admin.path, data=_multi(values)))

    assert "Saved" in admin.text
    assert terms(front) == before
    with front.work() as work:
        assert not [e for e in work.tx.session.query(AuditEntry) if e.tag == "authentication-policy.changed"]


def _multi(values):
    found = {}
    for name, value in values:
        found.setdefault(name, []).append(value)
    return found


def submit(admin, path, button, **changed):
    """Submit the form of a page with every box as it is ticked there."""
    form = admin.open(path).page.xpath("//main//form[@method='post']")[0]
    values = _multi(form.form_values()) | {
        name: value if isinstance(value, list) else [value] for name, value in changed.items()
    }
    return admin._followed(admin.client.post(admin.path, data=values | {"act": [button]}))


def test_what_would_change_is_told_with_counts_and_nothing_is_changed(front, admin):
    before = terms(front)
    path = f"/admin/policies/{default(front).id}/edit"
    submit(admin, path, "save", second_step="optional", grace_sign_ins="0")

    submit(admin, path, "look", second_step="required", password_minimum="18")

    assert admin.status == 200
    effects = admin.page.xpath("string(//section[@id='effects'])")
    assert "optional" in effects
    assert "18" in effects
    assert "no second step and would have to set one up" in " ".join(effects.split())
    assert admin.field("password_minimum").get("value") == "18"
    assert "recorded sign-on" in admin.text
    assert terms(front).second_step == "optional"
    assert terms(front).password_minimum == before.password_minimum


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("password_minimum", "7", "This is a number from 8 to"),
        ("password_minimum", "many", "This is a whole number"),
        ("session_idle", "1", "This is a number from 300"),
        ("grace_until", "2020-01-01", "The grace ends in the future"),
        ("authenticators", "not-an-aaguid", "is no AAGUID"),
        ("methods", ["otp"], "Nobody could sign in"),
        ("second_step", "sometimes", "A second step is off, optional or required"),
        ("name", "", ""),
    ],
)
def test_a_value_that_cannot_be_taken_is_told_and_the_form_is_not_lost(front, admin, name, value, said):
    before = terms(front)

    submit(admin, f"/admin/policies/{default(front).id}/edit", "save", **{"known_device_days": "17", name: value})

    assert admin.status == 422
    assert said in admin.text
    assert admin.field("known_device_days").get("value") == "17"
    assert terms(front) == before


def test_what_would_lock_the_administrator_out_is_refused_in_plain_words(front, admin):
    submit(
        admin,
        f"/admin/policies/{default(front).id}/edit",
        "save",
        second_step="off",
        methods=["pwd"],
        known_device_days="9",
    )

    assert admin.status == 409
    assert "This would lock administrators out" in admin.text
    assert "admin console" in admin.text
    assert admin.field("known_device_days").get("value") == "9"


def test_of_two_administrators_the_second_sees_what_has_changed(front, admin):
    path = f"/admin/policies/{default(front).id}/edit"
    admin.open(path)
    front.later(seconds=30)
    other = signed_in(front)
    submit(other, path, "save", password_minimum="21")

    admin.submit(password_minimum="14")

    assert admin.status == 409
    assert "password_minimum: 21" in admin.text
    assert default(front).password_minimum == 21


def test_people_are_moved_by_tick_by_address_and_by_group(front, admin, strict):
    with front.work() as work:
        groups.create(work, "Board", organization="acme")
        groups.add(work, "Board", DORA, organization="acme")
        ann = queries.account(work, ANN).id
    path = f"/admin/policies/{default(front).id}/members"
    token = admin.open(path).page.xpath("string(//main//form//input[@name='csrf_token']/@value)")

    admin._followed(
        admin.client.post(
            path, data={"csrf_token": token, "account": [ann], "people": BEN, "group": "Board", "to": strict}
        )
    )

    assert "3 moved to “Strict”" in admin.text
    assert {policy_of(front, email) for email in (ANN, BEN, DORA)} == {"Strict"}


def test_whoever_cannot_be_moved_stays_and_is_named(front, admin, strict):
    with front.work() as work:
        accounts.create(work, "guest@other.example", organization="acme", name="Guest", kind="guest")

    admin.open(f"/admin/policies/{default(front).id}/members").submit(
        "Move", people=f"guest@other.example {BEN}", to=strict
    )

    assert "guest@other.example: “guest@other.example” is a guest account" in admin.text
    assert (policy_of(front, BEN), policy_of(front, "guest@other.example")) == ("Strict", "Guests")


def test_a_policy_becomes_the_default_after_its_page_has_said_for_whom(front, admin, strict):
    admin.open(f"/admin/policies/{strict}/default")
    assert "New members enter “Strict”" in admin.text

    admin.submit("Make it the default")

    assert default(front).id == strict


def test_a_policy_is_deleted_and_its_people_enter_another(front, admin, strict):
    with front.work() as work:
        policy_members.move(work, "acme", [BEN], strict)
    admin.open(f"/admin/policies/{strict}/delete")
    assert "1 person is in it" in admin.text

    admin.submit("Delete the policy", move_to=default(front).id)

    assert (admin.path, policy_of(front, BEN)) == ("/admin/policies", default(front).name)


@pytest.mark.parametrize("act", ["default", "delete", "edit"])
def test_d17_what_is_dangerous_asks_for_a_fresh_second_step(front, admin, strict, act):
    front.later(minutes=6)

    admin.open(f"/admin/policies/{strict}/{act}")

    assert admin.path.startswith("/signin/")


def test_d17_nobody_changes_what_is_asked_or_of_whom_without_a_fresh_second_step(front, admin, strict):
    form = admin.open(f"/admin/policies/{strict}/edit")
    front.later(minutes=6)
    form.submit(name="Lax", password_minimum="12")
    assert admin.path.startswith("/signin/")
    members = admin.client.get(f"/admin/policies/{default(front).id}/members")
    assert members.status_code == 200
    admin.open(f"/admin/policies/{default(front).id}/members").submit("Move", people=BEN, to=strict)

    assert admin.path.startswith("/signin/")
    assert policy_of(front, BEN) == default(front).name
    with front.work() as work:
        assert authentication_policies.policy(work, "acme", "Strict").password_minimum == 20


def test_the_history_of_a_policy_is_told(front, admin, strict):
    admin.open(f"/admin/policies/{strict}/history")

    assert "created the authentication policy Strict" in admin.text


def test_t1_a_policy_of_another_organization_is_not_there(front, admin):
    with front.work() as work:
        organizations.create(work, "globex", name="Globex")
        theirs = authentication_policy_changes.create(work, "globex", "Theirs").id

    for tail in ("", "/edit", "/members", "/history", "/default", "/delete"):
        assert admin.open(f"/admin/policies/{theirs}{tail}").status == 404
    admin.open(f"/admin/policies/{default(front).id}/members").submit("Move", people=BEN, to=theirs)
    assert policy_of(front, BEN) == default(front).name


def test_an_auditor_is_offered_no_change_and_can_make_none(front):
    make_administrator(front, "auditor")
    auditor = signed_in(front)
    path = f"/admin/policies/{default(front).id}"

    assert "Edit" not in auditor.open(path).text
    submit(auditor, f"{path}/edit", "save", password_minimum="30")
    assert (auditor.status, default(front).password_minimum < 30) == (403, True)
