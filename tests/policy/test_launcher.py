"""How a launcher is laid out: what may be opened is shown once, and nothing else is shown."""

from hypothesis import given
from hypothesis import strategies as st

from idp.policy import launcher
from idp.policy.launcher import Kind, Layout, Section

IDS = st.sampled_from([f"app_{letter}" for letter in "abcdefgh"])
SITES = st.sampled_from(["sit_one", "sit_two"])
OPENABLE = st.dictionaries(IDS, SITES)
SECTIONS = st.lists(
    st.builds(Section, st.sampled_from(["Work", "Play", "Rest"]), st.lists(IDS, max_size=6).map(tuple)),
    max_size=3,
    unique_by=lambda one: one.name,
).map(tuple)
LAYOUTS = st.none() | st.builds(Layout, SECTIONS, st.booleans())
ARRANGED = st.none() | SECTIONS
STEPS = st.lists(st.tuples(IDS, st.sampled_from([-1, 1])), max_size=8)

OPEN = {"app_a": "sit_one", "app_b": "sit_two", "app_c": "sit_one"}
WORK = Section("Work", ("app_b", "app_gone", "app_a"))


def places(sections):
    return [application for one in sections for application in one.applications]


@given(OPENABLE, LAYOUTS, ARRANGED)
def test_each_application_that_may_be_opened_is_in_exactly_one_section_and_no_other_is(openable, layout, arranged):
    assert sorted(places(launcher.merge(openable, layout, arranged))) == sorted(openable)


@given(OPENABLE, LAYOUTS, ARRANGED)
def test_putting_together_twice_gives_the_same(openable, layout, arranged):
    merged = launcher.merge(openable, layout, arranged)

    assert launcher.merge(openable, layout, arranged) == merged


@given(OPENABLE, SECTIONS, ARRANGED)
def test_what_overrides_comes_first_and_in_its_own_order(openable, sections, arranged):
    merged = launcher.merge(openable, Layout(sections, overrides=True), arranged)
    wanted = list(dict.fromkeys(a for a in places(sections) if a in openable))

    assert [one.name for one in merged if one.kind is Kind.FIXED] == [one.name for one in sections]
    assert places(one for one in merged if one.kind is Kind.FIXED) == wanted


@given(OPENABLE, SECTIONS)
def test_a_layout_that_does_not_override_is_only_where_one_begins(openable, sections):
    layout = Layout((Section("Administrators", tuple(openable)),))

    assert launcher.merge(openable, layout, sections) == launcher.merge(openable, None, sections)


def test_nobody_has_laid_anything_out_so_it_is_by_site():
    assert launcher.merge(OPEN, None, None) == (
        Section("sit_one", ("app_a", "app_c"), Kind.SITE),
        Section("sit_two", ("app_b",), Kind.SITE),
    )


def test_ids_that_are_gone_do_not_show_and_new_ones_have_a_place_of_their_own():
    assert launcher.merge(OPEN, None, [WORK]) == (
        Section("Work", ("app_b", "app_a"), Kind.OWN),
        Section("", ("app_c",), Kind.NEW),
    )


def test_one_begins_to_arrange_with_what_one_sees_but_not_with_what_is_fixed():
    merged = launcher.merge(OPEN, Layout((Section("Company", ("app_b",)),), overrides=True), None)

    assert launcher.begin(merged, {"sit_one": "Acme"}) == (Section("Acme", ("app_a", "app_c")),)


def test_sites_of_one_name_become_sections_of_two():
    merged = launcher.merge(OPEN, None, None)

    assert [one.name for one in launcher.begin(merged, {"sit_one": "Acme", "sit_two": "ACME"})] == ["Acme", "ACME 2"]


@given(SECTIONS, STEPS, st.frozensets(IDS))
def test_moving_loses_nothing_and_doubles_nothing(sections, steps, shown):
    first = launcher.merge(dict.fromkeys(places(sections), "sit_one"), None, sections)
    then = tuple(one for one in first if one.kind is Kind.OWN)
    before = sorted(places(then))
    for application, by in steps:
        if application in before:
            then = launcher.step(then, application, by, shown)

    assert sorted(places(then)) == before
    assert [one.name for one in then] == [one.name for one in sections]


@given(st.permutations([f"app_{letter}" for letter in "abcde"]), st.sampled_from("abcde"))
def test_down_and_up_again_is_where_it_was(order, letter):
    sections = (Section("Work", tuple(order[:3])), Section("Play", tuple(order[3:])))
    application = f"app_{letter}"
    down = launcher.step(sections, application, 1, frozenset(order))
    if application == order[-1]:
        assert down == sections, "there is nowhere to go"
    else:
        assert launcher.step(down, application, -1, frozenset(order)) == sections


def test_what_does_not_show_is_stepped_over_and_keeps_its_place():
    moved = launcher.step([WORK], "app_a", -1, {"app_a", "app_b"})

    assert moved == (Section("Work", ("app_a", "app_b", "app_gone")),)


def test_at_the_end_of_a_section_it_goes_into_the_next():
    two = (Section("Work", ("app_a",)), Section("Play", ("app_b",)))

    assert launcher.step(two, "app_a", 1, OPEN) == (Section("Work", ()), Section("Play", ("app_a", "app_b")))
    assert launcher.step(two, "app_b", -1, OPEN) == (Section("Work", ("app_a", "app_b")), Section("Play", ()))
    assert launcher.step(two, "app_c", -1, OPEN)[1] == Section("Play", ("app_b", "app_c")), "it had no place"


@given(SECTIONS, IDS, st.none() | IDS)
def test_what_is_put_somewhere_is_there_and_nowhere_else(sections, application, before):
    for section in sections:
        moved = launcher.put(sections, application, section.name, before)
        assert [one.name for one in moved if application in one.applications] == [section.name]


def test_sections_are_added_renamed_moved_and_removed():
    two = (Section("Work", ("app_a",)), Section("Play", ("app_b",)))

    assert launcher.shift(two, "Play", -1) == (two[1], two[0])
    assert launcher.shift(two, "Play", 1) == two
    assert launcher.shift(two, "Nowhere", 1) == two
    assert launcher.add(two, "Rest")[2] == Section("Rest")
    assert launcher.rename(two, "Work", "Toil")[0] == Section("Toil", ("app_a",))
    assert launcher.remove(two, "Work") == (two[1],)
    assert launcher.take_out(two, "app_a")[0] == Section("Work")


@given(SECTIONS)
def test_what_is_stored_is_read_back(sections):
    assert launcher.read(launcher.write(sections)) == sections


def test_more_places_than_can_be_kept_lose_those_that_do_not_show():
    many = Section("Work", tuple(f"app_{number}" for number in range(launcher.MOST_PLACES + 1)))

    assert launcher.bounded([many], {"app_7"}) == (Section("Work", ("app_7",)),)
    assert launcher.bounded([WORK], {"app_a"}) == (WORK,)
