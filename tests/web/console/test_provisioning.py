"""Directories of others that write into the organization, as administrators see them and what they do to them."""

import pytest

from idp.base.errors import Conflict, Forbidden, NotFound
from idp.base.work import Actor, HeldRole
from idp.directory import accounts, managed, organizations
from idp.directory.provisioning_models import ProvisioningClient
from idp.provisioning import clients, tokens
from tests.support.scim import Peer, prove, user
from tests.web.conftest import signed_in
from tests.web.console.conftest import make_administrator


@pytest.fixture
def peer(front) -> Peer:
    prove(front)
    return Peer(front)


def home_of(peer: Peer) -> str:
    return f"/admin/provisioning/{peer.id}"


def test_a_directory_is_connected_and_its_token_is_shown_once_and_works(front, admin):
    prove(front)
    page = admin.open("/admin/provisioning").follow("Connect a directory")
    made = page.submit(name="Entra", takes_over="managed", brake="", days="90")

    assert "The token, shown only now" in made.text
    token = made.page.xpath("//span[@class='value']/@data-value")[0]
    assert token.startswith("scim_")
    answer = front.app.test_client().get("/scim/v2/Users", headers={"Authorization": f"Bearer {token}"})
    assert answer.status_code == 200
    assert "Entra" in admin.open("/admin/provisioning").text
    with front.work() as work:
        [stored] = tokens.good(work, clients.listed(work, front.organization_id)[0])
        assert token not in stored.token_hash


def test_its_calls_are_told_in_plain_words(peer, admin):
    peer.bring()
    peer.call("POST", "/Users", user("zoe@elsewhere.example"))

    page = admin.open(f"{home_of(peer)}/calls")
    assert "elsewhere.example is not a verified domain of the organization." in page.text
    assert len(page.page.xpath("//tbody/tr")) == 2
    assert len(admin.open(f"{home_of(peer)}/calls?outcome=failed").page.xpath("//tbody/tr")) == 1
    assert "zoe@acme.example" in admin.open(f"{home_of(peer)}/accounts").text
    csv = admin.client.get(f"{home_of(peer)}/calls.csv").text.splitlines()
    assert len(csv) == 3


def test_one_that_is_refused_is_on_the_home_page_until_something_is_taken(peer, admin):
    words = "Directories whose provisioning fails or stands still: 1"
    assert words not in admin.open("/admin").text
    peer.call("POST", "/Users", user("zoe@elsewhere.example"))
    assert words in admin.open("/admin").text
    peer.bring()
    assert words not in admin.open("/admin").text


def test_one_that_its_brake_has_stopped_waits_for_an_administrator(front, admin):
    prove(front)
    peer = Peer(front, brake=2)
    ids = [peer.bring(f"u{n}@acme.example")["id"] for n in range(4)]
    off = {"op": "replace", "path": "active", "value": False}
    seen = [peer.patch(f"/Users/{id_}", off).status_code for id_ in ids]

    assert seen == [200, 200, 503, 503]
    assert peer.patch(f"/Users/{ids[0]}", {**off, "value": True}).status_code == 503
    assert peer.get(f"/Users/{ids[3]}").json["active"] is True
    assert "Directories whose provisioning fails or stands still: 1" in admin.open("/admin").text
    page = admin.open(home_of(peer))
    assert "It was stopped" in page.text
    page.follow("Let it go on…").submit()
    assert peer.patch(f"/Users/{ids[2]}", off).status_code == 200


def test_a_token_is_rotated_with_an_overlap_and_revoked_at_once(front, peer, admin):
    old = peer.token
    made = admin.open(home_of(peer)).follow("New token…").submit(days="30", overlap="2")
    peer.token = made.page.xpath("//span[@class='value']/@data-value")[0]

    assert [peer.call("GET", "/Users", token=one).status_code for one in (old, peer.token)] == [200, 200]
    front.later(hours=3)
    assert [peer.call("GET", "/Users", token=one).status_code for one in (old, peer.token)] == [401, 200]
    with front.work() as work:
        [last] = tokens.good(work, work.tx.session.get_one(ProvisioningClient, (peer.organization_id, peer.id)))
        tokens.revoke(work, peer.id, last.id, organization_id=peer.organization_id)
    assert peer.get("/Users").status_code == 401


def test_one_that_is_off_is_not_answered_and_one_that_is_ended_leaves_what_it_kept(front, peer, admin):
    zoe = peer.bring()["id"]
    sales = peer.bring_group("Sales", zoe)["id"]
    page = admin.open(f"{home_of(peer)}/disable").submit()
    assert "Entra is off." in page.text
    assert peer.get("/Users").status_code == 403

    page = admin.open(f"{home_of(peer)}/delete")
    assert "It keeps 1 account." in page.text
    page.submit()
    assert peer.get("/Users").status_code == 401
    with front.work() as work:
        accounts.rename(work, zoe, name="Zoe Free", organization_id=front.organization_id)
    members = admin.open(f"/admin/groups/{sales}")
    assert "added by hand" in members.text


