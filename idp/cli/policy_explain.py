"""`idp policy explain`: what would be asked of a sign-on that has not happened, and why."""

from dataclasses import replace
from typing import Any

import click

from idp.base.work import Work
from idp.cli import supposing
from idp.cli.application_lookup import find
from idp.cli.context import Command, open_work, tell
from idp.cli.show import instant
from idp.directory import queries
from idp.directory.models import Application
from idp.policy.access import words
from idp.policy.access.context import RequestKind
from idp.policy.access.outcome import Denied
from idp.policy.signon import Decision
from idp.signon import what_if_words
from idp.signon.what_if import Asked, WhatIf, what_if


@click.command(cls=Command)
@click.option("--account", default="", metavar="EMAIL", help="Who signs in; left out for requests without a person.")
@click.option("--application", metavar="APP", help="Name, our id, entity ID or client_id; left out: our own pages.")
@click.option("--organization", default="", metavar="ORG", help="Where several have an account of that address.")
@click.option("--ip", required=True, metavar="IP", help="The address that the request comes from.")
@supposing.options
@click.option(
    "--request", type=click.Choice([one.value for one in RequestKind]),
    help="What kind of request (default: what the application speaks).",
)  # fmt: skip
def explain(
    account: str, application: str | None, organization: str, ip: str, request: str | None, **asked: Any
) -> None:
    """Say what would be asked of a sign-on, and why: every rule, with whether it matches or why not."""
    with open_work() as work:
        supposed = replace(
            supposing.read(work.now, ip, asked),
            organization=organization,
            account=account,
            application_id="" if application is None else _application(work, application).id,
            request=None if request is None else RequestKind(request),
        )
        found = what_if(work, supposed)
    tell(_value(found), "\n".join(_lines(found)))


def _application(work: Work, reference: str) -> Application:
    """Rules speak of applications by name: so may whoever asks what they do."""
    named = [one for one in queries.applications(work) if one.name == reference]
    return named[0] if len(named) == 1 else find(work, reference)


def _lines(found: WhatIf) -> list[str]:
    context = found.context
    who = (
        f"{found.person} ({context.kind}, in {', '.join(found.groups) or 'no group'})" if found.person else "no person"
    )
    to = found.application or "our own pages"
    where = ", ".join(
        part for part in (context.city, context.country, f"AS{context.asn}" if context.asn else "") if part
    )
    lines = [
        f"{who} → {to} ({context.request}), {context.at:%A %Y-%m-%d %H:%M} UTC, from {context.ip}"
        f"{f' ({where})' if where else ''}",
        f"  block list: {f'the address is in {found.blocked_by}' if found.blocked_by else 'the address is in no zone of it'}",
    ]
    if found.disabled:
        lines.append("  account: disabled")
    if found.may_open is not None:
        lines.append(f"  access: {'an access grant holds' if found.may_open else 'no access grant holds'}")
    if found.own is not None:
        lines.append(f"  authentication policy {found.authentication_policy}: {words.demand(found.own)}")
    if not found.access:
        lines.append("  access policies: none is asked of a break-glass account")
    for one in found.access:
        lines += _policy_lines(one)
    if found.together is not None:
        lines.append(f"  together: {words.demand(found.together)} ({found.together.rule})")
    lines.append(f"  outcome: {what_if_words.end(found)}")
    return lines


def _policy_lines(one: Asked) -> list[str]:
    said = one.evaluation
    lines = [f"  access policy {one.name} (version {one.version}): {words.outcome(said.outcome)}"]
    return lines + [f"    {what_if_words.step(step, decides=step.rule_id == said.rule_id)}" for step in said.trace]


def _value(found: WhatIf) -> dict[str, Any]:
    context = found.context
    return {
        "at": instant(context.at),
        "account": found.person or None,
        "kind": None if context.kind is None else context.kind.value,
        "groups": list(found.groups),
        "application": found.application or None,
        "request": context.request.value,
        "ip": context.ip,
        "blocked_by": found.blocked_by,
        "disabled": found.disabled,
        "access_grant": found.may_open,
        "authentication_policy": {"name": found.authentication_policy, "requires": _demand(found.own)},
        "access_policies": [
            {
                "kind": one.kind,
                "name": one.name,
                "version": one.version,
                "outcome": words.outcome(one.evaluation.outcome),
                "denied": isinstance(one.evaluation.outcome, Denied),
                "rule_id": one.evaluation.rule_id,
                "trace": [
                    {
                        "rule_id": step.rule_id,
                        "rule": step.rule,
                        "kind": step.kind,
                        "mode": step.mode.value,
                        "matched": step.matched,
                        "why": step.why,
                    }
                    for step in one.evaluation.trace
                ],
                "report_only": [
                    {"rule_id": said.rule_id, "rule": said.rule, "outcome": words.outcome(said.outcome)}
                    for said in one.evaluation.report
                ],
            }
            for one in found.access
        ],
        "requires": _demand(found.together),
        "outcome": what_if_words.end(found),
    }


def _demand(of: Decision | None) -> dict[str, Any] | None:
    if of is None:
        return None
    return {
        "strength": of.required.name.lower().replace("_", "-"),
        "any_of": [sorted(method.value for method in methods) for methods in of.any_of],
        "within_seconds": None if of.within is None else int(of.within.total_seconds()),
        "weak_suffices": of.weak_suffices,
        "rule": of.rule,
        "words": words.demand(of),
    }
