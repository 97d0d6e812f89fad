"""What people read and see of it: its name, its logo, its pages (RFC 7591 section 5)."""

import re
import unicodedata

from idp.audit.findings import Kind, Severity
from idp.base.texts import phrase
from idp.oidc.checking.acts import amend
from idp.oidc.checking.commands import change
from idp.oidc.checking.subjects import Findings, Registration, host

IMITATES = Kind(
    "name-imitates",
    Severity.WARNING,
    "a name that reads like another's",
    "People agree to what they read: they take it for the other one.",
    clause="RFC 7591 section 5",
)
LOGO = Kind(
    "logo-elsewhere",
    Severity.WARNING,
    "a logo at another host than the application's",
    "Whoever controls that host can change the picture that people trust, and see who looks at it.",
    fixes="leaves the logo out",
    clause="RFC 7591 section 5",
)
KINDS = (IMITATES, LOGO)

_LOOK_ALIKE = str.maketrans("01i|5$3@4", "olllsseaa")
# Letters of other alphabets that are drawn as Latin ones.
_CYRILLIC = str.maketrans(
    "\u0430\u0435\u043e\u0440\u0441\u0443\u0445\u0456\u0455\u0458\u043a\u043c\u0442", "aeopcyxlsjkmt"
)
_GREEK = str.maketrans("\u03b1\u03bf\u03c1\u03c5\u03c7\u03bd\u03ba\u03b9", "aopuxvkl")


def check_registration(registration: Registration) -> Findings:
    """Could somebody take it for another?"""
    registered, here = registration.registered, registration.here
    for other in registered.same_name:
        yield IMITATES.found(
            phrase(
                "%(name)s reads like %(other)s (%(application_id)s)",
                name=registered.name,
                other=other.name,
                application_id=other.application_id,
            ),
            here=change(registered, "give it a name that tells the two apart"),
        )
    own = skeleton(registered.name)
    for name in dict.fromkeys((here.organization, here.site_name)):
        if own and own == skeleton(name) and not registered.first_party:
            yield IMITATES.found(
                phrase("%(name)s reads like %(other)s, which is what we are called", name=registered.name, other=name),
                here=change(registered, "give it a name of its own"),
            )
    logo = registered.text("logo_uri")
    if logo and registered.hosts and host(logo) not in registered.hosts:
        yield LOGO.found(
            phrase("logo_uri %(logo)s; redirect URIs are at %(hosts)s", logo=logo, hosts=", ".join(registered.hosts)),
            here=change(registered, "leave it out, or take one at the application's own host"),
            fix=amend("leaves logo_uri out", logo_uri=None),
        )


def skeleton(name: str) -> str:
    """Return what is left of *name* for an eye that does not look closely: letters, without case, accents, alphabets."""
    folded = (
        unicodedata.normalize("NFKD", name).casefold().translate(_CYRILLIC).translate(_GREEK).translate(_LOOK_ALIKE)
    )
    return re.sub(r"[\W_]+", "", folded)
