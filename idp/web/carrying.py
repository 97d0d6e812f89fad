"""
The page whose form carries an answer to an application (SAML Bindings 2.0 section 3.5.4).

It is by far the page that is sent most. What is the same for everyone who opens an application is
rendered once by its template and kept; the three values that are not are escaped into their places.
"""

import base64
import re
from functools import lru_cache
from pathlib import Path

from flask import Response, render_template
from markupsafe import escape

from idp.directory.sites import SiteFacts
from idp.saml.answering import Answer
from idp.web import context
from idp.web.security import allow_form_action

_ACTION, _MESSAGE, _RELAY_STATE = "\x02action\x03", "\x02message\x03", "\x02relay-state\x03"
_MARKS = re.compile("\x02(?:action|message|relay-state)\x03")


def carried(answer: Answer, site: SiteFacts, *, signed_out: bool = False) -> Response:
    """Return the page that carries *answer* to the application, and nowhere else."""
    # Browsers hold the redirects behind a form to its form-action too, and many applications go on to another
    # host of theirs. So it is any host, of the kind that the address itself is: the form has one fixed action.
    allow_form_action(*(("https:",) if answer.answer_to.location.startswith("https:") else ("https:", "http:")))
    values = [escape(answer.answer_to.location), base64.b64encode(answer.xml.encode()).decode("ascii")]
    if answer.relay_state:
        values.append(escape(answer.relay_state))
    overlay = context.settings().paths.templates_overlay
    first, *others = _parts(overlay, site, answer.application_name, signed_out, bool(answer.relay_state))
    body = first + "".join(f"{value}{part}" for value, part in zip(values, others, strict=True))
    return Response(body, mimetype="text/html")


@lru_cache(maxsize=1024)
def _parts(
    overlay: Path | None, site: SiteFacts, application: str, signed_out: bool, with_relay_state: bool
) -> tuple[str, ...]:
    """Return what is around action, message and RelayState. The *overlay* of templates is part of the question."""
    text = render_template(
        "saml/post.html",
        site=site,
        application=application,
        signed_out=signed_out,
        action=_ACTION,
        message=_MESSAGE,
        relay_state=_RELAY_STATE if with_relay_state else "",
    )
    return tuple(_MARKS.split(text))
