"""/signin/<handle>/later: a person in grace sets up a second step at another sign-in."""

from flask import Blueprint, Response

from idp.base.errors import Conflict
from idp.signon import grace
from idp.web import signin
from idp.web.context import open_work
from idp.web.render import redirect
from idp.web.security import public

pages = Blueprint("signin_later", __name__, url_prefix="/signin")


@pages.get("/<handle>/later")
@public
def begin_again(handle: str) -> Response:
    """Whoever loads the address of the form anew is shown what comes next."""
    return redirect("signin.dispatch", handle=handle)


@pages.post("/<handle>/later")
@public
def later(handle: str) -> Response:
    """Put it off, as long as there is grace; then go on."""
    with open_work() as work:
        progress = signin.look(work, handle)
        if grace.put_off(work, progress):
            return signin.go_on(work, handle, progress)
    return redirect("signin.dispatch", handle=handle)


pages.register_error_handler(Conflict, signin.at_the_same_moment)
