"""How large a made-up installation is."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Scale:
    """
    How much there is of everything; ``share`` of it, in tenths, belongs to the large organization, which has so many sites.
    """

    organizations: int
    accounts: int
    applications: int
    entries: int
    attempts: int
    share: int = 6
    sites: int = 12


SCALES = {
    "tiny": Scale(3, 350, 20, 100, 100, sites=1),
    "small": Scale(10, 400, 80, 3_000, 3_000),
    "20k": Scale(100, 20_000, 2_000, 200_000, 200_000),
    "100k": Scale(1_000, 100_000, 10_000, 1_000_000, 1_000_000),
}
