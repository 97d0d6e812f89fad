"""Applications are told of whoever may open them, and of nobody else: through a real SCIM server on loopback."""

import pytest

from idp.base import outbox
from idp.base.errors import Unavailable
from idp.directory import accounts, applications, groups, lifetime, organizations, sites
from idp.directory.told_models import ProvisioningMark
from idp.provisioning.targets import editing, noticing, sending, switching
from idp.provisioning.targets.editing import Wanted
from tests.provisioning.conftest import ANN, BEN, CLEO
from tests.support.scim_server import TOKEN


def test_whoever_may_open_it_is_created_there_and_nobody_else(world):
    world.set_up()
    world.tell()

    assert sorted(one["userName"] for one in world.far.users.values()) == [ANN, BEN]
    ann = world.far.named(ANN)[0]
    assert ann["externalId"] == world.ids[ANN]
    assert (ann["active"], ann["displayName"]) == (True, "Ann")
    assert world.states() == {ANN: "there", BEN: "there"}


def test_nothing_is_sent_before_it_is_switched_on(world):
    world.set_up(on=False)
    world.tell()

    assert world.far.asked == []


def test_asked_again_it_sends_nothing(world):
    world.set_up()
    world.tell()
    before = len(world.far.asked)
    with world.work() as work:
        switching.reconcile(work, world.application_id)
    world.run()
    world.tell()

    assert len(world.far.asked) == before


def test_who_is_there_already_is_linked_and_never_doubled(world):
    world.far.add(ANN.upper(), externalId="")
    world.set_up()
    world.tell()

    assert len(world.far.users) == 2
    assert world.far.users["r1"]["externalId"] == world.ids[ANN]


def test_a_former_accounts_place_there_is_not_given_to_whoever_has_its_address_now(world):
    world.far.add(ANN, externalId="acc_somebodyelse")
    world.set_up()
    world.tell()

    assert world.states() == {ANN: "failed", BEN: "there"}
    assert world.rows()[ANN].error == "taken"
    assert world.far.users["r1"]["externalId"] == "acc_somebodyelse"


def test_a_change_of_name_is_sent_and_an_attribute_that_is_gone_is_removed(world):
    with world.work() as work:
        accounts.set_attributes(work, ANN, {"job": ["Baker"]})
    world.release("email", "name", "job")
    world.set_up(mapping={"userName": "email", "displayName": "name", "title": "job"})
    world.tell()
    assert world.far.named(ANN)[0]["title"] == "Baker"
    with world.work() as work:
        accounts.rename(work, ANN, name="Ann Brown")
        accounts.set_attributes(work, ANN, {"job": []})
    world.tell()

    ann = world.far.named(ANN)[0]
    assert ann["displayName"] == "Ann Brown"
    assert "title" not in ann
    assert world.far.methods().count("POST") == 2


@pytest.mark.parametrize("loss", ["left the group", "was disabled", "is going to be deleted", "grant withdrawn"])
def test_who_loses_access_is_deactivated_there(world, loss):
    world.set_up()
    world.tell()
    with world.work() as work:
        if loss == "left the group":
            groups.remove_all(work, world.ids["Staff"], [ANN], organization="acme")
        elif loss == "was disabled":
            accounts.disable(work, ANN)
        elif loss == "is going to be deleted":
            lifetime.schedule_deletion(work, ANN)
    if loss == "grant withdrawn":
        world.withdraw_all()
    world.tell()

    assert world.far.named(ANN)[0]["active"] is False
    assert world.states()[ANN] == "gone"
    assert world.far.named(BEN)[0]["active"] is (loss != "grant withdrawn")


def test_who_gets_access_again_is_active_there_again_under_the_same_id(world):
    world.set_up()
    world.tell()
    with world.work() as work:
        accounts.disable(work, ANN)
    world.tell()
    with world.work() as work:
        accounts.enable(work, ANN)
    world.tell()

    assert [one["active"] for one in world.far.named(ANN)] == [True]
    assert world.states()[ANN] == "there"


