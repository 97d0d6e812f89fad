"""The home page of the console."""

from flask import Blueprint, Response

from idp.base.work import Work
from idp.web.console.desk import Desk, at_desk, console_page
from idp.web.security import administrator

pages = Blueprint("console", __name__, url_prefix="/admin")


@pages.get("")
@administrator
@at_desk
def home(work: Work, desk: Desk) -> Response:
    """Show what needs attention."""
    return console_page(work, desk, "console/home.html", place="home")
