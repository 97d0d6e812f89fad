"""A frozen dataclass that is made quickly is the same in all that can be seen of it."""

import copy
import pickle
from dataclasses import InitVar, asdict, dataclass, field, fields, is_dataclass, replace
from typing import ClassVar

import pytest

from idp.base.values import quickly_made


@dataclass(frozen=True, slots=True)
class Slow:
    """Three things."""

    kind: ClassVar[str] = "a kind"
    one: int
    two: str = "two"
    three: list[int] = field(default_factory=list)

    @property
    def twice(self) -> int:
        """Twice the first."""
        return self.one * 2

    def __str__(self) -> str:
        return f"{self.one} {self.two}"


@quickly_made
@dataclass(frozen=True, slots=True)
class Quick:
    """Three things."""

    kind: ClassVar[str] = "a kind"
    one: int
    two: str = "two"
    three: list[int] = field(default_factory=list)

    @property
    def twice(self) -> int:
        """Twice the first."""
        return self.one * 2

    def __str__(self) -> str:
        return f"{self.one} {self.two}"


@pytest.mark.parametrize(("given", "named"), [((1,), {}), ((1, "x"), {"three": [5]}), ((), {"one": 1, "three": [3]})])
def test_it_takes_what_the_slow_one_takes(given, named):
    quick, slow = Quick(*given, **named), Slow(*given, **named)

    assert asdict(quick) == asdict(slow)
    assert (str(quick), quick.twice, quick.kind) == (str(slow), slow.twice, slow.kind)


@pytest.mark.parametrize(("given", "named"), [((), {}), ((1, "x", [], 4), {}), ((1,), {"five": 5}), ((1,), {"one": 2})])
def test_it_refuses_what_the_slow_one_refuses(given, named):
    for kind in (Slow, Quick):
        with pytest.raises(TypeError):
            kind(*given, **named)


def test_it_is_frozen_once_it_is_made():
    made = Quick(1)

    for change in (lambda: setattr(made, "one", 2), lambda: delattr(made, "one"), lambda: setattr(made, "other", 2)):
        with pytest.raises(AttributeError):
            change()
    assert not hasattr(made, "__dict__")


def test_it_can_be_replaced_copied_compared_hashed_and_pickled():
    made = Quick(1, three=(3,))

    assert replace(made, two="x") == Quick(1, "x", (3,))
    assert made == copy.deepcopy(made) == pickle.loads(pickle.dumps(made)) != Quick(2)
    assert made != Slow(1, three=(3,))
    assert hash(made) == hash(Quick(1, three=(3,))) != hash(Quick(2, three=(3,)))
    assert repr(made) == "Quick(one=1, two='two', three=(3,))"


def test_it_says_of_itself_what_the_slow_one_says():
    assert is_dataclass(Quick)
    assert [(one.name, one.type) for one in fields(Quick)] == [(one.name, one.type) for one in fields(Slow)]
    assert (Quick.__module__, Quick.__qualname__, Quick.__doc__) == (__name__, "Quick", Slow.__doc__)
    assert Quick.__match_args__ == Slow.__match_args__


def test_it_can_be_matched_by_position_and_by_name():
    match Quick(1, "x"):
        case Quick(one, two="x"):
            assert one == 1
        case _:
            raise AssertionError


def test_every_one_has_a_list_of_its_own():
    assert Quick(1).three is not Quick(1).three


@dataclass(frozen=True, slots=True)
class More(Slow):
    more: int = 1


@dataclass(frozen=True)
class Open:
    one: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Named:
    one: int


@dataclass(frozen=True, slots=True)
class Checked:
    one: int

    def __post_init__(self) -> None:
        raise ValueError


@dataclass(frozen=True, slots=True)
class Secret:
    one: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Uncompared:
    one: int
    two: int = field(default=2, compare=False)


@dataclass(frozen=True, slots=True)
class Given:
    one: int
    two: int = field(default=2, init=False)


@dataclass(frozen=True, slots=True)
class Passing:
    one: int
    two: InitVar[int] = 2


@dataclass(frozen=True, slots=True)
class Shown:
    one: str

    def __repr__(self) -> str:
        return "Shown(***)"


@dataclass(frozen=True, slots=True)
class Alike:
    one: str

    def __eq__(self, other: object) -> bool:
        return True

    def __hash__(self) -> int:
        return 1


@dataclass(frozen=True, slots=True, eq=False)
class Itself:
    one: int


@dataclass(frozen=True, slots=True, order=True)
class Ordered:
    one: int


@dataclass(frozen=True, slots=True)
class Above:
    one: int

    def __str__(self) -> str:
        return super().__str__()


@dataclass(frozen=True, slots=True)
class Within:
    one: int

    @property
    def kind(self) -> type:
        return __class__


@pytest.mark.parametrize(
    "kind",
    [
        *(More, Open, Named, Checked, Secret, Uncompared, Given, Passing),
        *(Shown, Alike, Itself, Ordered, Above, Within),
    ],
)
def test_what_would_not_be_the_same_is_refused_where_it_is_written(kind):
    with pytest.raises(TypeError, match="quickly"):
        quickly_made(kind)
