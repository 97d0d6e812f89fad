"""
A new password: its score while it is typed, and the page that asks for one in a sign-on.

What is typed is judged and forgotten: it is in no log, no cache and no row.
"""

from collections import OrderedDict
from threading import Lock
from typing import Any

from flask import Blueprint, Response, jsonify, request

from idp.base import clock
from idp.base.work import Work
from idp.signon import lockout, own_account, proving
from idp.signon.factors import password as password_
from idp.signon.factors.password import Judgement
from idp.signon.flow import ChangePassword
from idp.signon.progress import Progress
from idp.web import context, signin, signin_pages, ways
from idp.web.context import open_work
from idp.web.render import redirect
from idp.web.security import public, signed_in

pages = Blueprint("new_password", __name__, url_prefix="/account/password")

LABELS = ("Very weak.", "Weak.", "Fair.", "Strong.", "Very strong.")
_MOST_PER_MINUTE = 120
_MOST_KEPT = 4096


class _Pace:
    """How often each network asks this process: who types fast stays far below it."""

    def __init__(self) -> None:
        self._asked: OrderedDict[str, tuple[int, int]] = OrderedDict()
        self._lock = Lock()

    def is_too_fast(self, who: str) -> bool:
        minute = int(clock.monotonic() // 60)
        with self._lock:
            seen, count = self._asked.get(who, (minute, 0))
            count = count + 1 if seen == minute else 1
            self._asked[who] = (minute, count)
            self._asked.move_to_end(who)
            while len(self._asked) > _MOST_KEPT:
                self._asked.popitem(last=False)
        return count > _MOST_PER_MINUTE


_pace = _Pace()


def too_fast() -> Response | None:
    """Return the answer to a browser that asks too often for a score, None while it may; ask before any work."""
    if not _pace.is_too_fast(f"{lockout.network_of(context.client_ip())} {context.known_browser() or ''}"):
        return None
    response = jsonify()
    response.status_code = 429
    response.headers["Retry-After"] = "60"
    return response


def typed() -> str:
    """Return what is in the field for the new password."""
    return request.form.get("new_password", "")


def judged(judgement: Judgement) -> Response:
    """Return as JSON what is said of a password while it is typed: ``score`` (0 to 4), ``label``, ``reasons``."""
    return jsonify(score=judgement.score, label=LABELS[judgement.score], reasons=list(judgement.reasons))


@pages.post("/score")
@signed_in
def score() -> Response:
    """Judge what a person types as their new password."""
    refused = too_fast()
    if refused is not None:
        return refused
    with open_work() as work:
        session = context.current_session(work)
        if session is None:
            return redirect("account.index")
        judgement = own_account.judge_password(work, session, typed())
    return judged(judgement)


@signin.pages.get("/<handle>/new-password")
@public
def new_password_again(handle: str) -> Response:
    """Whoever loads the address of the form anew is shown what comes next."""
    return redirect("signin.dispatch", handle=handle)


@signin.pages.post("/<handle>/new-password/score")
@public
def new_password_score(handle: str) -> Response:
    """Judge what is typed as the new password that is due in this sign-on."""
    refused = too_fast()
    if refused is not None:
        return refused
    with open_work() as work:
        progress = signin.look(work, handle)
        if not isinstance(progress.step, ChangePassword):
            return redirect("signin.dispatch", handle=handle)
        judgement = proving.judge_password(work, progress, typed())
    return judged(judgement)


@signin.pages.post("/<handle>/new-password")
@public
def new_password(handle: str) -> Response:
    """Take the new password that is due; then the sign-on goes on. Hashes are computed between two transactions."""
    with open_work() as work:
        progress = signin.look(work, handle)
        if not isinstance(progress.step, ChangePassword):
            return redirect("signin.dispatch", handle=handle)
        proposed = proving.propose_password(work, progress, typed())
        if isinstance(proposed, password_.Unfit):
            return _page(work, handle, progress, proposed.reasons, 422)
    new = password_.computed(context.installation().database.vault, proposed)
    with open_work() as work:
        progress = signin.look(work, handle)
        if not isinstance(progress.step, ChangePassword):
            return redirect("signin.dispatch", handle=handle)
        if isinstance(new, password_.Unfit):
            return _page(work, handle, progress, new.reasons, 422)
        proving.change_password(work, progress, new)
    with open_work() as work:  # anew, since the session that this browser had is over, if it had one
        return signin.go_on(work, handle, signin.look(work, handle))


def _page(
    work: Work, handle: str, progress: Progress, reasons: tuple[str, ...] = (), status: int = 200, **values: Any
) -> Response:
    return signin_pages.step_page(
        work,
        handle,
        progress,
        "signin/new_password.html",
        status,
        email=proving.email_of(work, progress),
        why=progress.step.why if isinstance(progress.step, ChangePassword) else "",
        minimum=progress.policy.password_rules.minimum,
        reasons=reasons,
        **values,
    )


ways.register_new_password(_page)
