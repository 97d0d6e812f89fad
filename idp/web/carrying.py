"""
The page whose form carries an answer to an application (SAML Bindings 2.0 section 3.5.4).

It is by far the page that is sent most. What is the same for everyone who opens an application and reads the same
language is rendered once by its template and kept; the three values that are not are escaped into their places.
"""

import base64
import re
from functools import lru_cache
from pathlib import Path

from flask import Response, render_template, request
from markupsafe import escape

from idp.directory.sites import SiteFacts
from idp.saml.answering import Answer
from idp.web import context, languages
from idp.web.security import allow_form_action

_ACTION, _MESSAGE, _RELAY_STATE = "\x02action\x03", "\x02message\x03", "\x02relay-state\x03"
_MARKS = re.compile("\x02(?:action|message|relay-state)\x03")
_MOST = 1024

Kind = tuple[Path | None, str, SiteFacts, str, bool, bool]
_kept: dict[Kind, tuple[bytes, ...]] = {}


def carried(answer: Answer, site: SiteFacts, *, signed_out: bool = False) -> Response:
    """Return the page that carries *answer* to the application, and nowhere else."""
    allow_form_action(*form_actions(answer))
    kind = kind_of(answer, site, context.settings().paths.templates_overlay, languages.current(), signed_out=signed_out)
    return Response(filled(answer, kept(kind) or rendered(kind)), mimetype="text/html")


def form_actions(answer: Answer) -> tuple[str, ...]:
    """
    Return where the form may lead (CSP ``form-action``).

    Browsers hold the redirects behind a form to its form-action too, and many applications go on to another
    host of theirs. So it is any host, of the kind that the address itself is: the form has one fixed action.
    """
    return ("https:",) if answer.answer_to.location.startswith("https:") else ("https:", "http:")


def kind_of(answer: Answer, site: SiteFacts, overlay: Path | None, language: str, *, signed_out: bool = False) -> Kind:
    """Return by what the page for *answer* differs from others, its three values aside."""
    return overlay, language, site, answer.application_name, signed_out, bool(answer.relay_state)


def kept(kind: Kind) -> tuple[bytes, ...] | None:
    """Return what is around action, message and RelayState in a page of that *kind*, if it was rendered before."""
    return _kept.get(kind)


def filled(answer: Answer, parts: tuple[bytes, ...]) -> bytes:
    """Return the page: *parts*, and between them the values of *answer*."""
    values = [_address(answer.answer_to.location), base64.b64encode(answer.xml.encode())]
    if answer.relay_state:
        values.append(escape(answer.relay_state).encode())
    body = [parts[0]]
    for value, part in zip(values, parts[1:], strict=True):
        body += (value, part)
    return b"".join(body)


@lru_cache(maxsize=_MOST)
def _address(location: str) -> bytes:
    return escape(location).encode()


def rendered(kind: Kind) -> tuple[bytes, ...]:
    """Render a page of that *kind*, in the language of this request, and keep what is around its values."""
    _, _, site, application, signed_out, with_relay_state = kind
    text = render_template(
        "saml/post.html",
        site=site,
        application=application,
        signed_out=signed_out,
        action=_ACTION,
        message=_MESSAGE,
        relay_state=_RELAY_STATE if with_relay_state else "",
    )
    parts = tuple(part.encode() for part in _MARKS.split(text))
    if not request.script_root:  # below a path that came with the request the addresses of our files are others
        if len(_kept) >= _MOST:
            _kept.pop(next(iter(_kept)), None)
        _kept[kind] = parts
    return parts
