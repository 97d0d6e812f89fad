"""Pages: the Jinja environment, and the only ways to answer with a page or to send on to another of ours."""

import hashlib
from functools import cache
from pathlib import Path
from typing import Any

from flask import Flask, Response, make_response, render_template, request, url_for
from flask import redirect as flask_redirect
from jinja2 import ChoiceLoader, FileSystemLoader, StrictUndefined

from idp import settings as settings_
from idp.audit.sentences import sentence
from idp.base.letters import templates_folder
from idp.web import context, security

_PACKAGE = Path(__file__).resolve().parent.parent
STATIC = _PACKAGE / "web" / "static"
LANGUAGE_COOKIE = "ostiary_language"


def install(app: Flask, settings: settings_.Settings) -> None:
    """Set up Jinja for *app*: strict, escaping everywhere, a deployment's overlay before ours."""
    folders = [templates_folder()]
    if settings.paths.templates_overlay is not None:
        folders.insert(0, settings.paths.templates_overlay)
    environment = app.jinja_env
    app.jinja_loader = ChoiceLoader([FileSystemLoader(folder) for folder in folders])
    environment.undefined = StrictUndefined
    environment.autoescape = True
    environment.add_extension("jinja2.ext.i18n")
    environment.trim_blocks = environment.lstrip_blocks = True
    environment.globals["csrf_token"] = security.csrf_token
    environment.globals["sends_mail"] = bool(settings.mail.smtp_url)
    environment.globals["static_url"] = static_url
    environment.globals["request_id"] = context.request_id
    environment.globals["sentence"] = sentence


@cache
def _digest(name: str) -> str:
    return hashlib.sha256((STATIC / name).read_bytes()).hexdigest()[:12]


def static_url(name: str) -> str:
    """Return the address of a file of ours that browsers may keep for ever: it changes with the file."""
    return _static_url(request.script_root, name)


@cache
def _static_url(_root: str, name: str) -> str:
    return url_for("static", filename=name, v=_digest(name))


def page(template: str, status: int = 200, **values: Any) -> Response:
    """Return a page made of *template* and *values*."""
    return make_response(render_template(template, **values), status)


def redirect(endpoint: str, **values: Any) -> Response:
    """Send the browser on to a route of ours, by name, with GET (303)."""
    return make_response(flask_redirect(url_for(endpoint, **values), 303))


def redirect_to_path(path: str) -> Response:
    """
    Send the browser on to a path of ours with GET (303).

    Raises:
        ValueError: it is no path of ours; a mistake in the program, never a person's doing.
    """
    if not path.startswith("/") or path.startswith("//") or "\\" in path:
        raise ValueError("not a path of ours")
    return make_response(flask_redirect(path, 303))
