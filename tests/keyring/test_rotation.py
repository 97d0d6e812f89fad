"""R9, D14: no key signs before the world could know it, none is withdrawn while something it signed lives."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from idp.keyring.rotation import ACTIVE, NEXT, RETIRED, KeyState, Plan, holding, plan

NOON = datetime(2030, 1, 1, 12, tzinfo=UTC)
DAY = timedelta(days=1)
RULES = {"lifetime": 90 * DAY, "publish_ahead": DAY, "keep_retired": DAY}


def test_without_any_key_one_is_made_and_published():
    assert plan([], NOON, **RULES) == Plan(make_next=True)


def test_the_first_key_of_a_kind_waits_until_it_is_known_unless_it_is_asked_for():
    young, known = KeyState("n", NEXT, NOON - timedelta(hours=23)), KeyState("n", NEXT, NOON - DAY)

    assert plan([young], NOON, **RULES) == Plan()
    assert plan([known], NOON, **RULES) == Plan(promote="n")
    assert plan([young], NOON, **RULES, at_once=True) == Plan(promote="n")


def test_a_next_key_steps_in_at_once_where_the_one_that_signed_is_missing():
    keys = [KeyState("r", RETIRED, NOON), KeyState("n", NEXT, NOON)]

    assert plan(keys, NOON, **RULES) == Plan(promote="n")


def test_a_young_key_is_left_alone():
    assert plan([KeyState("a", ACTIVE, NOON - 10 * DAY)], NOON, **RULES) == Plan()


def test_the_next_key_is_published_before_the_active_one_is_old():
    assert plan([KeyState("a", ACTIVE, NOON - 89 * DAY)], NOON, **RULES) == Plan(make_next=True)


def test_a_next_key_that_is_not_known_long_enough_waits():
    keys = [KeyState("a", ACTIVE, NOON - 91 * DAY), KeyState("n", NEXT, NOON - timedelta(hours=23))]

    assert plan(keys, NOON, **RULES) == Plan()


def test_a_next_key_that_is_known_takes_over():
    keys = [KeyState("a", ACTIVE, NOON - 91 * DAY), KeyState("n", NEXT, NOON - DAY)]

    assert plan(keys, NOON, **RULES) == Plan(promote="n", retire=("a",))


def test_a_retired_key_stays_as_long_as_what_it_signed():
    young, old = KeyState("r", RETIRED, NOON - timedelta(hours=23)), KeyState("o", RETIRED, NOON - DAY)

    assert plan([KeyState("a", ACTIVE, NOON), young, old], NOON, **RULES) == Plan(drop=("o",))


def test_asked_for_at_once_it_still_publishes_first():
    assert plan([KeyState("a", ACTIVE, NOON)], NOON, **RULES, at_once=True) == Plan(make_next=True)


@given(
    st.lists(
        st.tuples(st.sampled_from([NEXT, ACTIVE, RETIRED]), st.integers(min_value=0, max_value=200 * 24)), max_size=6
    ),
    st.booleans(),
)
def test_doing_the_plan_and_asking_again_leads_to_an_empty_plan(drawn, at_once):
    keys = {f"k{i}": KeyState(f"k{i}", state, NOON - timedelta(hours=age)) for i, (state, age) in enumerate(drawn)}
    todo = plan(keys.values(), NOON, **RULES, at_once=at_once)
    if todo.promote:
        assert NOON - keys[todo.promote].since >= DAY or not any(k.state == ACTIVE for k in keys.values())
        keys[todo.promote] = KeyState(todo.promote, ACTIVE, NOON)
    for key_id in todo.retire:
        keys[key_id] = KeyState(key_id, RETIRED, NOON)
    for key_id in todo.drop:
        assert NOON - keys.pop(key_id).since >= DAY
    if todo.make_next:
        keys["new"] = KeyState("new", NEXT, NOON)

    again = plan(keys.values(), NOON, **RULES)

    assert again.retire == ()
    assert again.drop == ()


def test_a_held_key_neither_retires_nor_goes_and_none_takes_its_place():
    todo = Plan(make_next=True, promote="n", retire=("a",), drop=("r", "s"))

    assert holding(todo, frozenset()) == todo
    assert holding(todo, frozenset({"other", "n"})) == todo
    assert holding(todo, frozenset({"a"})) == Plan(make_next=True, drop=("r", "s"), withheld=("a",))
    assert holding(todo, frozenset({"r"})) == Plan(
        make_next=True, promote="n", retire=("a",), drop=("s",), withheld=("r",)
    )
