"""No sequence of allowed calls increases one's own rights, whatever roles, groups and scopes there are (threats T5)."""

from dataclasses import dataclass, replace

import pytest
from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st

from idp.base.errors import Conflict, Forbidden, Invalid, NotFound
from idp.base.ids import new_id
from idp.base.work import Actor
from idp.directory import default_groups, group_rule_changes, groups, held_roles, rights, role_assignments, roles
from idp.directory.group_models import GroupNesting
from idp.directory.models import Group, Membership
from idp.policy.permissions import SCOPES, Permission, allows
from idp.signon import resetting
from idp.signon.factors import password

NAMES = sorted(permission.value for permission in Permission if permission is not Permission.ORGANIZATION_CREATE)
POWERFUL = [
    "role:grant",
    "role:edit",
    "role:read",
    "group:members",
    "group:read",
    "account:read",
    "account:credentials",
]
READS = ["site:read", "application:read", "account:read", "group:read"]
BUILT_IN = sorted(SCOPES)
PEOPLE, GROUPS = 3, 4
PASSWORD = "umbrella quartz lantern"

few = st.sets(st.sampled_from(POWERFUL), max_size=4).map(sorted)
mine = st.sets(st.sampled_from([*POWERFUL, *NAMES]), max_size=4).map(lambda more: sorted({*POWERFUL, *READS, *more}))
permissions = few | st.sets(st.sampled_from(NAMES), max_size=6).flatmap(
    lambda some: st.sets(st.sampled_from(POWERFUL), max_size=5).map(lambda more: sorted(some | more))
)
places = st.sampled_from(["organization", "site:one", "site:two", "application:one", "application:two"])
subjects = st.one_of(
    st.integers(0, PEOPLE - 1).map(lambda n: ("account", n)), st.integers(0, GROUPS - 1).map(lambda n: ("group", n))
)
any_role = st.one_of(st.sampled_from(BUILT_IN), st.integers(0, 2))
given_roles = st.lists(st.tuples(any_role, subjects, places), max_size=6)
nestings = st.lists(st.tuples(st.integers(0, GROUPS - 1), st.integers(0, GROUPS - 1)), max_size=4).map(
    lambda pairs: [(child, parent) for child, parent in pairs if child < parent]  # never a circle
)
memberships = st.lists(st.tuples(st.integers(0, PEOPLE - 1), st.integers(0, GROUPS - 1)), max_size=4)
actions = st.one_of(
    st.tuples(st.just("grant"), any_role, subjects, places),
    st.tuples(st.just("join"), st.integers(0, PEOPLE - 1) | st.just(0), st.integers(0, GROUPS - 1)),
    st.tuples(st.just("role"), st.integers(0, 2), permissions),
    st.tuples(st.just("new role"), permissions, subjects, places),
    st.tuples(st.just("password"), st.integers(0, PEOPLE - 1)),
    st.tuples(st.just("reset"), st.integers(0, PEOPLE - 1)),
    st.tuples(st.just("withdraw"), st.integers(0, 5)),
    st.tuples(st.just("nest"), st.integers(0, GROUPS - 1), st.integers(0, GROUPS - 1)),
    st.tuples(st.just("mark"), st.sampled_from(["application:one", "application:two"]), st.integers(0, GROUPS - 1)),
    st.tuples(st.just("give"), st.sampled_from(["application:one", "application:two"]), st.integers(0, PEOPLE - 1)),
    st.tuples(st.just("rule"), st.integers(0, GROUPS - 1)),
)


@dataclass
class Town:
    """An organization of two sites, two applications, three people (the first one tries it) and four groups."""

    work: object
    organization_id: str
    places: dict
    people: list
    groups: list
    roles: list

    def acting(self):
        me = self.people[0]
        held = rights.roles_of(self.work, self.organization_id, me.id)
        return replace(self.work, actor=Actor("account", me.id, me.email, self.organization_id, held))

    def rights(self):
        """What the first one may do, where; and what those may whose passwords they have set."""
        actor = self.acting().actor
        return frozenset(
            (permission, place)
            for place, (site, application) in self.places.items()
            for permission in Permission
            if allows(actor, permission, self.organization_id, site_id=site, application_id=application)
        )

    def put_in(self, person, group: Group, source="manual"):
        """Membership as groups have it: flat, in every group around it, too."""
        for around in rights.containers(self.work, group):
            self.work.tx.session.add(
                Membership(
                    organization_id=self.organization_id,
                    id=new_id("mem"),
                    group_id=around,
                    account_id=person.id,
                    source=source,
                    valid_from=self.work.now,
                )
            )
        self.work.tx.session.flush()

    def whom(self, subject):
        kind, number = subject
        return {kind: (self.people if kind == "account" else self.groups)[number].id}

    def where(self, place):
        kind, _, name = place.partition(":")
        return {} if kind == "organization" else {kind: name if kind == "site" else self.places[place][1]}

    def role(self, key):
        return self.roles[key].id if isinstance(key, int) else key


@pytest.fixture
def town(work, an_organization, a_site, an_account, a_group, an_application):
    acme = an_organization()
    sites = {name: a_site(name, name=name) for name in ("one", "two")}
    apps = {name: an_application(site, name) for name, site in sites.items()}
    people = [an_account(f"{name}@acme.example", name=name) for name in ("mallory", "ann", "ben")]
    for person in people:
        password.set_password(work, person.id, PASSWORD, organization_id=acme.id)
    places = {"organization": (None, None)}
    for name, site in sites.items():
        places[f"site:{name}"] = (site.id, None)
        places[f"application:{name}"] = (site.id, apps[name].id)
    made = [roles.create(work, f"Own {n}", organization="acme", permissions=["site:read"]) for n in range(3)]
    work.tx.session.flush()
    return Town(work, acme.id, places, people, [a_group(f"G{n}") for n in range(GROUPS)], made)