def test_who_loses_access_is_deleted_there_where_that_was_chosen(world):
    world.set_up(on_loss="delete")
    world.tell()
    with world.work() as work:
        accounts.disable(work, ANN)
    world.tell()
    assert world.far.named(ANN) == []
    with world.work() as work:
        accounts.enable(work, ANN)
    world.tell()

    assert len(world.far.named(ANN)) == 1


def test_access_that_ends_by_a_date_ends_there_on_that_date(world):
    with world.work() as work:
        applications.grant(work, world.application_id, account=CLEO, until=world.now.replace(hour=20))
    world.set_up()
    world.tell()
    assert world.far.named(CLEO)[0]["active"] is True
    world.later(hours=9)
    world.tell()

    assert world.far.named(CLEO)[0]["active"] is False


def test_access_that_is_given_later_with_an_end_ends_there_too(world):
    world.set_up()
    world.tell()
    with world.work() as work:
        applications.grant(work, world.application_id, account=CLEO, until=world.now.replace(hour=20))
    world.tell()
    world.later(hours=9)
    world.tell()

    assert world.far.named(CLEO)[0]["active"] is False


def test_only_members_of_the_chosen_groups_are_told_of(world):
    with world.work() as work:
        chosen = groups.create(work, "Writers", organization="acme")
        groups.add_all(work, chosen.id, [ANN, CLEO], organization="acme")
    world.set_up(groups=["Writers"])
    world.tell()
    assert [one["userName"] for one in world.far.users.values()] == [ANN]
    with world.work() as work:
        groups.remove_all(work, chosen.id, [ANN], organization="acme")
    world.tell()

    assert world.far.named(ANN)[0]["active"] is False


def test_the_mark_of_a_deactivation_commits_with_it_or_not_at_all(world):
    world.set_up()
    world.tell()

    class Interrupted(Exception):
        pass

    try:
        with world.work() as work:
            accounts.disable(work, ANN)
            assert work.tx.session.query(ProvisioningMark).count() > 0
            raise Interrupted
    except Interrupted:
        pass
    world.tell()

    assert world.far.named(ANN)[0]["active"] is True
    with world.work() as work:
        assert work.tx.session.query(ProvisioningMark).count() == 0


def test_an_organization_that_tells_nobody_writes_no_marks(world):
    with world.work() as work:
        accounts.disable(work, ANN)
        assert work.tx.session.query(ProvisioningMark).count() == 0


def test_a_server_without_patch_is_told_by_put_and_that_is_remembered(world):
    world.far.patch = False
    world.set_up()
    world.tell()
    with world.work() as work:
        accounts.rename(work, ANN, name="Ann Brown")
    world.tell()
    with world.work() as work:
        accounts.disable(work, BEN)
    world.tell()

    assert world.far.named(ANN)[0]["displayName"] == "Ann Brown"
    assert world.far.named(BEN)[0]["active"] is False
    assert world.far.methods().count("PATCH") == 1
    assert world.target().update_by == "put"


def test_a_server_that_ignores_filters_is_not_taken_at_its_word(world):
    world.far.filters = False
    world.far.add("zoe@acme.example")
    world.set_up()
    world.tell()

    assert sorted(one["userName"] for one in world.far.users.values()) == [ANN, BEN, "zoe@acme.example"]
    assert world.far.users["r1"].get("externalId") is None


def test_who_is_not_there_any_more_is_created_again(world):
    world.set_up()
    world.tell()
    world.far.users.clear()
    with world.work() as work:
        accounts.rename(work, ANN, name="Ann Brown")
    world.tell()

    assert [one["displayName"] for one in world.far.users.values()] == ["Ann Brown"]
    assert world.states()[ANN] == "there"


def test_an_answer_that_was_lost_makes_no_second_account(world):
    world.far.loses_answers = 1
    world.set_up()
    world.tell()
    assert world.target().failing_since is not None
    world.later(minutes=1)
    world.tell()

    assert len(world.far.named(ANN)) == len(world.far.named(BEN)) == 1
    assert world.states() == {ANN: "there", BEN: "there"}
    assert world.target().failing_since is None


