"""How much work may be done to make what is sent of one person, all rules together. Pure."""

MOST_WORK = 100_000
"""Units; one is about a value that is looked at or made, and takes well under a microsecond."""

TOO_MUCH = "the expression would make too many or too long values, so it makes none"
NONE_LEFT = "the rules up to here are too much work together for one sign-on, so nothing is sent by this one"


class TooMuchError(Exception):
    """An evaluation went over one of its bounds; ``fault`` says so in words. Never leaves policy."""

    def __init__(self, fault: str = TOO_MUCH) -> None:
        super().__init__(fault)
        self.fault = fault


class Budget:
    """What is left of the work that one evaluation may do. Once it is used up, nothing more is done."""

    __slots__ = ("left",)

    def __init__(self) -> None:
        self.left = MOST_WORK

    def spend(self, units: int) -> None:
        """
        Raises:
            TooMuchError: there is not that much left, nor is there anything later.
        """
        self.left -= units
        if self.left < 0:
            raise TooMuchError(NONE_LEFT)

    def make(self, characters: int) -> None:
        """Pay for one value of so many characters."""
        self.left -= 1 + characters // 8
        if self.left < 0:
            raise TooMuchError(NONE_LEFT)

    def search(self, characters: int) -> None:
        """Pay for a search through so many characters, which may come to many comparisons for each."""
        self.spend(1 + characters // 4)