def test_what_a_directory_keeps_is_shown_and_not_edited(front, peer, admin):
    zoe = peer.bring()["id"]
    sales = peer.bring_group("Sales", zoe)["id"]

    assert "Kept by" in admin.open(f"/admin/accounts/{zoe}").text
    refused = admin.open(f"/admin/accounts/{zoe}/edit").submit(name="Other")
    assert refused.status == 409
    assert "comes from “Entra”, which keeps this." in refused.text
    group = admin.open(f"/admin/groups/{sales}")
    assert "Entra keeps it: change it there." in group.text
    assert "from the directory Entra" in group.text


def test_before_a_directory_may_do_more_the_page_says_to_how_many(front, peer, admin):
    peer.bring()
    admin.open(f"{home_of(peer)}/edit").submit(name="Entra ID", takes_over="domains", brake="70")

    assert "Entra ID may take over up to 4 accounts that are there already" in admin.text
    assert (
        "may deactivate, or give other addresses to, up to 70 accounts within an hour, not 5 as before; it keeps 1 account."
        in admin.text
    )
    with front.work() as work:
        assert clients.client(work, peer.id, organization_id=peer.organization_id).takes_over == "managed"
    admin.submit("Save")
    with front.work() as work:
        found = clients.client(work, peer.id, organization_id=peer.organization_id)
        assert (found.name, found.takes_over, found.brake) == ("Entra ID", "domains", 70)
    admin.open(f"{home_of(peer)}/edit").submit(takes_over="nothing", brake="3")
    assert "Saved." in admin.text, "less is not asked about"
    admin.open(f"{home_of(peer)}/edit").submit(brake="")
    assert "not 3 as before" in admin.text


def test_a_directory_that_may_take_accounts_over_is_connected_when_that_was_confirmed(front, admin):
    prove(front)
    with front.work() as work:
        managed.claim(work, "acme", "acme.example")
    admin.open("/admin/provisioning/new").submit(name="Entra", takes_over="managed", brake="", days="90")
    assert "Entra may take over up to 4 accounts" in admin.text
    with front.work() as work:
        assert clients.listed(work, front.organization_id) == []

    assert "The token, shown only now" in admin.submit("Connect it").text


def test_whoever_comes_second_sees_what_has_changed(front, peer, admin):
    page = admin.open(f"{home_of(peer)}/edit")
    with front.work() as work:
        clients.edit(work, peer.id, organization_id=peer.organization_id, name="Entra 2")
    assert page.submit(name="Entra 3").status == 409


def test_t10_who_may_read_provisioning_may_not_change_it(front, peer):
    make_administrator(front, "user-access-administrator")
    one = signed_in(front)

    assert "New token…" not in one.open(home_of(peer)).text
    for path in ("edit", "token", "disable"):
        page = one.open(f"{home_of(peer)}/{path}")
        assert page.status == 403 or page.submit().status == 403, path


def test_t10_what_a_directory_may_is_changed_with_a_fresh_second_step(front, peer, admin):
    page = admin.open(f"{home_of(peer)}/edit")
    front.later(minutes=10)
    page.submit(takes_over="domains", brake="100000")
    with front.work() as work:
        found = work.tx.session.get_one(ProvisioningClient, (peer.organization_id, peer.id))
        assert (found.takes_over, found.brake) == (clients.MANAGED, None)


def test_t1_a_directory_of_another_organization_is_not_there(front, admin):
    with front.work() as work:
        organizations.create(work, "globex", name="Globex")
    other = Peer(front, organization="globex")
    for path in ("", "/edit", "/calls", "/accounts", "/groups", "/history", "/token", "/delete"):
        assert admin.open(f"{home_of(other)}{path}").status == 404, path


def test_d17_nobody_connects_a_directory_that_may_do_more_than_they(front):
    held = HeldRole("own", front.organization_id, permissions=("provisioning:manage", "organization:read"))
    who = Actor("account", "acc_x", "x", front.organization_id, (held,))
    with front.work(who) as work, pytest.raises(Forbidden):
        clients.create(work, "Mine", organization="acme")


def test_two_directories_are_not_called_the_same(front, peer):
    with front.work() as work:
        with pytest.raises(Conflict):
            clients.create(work, "ENTRA", organization="acme")
        with pytest.raises(NotFound):
            clients.client(work, "Okta", organization_id=front.organization_id)