def test_who_was_perhaps_created_before_access_was_lost_is_deactivated(world):
    world.far.loses_answers = 1
    world.set_up()
    world.tell()
    first = next(iter(world.far.users.values()))["userName"]
    with world.work() as work:
        accounts.disable(work, first)
    world.later(minutes=1)
    world.tell()

    assert [one["active"] for one in world.far.named(first)] == [False]


def test_a_node_that_died_while_sending_is_followed_by_another_after_its_lease(world):
    world.set_up()
    world.settle()
    key = (world.organization_id, world.target().id)
    with world.work() as work:
        claimed = sending._claim(work, key)
    world.dial(claimed.endpoint, claimed.token)(
        "POST", "/Users", dict(claimed.order.rendition.document)
    )  # then it dies
    world.tell()
    assert sorted(world.states().values()) == ["there", "waiting"]
    world.later(minutes=6)
    world.tell()

    assert (len(world.far.users), set(world.states().values())) == (2, {"there"})


def test_what_changes_while_it_is_being_sent_is_sent_once_more(world):
    world.set_up()
    world.settle()

    def dial(endpoint, token):
        call = world.dial(endpoint, token)

        def slow(method, path, body):
            if method == "POST" and body["userName"] == ANN:
                with world.work() as work:
                    accounts.rename(work, ANN, name="Ann Brown")
                world.settle()
            return call(method, path, body)

        return slow

    sending.drain(world.database, dial, world.now)
    world.tell()

    assert [one["displayName"] for one in world.far.named(ANN)] == ["Ann Brown"]
    assert world.states()[ANN] == "there"


def test_t8_another_address_forgets_the_token_and_switches_it_off(world):
    world.set_up()
    world.tell()
    with world.work() as work:
        editing.set_up(work, world.application_id, editing.Wanted("https://evil.example/scim/v2", everybody=True))
    target = world.target()

    assert (target.token_sealed, target.enabled_at, world.rows()) == ("", None, {})
    world.tell()
    assert all(TOKEN not in str(one) for one in world.far.asked[-1:])


def test_t22_a_deleted_application_is_told_of_nothing(world):
    world.set_up()
    with world.work() as work:
        applications.delete(work, world.application_id)
    world.tell()

    assert world.far.asked == []


def test_a_wrong_token_stops_it_and_a_right_one_lets_it_go_on(world):
    world.set_up(token="wrong")
    world.tell()
    asked = len(world.far.asked)
    world.later(hours=2)
    world.tell()
    assert (world.target().error, world.target().stopped_at is not None) == ("unauthorized", True)
    assert len(world.far.asked) == asked == 1
    with world.work() as work:
        editing.set_token(work, world.application_id, TOKEN)
    world.tell()

    assert set(world.states().values()) == {"there"}


def test_a_server_that_asks_for_a_pause_gets_it(world):
    world.far.fails = [(429, {"Retry-After": "120"})]
    world.set_up()
    world.tell()
    world.later(seconds=100)
    world.tell()
    assert len(world.far.asked) == 1
    world.later(seconds=30)
    world.tell()

    assert set(world.states().values()) == {"there"}


def test_a_server_that_breaks_is_asked_ever_later_and_recovers(world):
    world.far.fails = [(503, {})] * 3
    world.set_up()
    for _ in range(3):
        world.tell()
        world.later(minutes=2)
    assert world.target().tries == 3
    world.later(minutes=10)
    world.tell()

    assert set(world.states().values()) == {"there"}
    assert (world.target().tries, world.target().error) == (0, "")


def test_one_account_that_is_not_taken_delays_nobody_and_can_be_sent_again(world):
    world.far.refuses = {ANN}
    world.set_up()
    world.tell()
    assert world.states() == {ANN: "failed", BEN: "there"}
    assert (world.rows()[ANN].active, world.rows()[BEN].active) == (False, True)
    world.far.refuses = set()
    with world.work() as work:
        assert switching.retry(work, world.application_id) == 1
    world.tell()

    assert world.states() == {ANN: "there", BEN: "there"}


