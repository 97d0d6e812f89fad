"""
How a page of the console is opened and shown.

A view is ``@pages.get(…) @administrator @at_desk def view(work, desk, …)``: it gets the unit of work of whoever
administers, with their roles, and the `Desk`. What it answers with is `console_page`. A form's view says which page
to show again when something in it cannot be taken: ``@at_desk(again=edit)``; nothing is written then, and what was
typed is still there. What is dangerous carries ``@fresh`` below ``@at_desk``: it asks for a second step first. What
is to be confirmed first raises `Unconfirmed` when it was done: it is taken back, and a page says what it comes to.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import wraps
from typing import Any, overload

from flask import Response, g, request

from idp.base.errors import ChangedMeanwhile, Conflict, Invalid
from idp.base.work import Actor, Work
from idp.directory import organizations
from idp.directory.organizations import OrganizationFacts
from idp.policy.permissions import Permission, allows, reach
from idp.signon import own_account
from idp.signon.session import CurrentSession
from idp.web import context, errors, own_pages
from idp.web.console import entrance, nav, told
from idp.web.render import page
from idp.web.render import redirect as redirect_

View = Callable[..., Response]


@dataclass(frozen=True, slots=True)
class Desk:
    """Whose organization is administered, by whom."""

    organization: OrganizationFacts
    session: CurrentSession
    actor: Actor

    def may(
        self, permission: Permission | str, *, site_id: str | None = None, application_id: str | None = None
    ) -> bool:
        """Say whether to offer what needs *permission* (the verb decides)."""
        wanted = Permission(permission)
        return allows(self.actor, wanted, self.organization.id, site_id=site_id, application_id=application_id)

    def may_anywhere(self, permission: Permission | str) -> bool:
        """Say whether to offer what needs *permission* somewhere: in the organization, at a site, for an application."""
        where = reach(self.actor, Permission(permission))
        inside = {*where.organizations, *(one for one, _ in (*where.sites, *where.applications))}
        return where.everywhere or self.organization.id in inside


class Unconfirmed(Exception):
    """What was done is taken back, since nobody has said yes to it yet; *page* is shown, which asks."""

    def __init__(self, page: View) -> None:
        super().__init__("not confirmed yet")
        self.page = page


@overload
def at_desk(view: View, /) -> View: ...
@overload
def at_desk(*, again: View) -> Callable[[View], View]: ...


def at_desk(view: View | None = None, /, *, again: View | None = None) -> View | Callable[[View], View]:
    """
    Open the unit of work of the view, as whoever administers.

    Args:
        again: the page to show, with status 422 or 409, when what was sent cannot be taken; all is rolled back.
    """
    if view is None:
        return lambda inner: _opened(inner, again)
    return _opened(view, again)


def _opened(view: View, again: View | None) -> View:
    @wraps(view)
    def opened(**values: Any) -> Response:
        try:
            return _run(view, values)
        except Unconfirmed as asked:
            return _run(asked.page, {})
        except ChangedMeanwhile as error:
            g.changed = error.target_id
            return _run(_changed, values)
        except (Invalid, Conflict) as error:
            if again is None:
                raise
            g.problem = error
            return _run(again.bare, values)  # type: ignore[attr-defined]  # every view at a desk has one

    opened.bare = view  # type: ignore[attr-defined]
    return opened


def _run(view: View, values: dict[str, Any]) -> Response:
    with context.open_work() as work:
        work.tx.plan_for_values()
        session = context.current_session(work)
        if session is None:  # it ended between the guard and here
            return redirect_(entrance.HOME)
        actor = replace(work.actor, roles=entrance.roles_of(work, session))
        organization = organizations.by_id(work, session.organization_id)
        return view(replace(work, actor=actor), Desk(organization, session, actor), **values)


def fresh(view: View) -> View:
    """Ask for a second step first, where none was proven within five minutes; then come back to this page."""

    @wraps(view)
    def proven(work: Work, desk: Desk, **values: Any) -> Response:
        if own_account.recently_proven(work, desk.session):
            return view(work, desk, **values)
        endpoint, wanted = entrance.wanted_page()
        return own_pages.prove_again(work, desk.session, endpoint, wanted)

    return proven


def console_page(work: Work, desk: Desk, template: str, *, place: str, status: int = 200, **values: Any) -> Response:
    """
    Answer with a page of the console.

    Args:
        place: which entry of the navigation it belongs to (`nav`).
        values: what the template takes; beside them it knows ``desk``, ``problem`` (why the form could not be taken,
            or None) and ``typed`` (what was in it).
    """
    problem = g.get("problem")
    answer = page(
        template,
        errors.status_of(problem) if problem is not None else status,
        organization_name=desk.organization.name,
        desk=desk,
        place=place,
        sections=nav.sections(desk.actor, desk.organization.id),
        told=told.read(desk.session),
        problem=problem,
        typed=request.form if problem is not None else {},
        now=work.now,
        **values,
    )
    return told.forget(answer) if told.is_there() else answer


def done(work: Work, desk: Desk, words: str, endpoint: str, **values: Any) -> Response:
    """Send the browser on (303) to a page that says *words*: what has happened."""
    return told.tell(redirect_(endpoint, **values), desk.session, words, work.now)


def _changed(work: Work, desk: Desk, **_: Any) -> Response:
    """Show what somebody else has changed, and what was typed: neither of it is lost."""
    opened_at = request.form.get("opened_at", "")
    return console_page(
        work,
        desk,
        "console/changed.html",
        place="",
        status=409,
        entries=told.since(work, desk.organization.id, g.changed, opened_at),
        sent=[(name, value) for name, value in request.form.items(multi=True) if name not in _HIDDEN and value],
        back=entrance.page_of_form(),
    )


_HIDDEN = frozenset(
    {"csrf_token", "version", "opened_at", "form", "carried", "confirmed", "digest", "password", "secret"}
)
