"""`idp attempt …`: what a reference on an error page stands for."""

from datetime import UTC, datetime
from typing import Any

import click

from idp.cli import show
from idp.cli.context import Group, open_work, settings, tell, tell_all
from idp.cli.findings import in_words
from idp.directory import history
from idp.oidc.checking import examination as of_clients
from idp.policy.access.evaluate import CATCH_ALL
from idp.saml.doctor import examination as of_providers
from idp.signon.story import Chapter, story

_TOLD_APART = ("step", "state", "code", "cause", "words")  # words: the cause, for readers of other languages


@click.group(cls=Group)
def attempt() -> None:
    """Attempts: how sign-ins, sign-ons and token requests went, step by step."""


@attempt.command("show")
@click.argument("reference")
def show_(reference: str) -> None:
    """Show the attempt REFERENCE, as an error page names it, and, of a failed one, why it failed and who changes what."""
    of = settings()
    loopback = of.development.allow_http_loopback_applications
    with open_work() as work:
        kept = history.attempt(work, reference)
        findings = tuple(
            finding
            for look in (of_providers.of_attempt, of_clients.of_attempt)
            for finding in look(work, kept, base_url=of.base_url, http_loopback=loopback)
        )
        found = {**show.attempt(kept), "access": [_chapter(one) for one in story(work, kept)]}
    lines = _page(found)
    if findings:
        lines += ["", *in_words(findings)]
    tell({**found, "findings": [finding.to_json() for finding in findings]}, "\n".join(lines))


@attempt.command("list")
@click.option("--limit", default=20, type=click.IntRange(1, 1000), show_default=True, help="At most so many.")
@click.option("--refused", is_flag=True, help="Only those that were refused.")
@click.option("--before", type=click.DateTime(["%Y-%m-%dT%H:%M:%SZ"]), help="Only older ones (UTC).")
def list_(limit: int, refused: bool, before: datetime | None) -> None:
    """List attempts, the newest first."""
    with open_work() as work:
        found = [show.attempt(one) for one in history.attempts(work, before=_utc(before), refused=refused, limit=limit)]
    tell_all(
        found,
        lambda one: f"{one['at'][:19]}Z  {one['id']}  {one['kind']:<14} {one['outcome']:<9} {one['code'] or ''}",
        none="There is no attempt yet.",
    )


def _page(of: dict[str, Any]) -> list[str]:
    lines = [f"{of['id']}  {of['kind']}  {of['outcome']}", f"  at           {of['at']}", f"  from         {of['ip']}"]
    for label, name in (
        ("code", "code"),
        ("cause", "cause"),
        ("application", "application_id"),
        ("account", "account_id"),
    ):
        if of[name]:
            lines.append(f"  {label:<12} {of[name]}")
    if of["rule"]:
        lines.append(f"  {'rule':<12} {of['rule']} (authentication policy version {of['policy_version']})")
    lines += _story(of["access"])
    lines.append("  steps")
    for step in of["steps"]:
        facts = ", ".join(f"{name}={value}" for name, value in step.items() if name not in _TOLD_APART)
        mark = "ok " if step["state"] == "passed" else "NO "  # steps of earlier releases may lack a code
        lines.append(f"    {mark} {step['step']}" + (f"  ({facts})" if facts else ""))
        if step["state"] == "failed":
            lines.append(f"         {': '.join(said for name in ('code', 'cause') if (said := step.get(name)))}")
    return lines


def _chapter(of: Chapter) -> dict[str, Any]:
    trace = [
        {"rule": step.rule, "kind": step.kind, "mode": step.mode.value, "matched": step.matched, "why": step.why}
        for step in of.trace
    ]
    return {"policy": of.policy, "version": of.version, "rule": of.rule, "outcome": of.outcome or None, "trace": trace}


def _story(chapters: list[dict[str, Any]]) -> list[str]:
    lines = []
    for of in chapters:
        what = f"{of['outcome']} by " if of["outcome"] else ""
        lines.append(f"  access       {of['policy']} (version {of['version']}): {what}“{of['rule']}”")
        for step in of["trace"]:
            mark = {True: "yes", False: "no ", None: "?  "}[step["matched"]]
            mode = "" if step["mode"] == "on" else f" [{step['mode']}]"
            name = "" if step["kind"] == CATCH_ALL else f" “{step['rule']}”"
            lines.append(f"    {mark} {step['kind']}{name}{mode}: {step['why']}")
    return lines


def _utc(value: datetime | None) -> datetime | None:
    return None if value is None else value.replace(tzinfo=UTC)
