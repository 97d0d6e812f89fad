"""Too many at once wait for approval; a run, and every night, look at everybody; and what is changed by whom."""

from dataclasses import replace

import pytest

from idp.audit.models import AuditEntry
from idp.base.errors import ChangedMeanwhile, Conflict, Forbidden, Invalid, NotFound
from idp.base.work import Actor, HeldRole
from idp.directory import accounts, organizations
from idp.directory.console_models import Run
from idp.directory.told_models import ProvisioningTarget
from idp.provisioning.targets import editing, found, lists, preview, switching
from idp.provisioning.targets.editing import Wanted
from tests.provisioning.conftest import ANN, BEN, CLEO
from tests.support import people
from tests.support.scim_server import TOKEN

MANY = [f"p{number:02}@acme.example" for number in range(30)]


@pytest.fixture
def crowd(world):
    """Thirty people more who may open it, and are there."""
    world.add(*MANY)
    grant = world.grant(everyone=True)
    world.set_up()
    world.tell()
    assert len(world.far.users) == 33
    return grant


def active(world) -> int:
    return sum(one["active"] for one in world.far.users.values())


def tags(world) -> list[str]:
    with world.work() as work:
        return [one.tag for one in work.tx.session.query(AuditEntry).order_by(AuditEntry.at, AuditEntry.id)]


def test_too_many_deactivations_at_once_wait_until_somebody_approves(world, crowd):
    world.withdraw_all()
    world.tell()
    assert (active(world), world.target().held_at) == (33, world.now)
    with world.work() as work:
        assert [(one.what, one.count) for one in lists.wanted(work, world.organization_id)] == [("held", 1)]
        assert switching.approve(work, world.application_id) == 33
    world.tell()

    assert (active(world), world.target().held_at) == (0, None)
    assert {"provisioning-target.braked", "provisioning-target.approved"} <= set(tags(world))


def test_what_is_held_is_not_held_any_more_once_access_is_back(world, crowd):
    world.withdraw_all()
    world.tell()
    world.grant(everyone=True)
    world.tell()

    assert (active(world), world.target().held_at, set(world.states().values())) == (33, None, {"there"})


def test_few_at_a_time_are_counted_together_for_an_hour(world, crowd):
    for email in MANY[:25]:
        with world.work() as work:
            accounts.disable(work, email)
        world.tell()
    assert active(world) == 33 - 20
    world.later(hours=2)
    with world.work() as work:
        accounts.disable(work, MANY[25])
    world.tell()

    assert active(world) == 33 - 21
    assert sorted(world.states().values()).count("held") == 5


def test_a_leaver_beside_a_brake_that_holds_goes_once_it_is_approved(world, crowd):
    world.withdraw_all()
    world.settle()
    with world.work() as work:
        accounts.disable(work, ANN)
    world.tell()
    assert world.states()[ANN] == "held"


def test_a_run_looks_at_everybody_with_progress_and_can_send_all_again(world):
    world.set_up()
    world.tell()
    world.far.users.clear()
    with world.work() as work:
        switching.reconcile(work, world.application_id, again=True)
    world.run()
    world.tell()
    with world.work() as work:
        run = work.tx.session.query(Run).one()

    assert (run.state, run.done, run.total) == ("finished", 2, 2)
    assert sorted(one["userName"] for one in world.far.users.values()) == [ANN, BEN]


def test_every_night_what_was_not_taken_is_sent_again_once(world):
    world.far.refuses = {ANN}
    world.set_up()
    world.tell()
    world.far.refuses = set()
    for _ in range(2):
        with world.work() as work:
            switching.sweep(work, {})
        world.run()
        world.later(hours=1)
    world.tell()

    assert world.states()[ANN] == "there"
    assert world.far.methods().count("POST") == 3


@pytest.mark.parametrize("many", [1, 1000])
@pytest.mark.both_databases
def test_the_preview_says_who_before_anything_is_sent(world, monkeypatch, many):
    monkeypatch.setattr(preview, "_MANY", many)  # how the first ones are found depends on how many there are
    world.set_up(on=False)
    with world.work() as work:
        seen = preview.preview(work, world.application_id)
    assert (seen.creates, seen.updates, seen.deactivations) == (2, 0, 0)
    assert [one.email for one in seen.to_create] == [ANN, BEN]
    assert seen.document["externalId"] in world.ids.values()
    assert world.far.asked == []
    with world.work() as work:
        switching.enable(work, world.application_id)
    world.tell()
    with world.work() as work:
        switching.disable(work, world.application_id)
        accounts.disable(work, ANN)
        accounts.rename(work, BEN, name="Ben Brown")
    with world.work() as work:
        seen = preview.preview(work, world.application_id)

    assert (seen.creates, seen.updates, seen.deactivations, seen.there) == (0, 1, 1, 2)
    assert [one.email for one in seen.to_deactivate] == [ANN]