@pytest.mark.parametrize(
    "said", [b"<html>", b"[]", b"null", b'{"id": ".."}', b'{"id": {"a": 1}}', b"[" * 5000, b"\xff"]
)
def test_an_answer_that_is_nothing_of_scim_breaks_nothing(world, said):
    world.far.says = said
    world.set_up()
    world.tell()

    assert "there" not in world.states().values()


def test_an_answer_without_an_end_is_not_read_to_it(world):
    world.far.says = b" " * (300 * 1024)
    world.set_up()
    world.tell()

    assert world.target().error == "unreachable"


def test_t14_an_address_inside_is_not_called(world):
    with world.work() as work:
        editing.set_up(work, world.application_id, editing.Wanted("https://10.0.0.1/scim", everybody=True))
        editing.set_token(work, world.application_id, TOKEN)
        switching.enable(work, world.application_id)
    world.tell()

    assert (world.target().error, world.far.asked) == ("unreachable", [])


def test_a_target_that_is_down_delays_no_mail(world):
    world.far.fails = [(503, {})] * 5
    world.set_up()
    sent = []
    with world.work() as work:
        outbox.post(work, "letter", "to", {})
    world.tell()
    outbox.drain(world.database, {"letter": sent.append}, world.now)

    assert len(sent) == 1


@pytest.mark.both_databases
def test_two_nodes_at_once_make_one_account_of_each(world):
    from threading import Thread

    world.set_up()
    world.settle()
    both = [Thread(target=sending.drain, args=(world.database, world.dial, world.now)) for _ in range(2)]
    for one in both:
        one.start()
    for one in both:
        one.join(30)
    world.tell()

    assert sorted(one["userName"] for one in world.far.users.values()) == [ANN, BEN]
    assert set(world.states().values()) == {"there"}


@pytest.mark.both_databases
def test_two_nodes_that_follow_the_same_marks_write_each_account_once(world):
    from threading import Thread

    world.set_up()
    world.add(*(f"p{n}@acme.example" for n in range(30)))
    world.grant(everyone=True)

    def node() -> None:
        """As the job does: again until nothing is left, and again where the database was busy."""
        left = 1
        while left:
            try:
                left = noticing.settle(world.database, world.now)
            except Unavailable:
                continue

    both = [Thread(target=node) for _ in range(2)]
    for one in both:
        one.start()
    for one in both:
        one.join(60)

    assert len(world.rows()) == 33


def test_who_was_never_taken_and_loses_access_is_not_asked_about_there(world):
    world.far.refuses = {ANN}
    world.set_up()
    world.tell()
    asked = len(world.far.asked)
    with world.work() as work:
        accounts.disable(work, ANN)
    world.tell()

    assert (world.states()[ANN], len(world.far.asked)) == ("gone", asked)


def test_while_the_application_is_disabled_nobody_loses_their_account_but_who_loses_access(world):
    world.set_up()
    world.tell()
    with world.work() as work:
        applications.disable(work, world.application_id)
        accounts.disable(work, ANN)
        switching.reconcile(work, world.application_id)
    world.run()
    world.tell()

    assert (world.far.named(ANN)[0]["active"], world.far.named(BEN)[0]["active"]) == (False, True)


def test_i10_an_application_that_answers_slowly_does_not_use_up_every_turn(world):
    world.set_up()
    with world.work() as work:
        organizations.create(work, "globex", name="Globex")
        made = sites.create(work, "globex", organization="globex", name="Globex")
        other = applications.create(work, made, protocol="saml", name="Wiki").id
        applications.grant(work, other, everyone=True)
        accounts.create(work, "gus@globex.example", organization="globex", name="Gus")
        editing.set_up(work, other, Wanted(world.far.url, everybody=True), http_loopback=True)
        editing.set_token(work, other, TOKEN)
        switching.enable(work, other)
    world.settle()

    first = {sending._due(world.database, world.now)[0] for _ in range(60)}
    assert len(first) == 2
