"""`… rules show` and `… rules set` of organizations, sites and applications, and what an application is sent."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import click

from idp.base.errors import Invalid
from idp.base.work import Work
from idp.cli.application_lookup import find
from idp.cli.context import Group, open_work, tell
from idp.directory import policies, queries
from idp.directory.models import Application
from idp.policy.models import ReleasePolicy
from idp.policy.patterns import is_attribute_name
from idp.policy.release import Level, effective, why_never
from idp.policy.rules import Rule, described, rules_from_json
from idp.saml import providers

NOT_BY_RULES = "an OpenID Connect application receives claims by the scopes it asks for; rules are for SAML"

_LONGEST = 2 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class _Subject:
    """Whose rules they are, and by what its verbs call it; ``levels`` are all that bear on it, the widest first."""

    organization_id: str
    level: str
    id: str
    reference: str
    name: str
    levels: tuple[Level, ...]
    note: str = ""


_Find = Callable[[Work, str], _Subject]
_Set = Callable[..., ReleasePolicy]


def released_to(work: Work, application: Application) -> dict[str, Any]:
    """Return what may leave to an application, and which rules say what is sent to it."""
    levels = policies.release_levels(work, application.organization_id, application.site_id, application.id)
    return {
        "by_rules": application.protocol == providers.PROTOCOL,
        "attributes": {level.level: list(level.attributes) for level in levels if level.attributes is not None},
        "rules": [{"level": level, **rule.to_json()} for rule, level in effective(levels)],
    }


def words(of: dict[str, Any]) -> list[str]:
    """Return in lines what `released_to` says."""
    lines = [
        f"  {level + ' lets out':<22} {', '.join(names) or 'nothing'}" for level, names in of["attributes"].items()
    ]
    if not of["by_rules"]:
        return [*lines, f"  {NOT_BY_RULES}"]
    if not of["rules"]:
        return [*lines, "  no rule: what may leave is sent under its own name"]
    for one in of["rules"]:
        level = one["level"]
        rule = Rule.from_json({key: value for key, value in one.items() if key != "level"})
        lines += [f"  {rule.name}", f"    {described(rule)}, by the {level}"]
    return lines


def group(metavar: str, noun: str, find_: _Find, set_: _Set) -> Group:
    """Return the group of commands ``rules`` of what *noun* calls; *find_* finds it by what people call it."""

    @click.group("rules", cls=Group, help=f"What is sent under which names, as far as {noun} says.")
    def rules() -> None:
        pass

    @rules.command("show", help=f"Show the rules of {metavar}: its own, and those that count for it from wider levels.")
    @click.argument("reference", metavar=metavar)
    def show_(reference: str) -> None:
        with open_work() as work:
            of = find_(work, reference)
            value = _shown(work, of)
        tell(value, "\n".join(_lines(of, value)))

    @rules.command("set", help=_SET_HELP.format(metavar=metavar))
    @click.argument("reference", metavar=metavar)
    @_options
    def set_rules(reference: str, from_json: Any, if_version: int | None, **changes: Any) -> None:
        if from_json is not None and any(changes.values()):
            raise Invalid("A file takes the place of all rules: give nothing beside it.", field="from_json")
        if from_json is None and not any(changes.values()):
            raise Invalid("Say what to change: --from-json, --attribute, --constant, --remove or --clear.")
        with open_work() as work:
            of = find_(work, reference)
            wanted, version = _from_file(from_json) if from_json is not None else (_changed(work, of, **changes), None)
            set_(work, of.reference, wanted, if_version=version if if_version is None else if_version)
        with open_work() as work:  # what was remembered of the levels is forgotten with the commit
            again = find_(work, reference)
            value = _shown(work, again)
        tell(value, "\n".join([*_lines(again, value), *_notes(again, wanted)]))

    return rules


_SET_HELP = """Change the rules of {metavar}.

    With --from-json the rules of the file take the place of all; what `rules show --json` prints can be
    edited and given back, and is refused if somebody else has changed the rules in between. The other options
    add a rule, take the place of the one of that name, or remove it; the rest stays.
