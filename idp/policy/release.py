"""Attribute release: which attributes may leave. Nothing leaves that no policy names."""

from collections.abc import Collection, Mapping, Sequence

DEFAULT_RELEASE = ("email", "name", "groups")


def released(
    attributes: Mapping[str, Sequence[str]], levels: Sequence[Collection[str] | None]
) -> dict[str, tuple[str, ...]]:
    """
    Return what of *attributes* may leave.

    *levels* are the policies of organization, site and application, None where a level has
    none. An attribute leaves where every policy that exists names it; without any policy
    nothing leaves.
    """
    stated = [level for level in levels if level is not None]
    if not stated:
        return {}
    return {
        name: tuple(values) for name, values in attributes.items() if values and all(name in level for level in stated)
    }