def test_what_changed_while_it_was_off_is_made_good_when_it_is_on_again(world):
    world.set_up()
    world.tell()
    with world.work() as work:
        switching.disable(work, world.application_id)
        accounts.disable(work, ANN)
    world.tell()
    assert world.far.named(ANN)[0]["active"] is True
    with world.work() as work:
        switching.enable(work, world.application_id)
    world.tell()

    assert world.far.named(ANN)[0]["active"] is False


GOOD = Wanted("https://wiki.example/scim/v2/", everybody=True)


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"endpoint": "http://wiki.example/scim"}, "endpoint"),
        ({"endpoint": "https://user:pass@wiki.example/scim"}, "endpoint"),
        ({"endpoint": "https://wiki.example/scim?x=1"}, "endpoint"),
        ({"endpoint": "https://wiki.example/scim#x"}, "endpoint"),
        ({"endpoint": "https://wiki.example:x/scim"}, "endpoint"),
        ({"endpoint": "https://wiki.example/a b"}, "endpoint"),
        ({"endpoint": "file:///etc/passwd"}, "endpoint"),
        ({"endpoint": ""}, "endpoint"),
        ({"mapping": {"userName": "email", "password": "email"}}, "mapping"),
        ({"mapping": {"userName": "email", "id": "email"}}, "mapping"),
        ({"mapping": {"title": "job"}}, "mapping"),
        ({"mapping": {"userName": "groups"}}, "mapping"),
        ({"on_loss": "forget"}, "on_loss"),
        ({"brake_percent": 101}, "brake_percent"),
        ({"brake_percent": -1}, "brake_percent"),
    ],
)
def test_t6_what_cannot_be_is_refused(world, change, field):
    with world.work() as work:
        editing.set_up(work, world.application_id, GOOD)
        with pytest.raises(Invalid) as caught:
            editing.set_up(work, world.application_id, replace(GOOD, **change))

    assert caught.value.field == field


@pytest.mark.parametrize("token", ["", "two words", "a\nb", "ü", "x" * 5000])
def test_what_is_no_token_is_refused(world, token):
    world.set_up(on=False, token="")
    with world.work() as work, pytest.raises(Invalid):
        editing.set_token(work, world.application_id, token)


def test_it_is_not_switched_on_without_a_token(world):
    world.set_up(on=False, token="")
    with world.work() as work, pytest.raises(Conflict):
        switching.enable(work, world.application_id)


def test_t10_only_who_may_edit_the_application_changes_any_of_it(world):
    world.set_up()
    of = world.application_id
    acts = {
        "set_up": lambda work: editing.set_up(work, of, GOOD),
        "set_token": lambda work: editing.set_token(work, of, "x"),
        "remove": lambda work: editing.remove(work, of),
        "enable": lambda work: switching.enable(work, of),
        "disable": lambda work: switching.disable(work, of),
        "resume": lambda work: switching.resume(work, of),
        "approve": lambda work: switching.approve(work, of),
        "retry": lambda work: switching.retry(work, of),
        "reconcile": lambda work: switching.reconcile(work, of),
        "preview": lambda work: preview.preview(work, of),
    }
    wrong = []
    with world.work() as work:
        ann = work.tx.session.get_one(accounts.Account, (world.organization_id, world.ids[ANN]))
        for name, act in acts.items():
            for who, expected in (
                (people.as_account(work, ann, "auditor"), Forbidden),
                (people.stranger(work), NotFound),
            ):
                try:
                    act(who)
                    wrong.append((name, "nothing"))
                except expected:
                    pass

    assert wrong == []


def test_t10_whoever_may_not_see_accounts_does_not_guess_at_their_addresses(world):
    world.set_up()
    world.tell()
    of = HeldRole("own", world.organization_id, permissions=("application:read",))
    blind = Actor("account", "acc_x", "x", world.organization_id, (of,))
    with world.work() as work:
        _, target = found.readable(work, world.application_id)
        assert len(lists.accounts(work, target, starting="ann@")) == 1
        assert lists.accounts(replace(work, actor=blind), target, starting="ann@") == []


def test_t5_what_people_type_of_themselves_finds_nobody_elses_account_there(world):
    there = world.far.add("admin")
    world.set_up(mapping={"userName": "name", "emails": "email"})
    with world.work() as work:
        joined = accounts.create(work, "mallory@acme.example", organization="acme", name="admin", typed_by_person=True)
    world.ids["mallory@acme.example"] = joined.id
    world.grant(account="mallory@acme.example")
    world.tell()

    assert "emails" not in world.far.users[there]
    assert [one["externalId"] for one in world.far.named("mallory@acme.example")] == [joined.id]
    with world.work() as work:
        accounts.rename(work, joined.id, organization_id=world.organization_id, name="mallory")
    world.tell()
    assert [one["externalId"] for one in world.far.named("mallory")] == [joined.id]