"""


def _options(command: Callable[..., Any]) -> Callable[..., Any]:
    for option in reversed(
        (
            click.option("--from-json", type=click.File("rb"), metavar="FILE", help="All rules, as JSON; - is stdin."),
            click.option(
                "--attribute",
                "attributes",
                multiple=True,
                metavar="NAME=SOURCE",
                help="Send SOURCE, an attribute or an expression, under NAME.",
            ),
            click.option("--constant", "constants", multiple=True, metavar="NAME=VALUE", help="Always send VALUE."),
            click.option("--remove", "removed", multiple=True, metavar="NAME", help="Remove the rule for NAME."),
            click.option("--clear", is_flag=True, help="Remove all rules of this level first."),
            click.option(
                "--if-version", type=int, metavar="N", help="Only if the version is still N (0: no rules yet)."
            ),
        )
    ):
        command = option(command)
    return command


def of_application() -> Group:
    """`idp application rules …`"""

    def find_(work: Work, reference: str) -> _Subject:
        found = find(work, reference)
        levels = policies.release_levels(work, found.organization_id, found.site_id, found.id)
        note = "" if found.protocol == providers.PROTOCOL else NOT_BY_RULES
        return _Subject(found.organization_id, "application", found.id, found.id, found.name, levels, note)

    return group("APP", "an application", find_, policies.set_application_rules)


def of_site() -> Group:
    """`idp site rules …`"""

    def find_(work: Work, reference: str) -> _Subject:
        found = queries.site(work, reference)
        levels = policies.release_levels(work, found.organization_id, found.id, "")
        return _Subject(found.organization_id, "site", found.id, found.slug, found.slug, levels)

    return group("SITE", "a site", find_, policies.set_site_rules)


def of_organization() -> Group:
    """`idp organization rules …`"""

    def find_(work: Work, reference: str) -> _Subject:
        found = queries.organization(work, reference)
        levels = policies.release_levels(work, found.id, "", "")
        return _Subject(found.id, "organization", found.id, found.slug, found.slug, levels)

    return group("ORG", "an organization", find_, policies.set_organization_rules)


def _shown(work: Work, of: _Subject) -> dict[str, Any]:
    policy = policies.release_policy(work, of.organization_id, of.level, of.id)
    return {
        "level": of.level,
        "name": of.name,
        "version": 0 if policy is None else policy.version,
        "rules": [] if policy is None else policy.rules,
        "wider": [{"level": level, **rule.to_json()} for rule, level in effective(of.levels) if level != of.level],
    }


def _lines(of: _Subject, value: dict[str, Any]) -> list[str]:
    count = len(value["rules"])
    lines = [f"{of.name}: {count} {'rule' if count == 1 else 'rules'} of its own (version {value['version']})"]
    lines += [f"  {rule.name}\n    {described(rule)}" for rule in rules_from_json(value["rules"])]
    for one in value["wider"]:
        rule = Rule.from_json({key: item for key, item in one.items() if key != "level"})
        lines.append(f"  {rule.name}\n    {described(rule)}, by the {one['level']}")
    if not value["rules"] and not value["wider"]:
        lines.append("  no rule at any level: what may leave is sent under its own name")
    return lines


def _notes(of: _Subject, rules: tuple[Rule, ...]) -> list[str]:
    if of.note:
        return [f"  note: {of.note}"]
    said = ((rule.name, why_never(rule, of.levels)) for rule in rules)
    return [f"  note: nothing is sent as {name} yet: {because}" for name, because in said if because]


def _from_file(file: Any) -> tuple[tuple[Rule, ...], int | None]:
    """Return the rules of a file, and the version that it was made from if it says so."""
    try:
        values = json.loads(file.read(_LONGEST))
    except (ValueError, RecursionError) as error:
        raise Invalid("The rules are not JSON.", field="from_json", cause=type(error).__name__) from error
    if not isinstance(values, dict):
        return rules_from_json(values), None
    version = values.get("version")
    return rules_from_json(values.get("rules")), version if isinstance(version, int) else None


def _changed(
    work: Work,
    of: _Subject,
    *,
    attributes: tuple[str, ...],
    constants: tuple[str, ...],
    removed: tuple[str, ...],
    clear: bool,
) -> tuple[Rule, ...]:
    policy = policies.release_policy(work, of.organization_id, of.level, of.id)
    rules = {} if clear or policy is None else {rule.name: rule for rule in rules_from_json(policy.rules)}
    for name in removed:
        if rules.pop(name, None) is None:
            raise Invalid(f"There is no rule for “{name[:120]}” here.", field="remove")
    for given in attributes:
        name, source = _pair(given)
        kind = "attribute" if is_attribute_name(source) else "expression"
        rules[name] = Rule.from_json({"name": name, "source": kind, "value": source})
    for given in constants:
        name, value = _pair(given)
        rules[name] = Rule.from_json({"name": name, "source": "constant", "value": value})
    return tuple(rules.values())


def _pair(given: str) -> tuple[str, str]:
    name, sign, value = given.partition("=")
    if not sign or not name or not value:
        raise Invalid(f"“{given[:120]}” is no NAME=SOURCE.", advice="Write it like mail=email.", field="rules")
    return name, value
