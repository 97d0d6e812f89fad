"""Which facts of a request rules speak of, so that no others need be looked up. Pure."""

from idp.policy.access.rules import Mode, Rules

GROUPS, DEVICE, BEHAVIOURS = "groups", "device_known", "behaviours"
"""The facts that cost a query; named like the fields of `Context`."""


def mentioned(rules: Rules) -> frozenset[str]:
    """Return those of the three facts above that a rule which counts, or reports, turns on."""
    found: set[str] = set()
    for rule in (*rules.guards, *rules.rules):
        if rule.mode is Mode.OFF:
            continue
        conditions = rule.conditions
        if conditions.people.groups or conditions.people.except_groups:
            found.add(GROUPS)
        if conditions.devices.known is not None:
            found.add(DEVICE)
        if conditions.behaviours:
            found.add(BEHAVIOURS)
    return frozenset(found)