def test_t1_a_group_of_another_organization_is_not_there(world):
    from idp.directory import groups

    with world.work() as work:
        organizations.create(work, "other", name="Other")
        foreign = groups.create(work, "Foreign", organization="other").id
        with pytest.raises(NotFound):
            editing.set_up(work, world.application_id, replace(GOOD, everybody=False, groups=[foreign]))


def test_whoever_comes_second_is_told(world):
    world.set_up(on=False)
    version = world.target().version
    with world.work() as work:
        editing.set_up(work, world.application_id, GOOD, if_version=version)
    for act in (
        lambda work: editing.set_up(work, world.application_id, GOOD, if_version=version),
        lambda work: editing.set_token(work, world.application_id, "x", if_version=version),
        lambda work: switching.enable(work, world.application_id, if_version=version),
        lambda work: editing.remove(work, world.application_id, if_version=version),
    ):
        with world.work() as work, pytest.raises(ChangedMeanwhile):
            act(work)


def test_what_is_noted_in_passing_does_not_make_an_edit_come_second(world):
    world.set_up()
    version = world.target().version
    world.tell()

    assert world.target().version == version


def test_removing_it_leaves_the_accounts_there_as_they_are(world):
    world.set_up()
    world.tell()
    with world.work() as work:
        assert editing.remove(work, world.application_id) == 2
    world.tell()

    assert active(world) == 2


def test_t18_t7_the_token_is_in_no_entry_no_row_and_no_log(world, capfd, caplog):
    caplog.set_level("DEBUG")
    world.set_up()
    world.far.fails = [(500, {}), (400, {})]
    for _ in range(3):
        world.tell()
        world.later(hours=1)
    with world.work() as work:
        entries = [(one.details, one.tag) for one in work.tx.session.query(AuditEntry)]
    seen = capfd.readouterr()

    assert TOKEN not in str(entries) + str(vars(world.target())) + seen.out + seen.err + caplog.text
    assert TOKEN in str(world.far.token)


def test_each_creation_and_each_end_is_an_entry_of_the_account(world):
    world.far.add(BEN)
    world.set_up()
    world.tell()
    with world.work() as work:
        accounts.disable(work, ANN)
    world.tell()
    with world.work() as work:
        found = [
            (one.tag, one.details.get("act") or one.details["how"])
            for one in work.tx.session.query(AuditEntry).filter(
                AuditEntry.tag.in_(("account.sent", "account.deprovisioned"))
            )
        ]

    assert sorted(found) == [
        ("account.deprovisioned", "deactivate"),
        ("account.sent", "created"),
        ("account.sent", "linked"),
    ]


def test_an_account_says_where_it_is_known(world):
    world.set_up()
    world.tell()
    with world.work() as work:
        known = {
            email: [one.application.name for one in lists.places(work, accounts.queries.account(work, email))]
            for email in (ANN, CLEO)
        }

    assert known == {ANN: ["Wiki"], CLEO: []}


def test_whom_an_application_is_told_of_is_never_meant_by_leaving_something_empty(world):
    for wanted in (Wanted(GOOD.endpoint), Wanted(GOOD.endpoint, groups=[" "])):
        with world.work() as work, pytest.raises(Invalid, match="Say who is told of"):
            editing.set_up(work, world.application_id, wanted)
    with world.work() as work, pytest.raises(Invalid, match="Either everybody"):
        editing.set_up(work, world.application_id, replace(GOOD, groups=["Staff"]))


def test_a_target_for_members_of_groups_that_are_gone_is_told_of_nobody(world):
    world.grant(everyone=True)
    world.set_up(groups=["Staff"])
    with world.work() as work:
        work.tx.session.query(ProvisioningTarget).one().group_ids = []
    world.tell()

    assert world.far.users == {}


def test_t7_what_the_organization_releases_to_no_application_is_not_sent_to_its_server(world):
    with world.work() as work:
        accounts.set_attributes(work, ANN, {"salary": ["90000"]})
    mapping = {"userName": "email", "title": "salary"}
    with world.work() as work, pytest.raises(Invalid, match="released to no application"):
        editing.set_up(work, world.application_id, replace(GOOD, mapping=mapping))
    world.release("email", "name", "salary")
    world.set_up(mapping=mapping)
    world.tell()
    assert [one["title"] for one in world.far.users.values() if one["userName"] == ANN] == ["90000"]
    world.release("email", "name")
    world.tell()

    assert [one.get("title") for one in world.far.users.values() if one["userName"] == ANN] == [None]


def test_t7_a_preview_shows_what_is_known_of_somebody_to_those_alone_who_may_see_accounts(world):
    world.set_up()
    held = HeldRole("rol_1", world.organization_id, None, None, ("application:read", "application:edit"))
    blind = Actor("account", "acc_1", "eve@acme.example", world.organization_id, (held,))
    with world.work() as work:
        seen = preview.preview(replace(work, actor=blind), world.application_id)
        assert (seen.creates, seen.to_create, seen.document) == (2, (), {})
        assert preview.preview(work, world.application_id).document