def _set_up(town, own, given_, nested, members):
    work = town.work
    for number, held in enumerate(own):
        roles.edit(work, town.roles[number].id, organization="acme", permissions=held or ["site:read"])
    for child, parent in nested:
        work.tx.session.add(
            GroupNesting(
                organization_id=town.organization_id,
                id=new_id("nes"),
                parent_id=town.groups[parent].id,
                child_id=town.groups[child].id,
                valid_from=work.now,
            )
        )
    work.tx.session.flush()
    for person, group in members:
        town.put_in(town.people[person], town.groups[group])
    for role, subject, place in given_:
        _grant(town, work, role, subject, place)


def _grant(town, work, role, subject, place):
    try:
        role_assignments.grant(work, town.role(role), organization="acme", **town.whom(subject), **town.where(place))
    except (Conflict, Invalid):
        return False
    return True


def _do(town, action):
    """Do what the first one tries, as far as they may; return whom they have taken over by it."""
    mine, (what, *rest) = town.acting(), action
    if what == "grant":
        _grant(town, mine, *rest)
    elif what == "join":
        person, group = town.people[rest[0]], town.groups[rest[1]]
        groups.add(mine, group.id, person.id, organization="acme")
        town.put_in(person, group, "group:nested")
    elif what == "role":
        roles.edit(mine, town.roles[rest[0]].id, organization="acme", permissions=rest[1])
    elif what == "new role":
        made = roles.create(mine, f"New {new_id('x')}", organization="acme", permissions=rest[0])
        role_assignments.grant(mine, made.id, organization="acme", **town.whom(rest[1]), **town.where(rest[2]))
    elif what == "withdraw":
        seen = held_roles.assignments(mine, organization_id=town.organization_id)
        if rest[0] < len(seen):
            role_assignments.withdraw(mine, seen[rest[0]].assignment.id, organization="acme")
    elif what == "nest":
        groups.nest(mine, town.groups[rest[0]].id, town.groups[rest[1]].id, organization="acme")
    elif what == "mark":
        default_groups.mark(mine, town.places[rest[0]][1], town.groups[rest[1]].id)
    elif what == "give":
        default_groups.give(mine, town.people[rest[1]].id, town.places[rest[0]][1])
    elif what == "rule":
        everybody = 'account_kind is "member"'
        group_rule_changes.write(mine, town.groups[rest[0]].id, organization="acme", condition=everybody)
        group_rule_changes.switch_on(mine, town.groups[rest[0]].id, organization="acme")
    elif what == "reset":
        resetting.reset_factors(mine, town.people[rest[0]].id)
        return town.people[rest[0]]
    else:
        password.set_password(
            mine, town.people[rest[0]].id, f"{PASSWORD} {new_id('x')}", organization_id=town.organization_id
        )
        return town.people[rest[0]]
    return None


def _taken_over(town, victim):
    held = rights.roles_to_come(town.work, town.organization_id, victim.id)
    actor = Actor("account", victim.id, victim.email, town.organization_id, held)
    return frozenset(
        (permission, place)
        for place, (site, application) in town.places.items()
        for permission in Permission
        if allows(actor, permission, town.organization_id, site_id=site, application_id=application)
    )


@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    own=st.tuples(mine, few, permissions),
    place=st.just("organization") | places,
    chief=st.sampled_from(["organization-administrator", "security-administrator", "auditor"]),
    given_=given_roles,
    nested=nestings,
    members=memberships,
    tried=st.lists(actions, min_size=1, max_size=8),
)
def test_t5_no_sequence_of_allowed_calls_increases_ones_own_rights(
    town, own, place, chief, given_, nested, members, tried
):
    outer = town.work.tx.session.begin_nested()
    try:
        chiefs = [(chief, ("account", 1), "organization"), (chief, ("group", 3), "organization")]
        _set_up(town, own, [(0, ("account", 0), place), *chiefs, *given_], {(0, 3), *nested}, members)
        before = town.rights()
        for action in tried:
            inner = town.work.tx.session.begin_nested()
            try:
                victim = _do(town, action)
            except (Forbidden, NotFound, Invalid, Conflict):
                inner.rollback()
                continue
            inner.commit()
            event(f"allowed: {action[0]}")
            assert town.rights() <= before, action
            if victim is not None and victim is not town.people[0]:
                assert _taken_over(town, victim) <= before, action
    finally:
        outer.rollback()
        town.work.tx.session.expire_all()


def test_t5_the_towns_are_such_that_something_is_allowed(town):
    """A chief may do each of the things that are tried: else the property would say nothing."""
    for chief in (town.people[0], town.people[2]):
        role_assignments.grant(town.work, "organization-administrator", organization="acme", account=chief.id)

    refused = []
    for action in (
        ("grant", "auditor", ("account", 1), "organization"), ("join", 1, 0), ("role", 0, ["audit:read"]),
        ("new role", ["audit:read"], ("group", 0), "site:one"), ("password", 1), ("reset", 1),
        ("nest", 2, 3), ("mark", "application:one", 2), ("give", "application:one", 1), ("rule", 1),
        ("withdraw", 0),  # the last: it may be the own role
    ):  # fmt: skip
        try:
            _do(town, action)
        except (Forbidden, NotFound, Invalid, Conflict) as error:
            refused.append((action, str(error)))

    assert refused == []
