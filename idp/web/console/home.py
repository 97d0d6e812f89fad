"""The home page of the console: what needs attention, and how the last thirty days were."""

from dataclasses import dataclass

from flask import Blueprint, Response, url_for

from idp.base.work import Work
from idp.directory import application_names, attention, daily_counts
from idp.oidc.api_tokens import administered as api_tokens
from idp.policy.permissions import Permission
from idp.provisioning.targets import lists as provisioning_targets
from idp.saml import attention as provider_attention
from idp.signon import coverage, insights
from idp.web import context
from idp.web.console import charts
from idp.web.console.desk import Desk, at_desk, console_page
from idp.web.security import administrator

pages = Blueprint("console", __name__, url_prefix="/admin")

_PLACES = {
    "domains": "console_domains.index",
    "access-requests": "console_requests.index",
    "join-requests": "console_joining.index",
    "held-rules": "console_groups.index",
    "trials": "console_access.index",
    "report-only": "console_access.index",
    "keys": "console_keys.index",
    "keys-standing": "console_keys.index",
    "provisioning": "console_provisioning.index",
    "provisioning-tokens": "console_provisioning.index",
    "runs": "console_runs.index",
    "provisioning-failing": "console_provisioning_targets.index",
    "provisioning-held": "console_provisioning_targets.index",
}
_SHOWN = 10


@dataclass(frozen=True, slots=True)
class Item:
    """Something that wants somebody, and where to see to it (empty: nowhere here)."""

    what: str
    count: int
    names: tuple[str, ...]
    address: str


@pages.get("")
@administrator
@at_desk
def home(work: Work, desk: Desk) -> Response:
    """Show what needs attention, and charts of what was counted by day."""
    items = [
        Item(one.what, one.count, one.names, _address(_PLACES.get(one.what, "")))
        for one in attention.wanted(work, desk.organization.id)
    ]
    items += [
        Item(f"provisioning-{one.what}", one.count, one.names, _address(_PLACES[f"provisioning-{one.what}"]))
        for one in provisioning_targets.wanted(work, desk.organization.id)
    ]
    tokens = api_tokens.ending(work, desk.organization.id)
    if tokens:
        items.append(Item("api-tokens-ending", tokens, (), url_for("console_tokens.index", which=api_tokens.ENDING)))
    sees_people = desk.may(Permission.ACCOUNT_READ)
    people = coverage.second_step(work, desk.organization.id) if sees_people else None
    # The list is of those who read the log, too: whoever may not sees the number alone.
    listed = sees_people and desk.may(Permission.AUDIT_READ)
    without = url_for("console_insights.people", which=insights.WITHOUT) if listed else ""
    if people is not None and people[0] > people[1]:
        items.append(Item("no-second-step", people[0] - people[1], (), without))
    steps = coverage.by_day(work, desk.organization.id) if sees_people else []
    counted = desk.may(Permission.AUDIT_READ)
    days = daily_counts.sign_ons(work, desk.organization.id) if counted else []
    opened = _opened(work, desk) if counted else []
    return console_page(
        work,
        desk,
        "console/home.html",
        place="home",
        items=items,
        providers=_providers(work, desk),
        people=people,
        without=without,
        step_rows=[(day.day.isoformat(), day.having, day.lacking) for day in steps],
        step_chart=charts.bars([(day.having, day.lacking) for day in steps], ("good", "bad")),
        days=days,
        day_rows=[(day.day.isoformat(), day.succeeded, day.refused) for day in days],
        chart=charts.bars([(day.succeeded, day.refused) for day in days], ("good", "bad")),
        opened=opened,
        opened_chart=charts.bars([(count,) for _id, _name, count in opened], ("good",)),
        application_page=_there("console_applications.show"),
    )


def _providers(work: Work, desk: Desk) -> list[provider_attention.Attention]:
    """Return service providers that want somebody, of this organization, where the actor reads any of its applications."""
    found = provider_attention.wanted(work, desk.organization.id)
    return found[:_SHOWN]


def _opened(work: Work, desk: Desk) -> list[tuple[str, str, int]]:
    """Return id, name and count of the applications that were opened most, as far as the actor may see them."""
    most = daily_counts.most_opened(work, desk.organization.id)
    names = application_names.named(work, desk.organization.id, [application_id for application_id, _ in most])
    return [(application_id, names[application_id], count) for application_id, count in most if application_id in names]


def _address(endpoint: str) -> str:
    return url_for(endpoint) if endpoint and _there(endpoint) else ""


def _there(endpoint: str) -> bool:
    return context.view_of(endpoint) is not None
