"""A logo that a form of the console has sent."""

from flask import request

from idp.directory import pictures
from idp.directory.pictures import Drawn


def sent() -> Drawn | None:
    """
    Return the picture in ``logo``, made anew; None where the form says to take the logo away (``remove``).

    Its name and type, as the browser tells them, count for nothing.

    Raises:
        Invalid: there is none, or it is no picture that can be used.
    """
    if "remove" in request.form:
        return None
    file = request.files.get("logo")
    return pictures.draw(b"" if file is None else file.read())
