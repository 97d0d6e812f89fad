"""The plan for a target: whatever is wanted and known, doing it once is enough, and it does no more than it must."""

from hypothesis import given, settings
from hypothesis import strategies as st

from idp.provisioning.targets import plan
from idp.provisioning.targets.plan import Act, Known

IDS = st.sampled_from([f"acc_{letter}" for letter in "abcdefgh"])
DIGESTS = st.sampled_from(["1", "2"])
WANTED = st.dictionaries(IDS, DIGESTS)
KNOWN = st.dictionaries(
    IDS, st.builds(Known, active=st.booleans(), linked=st.booleans(), digest=st.sampled_from(["", "1", "2"]))
)


def done(made, wanted, known):
    """What is known once all of a plan was done."""
    after = dict(known)
    for one in (*made.creates, *made.updates):
        after[one] = Known(active=True, linked=True, digest=wanted[one])
    for one in made.deactivations:
        after[one] = Known(active=False, linked=known[one].linked, digest="")
    return after


@settings(max_examples=150, deadline=None)
@given(WANTED, KNOWN)
def test_a_plan_that_was_done_leaves_nothing_to_do_and_makes_it_as_wanted(wanted, known):
    made = plan.plan(wanted, known)
    after = done(made, wanted, known)

    assert plan.plan(wanted, after) == plan.Plan((), (), ())
    assert {one for one, of in after.items() if of.active} == set(wanted)
    assert all(after[one].digest == digest for one, digest in wanted.items())


@settings(max_examples=150, deadline=None)
@given(WANTED, KNOWN)
def test_a_plan_does_one_thing_for_each_and_no_more_than_it_must(wanted, known):
    made = plan.plan(wanted, known)
    everyone = [*made.creates, *made.updates, *made.deactivations]

    assert len(everyone) == len(set(everyone))
    assert not set(made.deactivations) & set(wanted)
    assert all(known[one].active for one in made.deactivations)
    assert all(not known[one].linked for one in made.creates if one in known)
    untouched = set(wanted) - set(everyone)
    assert all(known[one] == Known(active=True, linked=True, digest=wanted[one]) for one in untouched)


def test_a_part_of_a_plan_is_the_plan_of_a_part():
    """So it can be made in steps."""
    wanted = {"acc_a": "1", "acc_b": "1", "acc_c": "2"}
    known = {"acc_b": Known(True, True, "1"), "acc_c": Known(True, True, "1"), "acc_d": Known(True, True, "1")}
    whole = plan.plan(wanted, known).acts()
    parts = {}
    for some in (("acc_a", "acc_d"), ("acc_b", "acc_c")):
        parts |= plan.plan(
            {one: wanted[one] for one in some if one in wanted}, {one: known[one] for one in some if one in known}
        ).acts()

    assert parts == whole == {"acc_a": Act.CREATE, "acc_c": Act.UPDATE, "acc_d": Act.DEACTIVATE}


def test_the_brake_knows_few_from_many():
    seen = {
        (deactivations, recent, there, percent): plan.brakes(deactivations, recent, there, percent)
        for deactivations, recent, there, percent in [
            (0, 50, 100, 0), (20, 0, 20, 0), (21, 0, 1000, 10), (100, 0, 1000, 10), (101, 0, 1000, 10),
            (1, 20, 100, 10), (1, 19, 100, 10), (500, 0, 500, 100),
        ]
    }  # fmt: skip

    assert [key for key, braked in seen.items() if braked] == [(101, 0, 1000, 10), (1, 20, 100, 10)]
