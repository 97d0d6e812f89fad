"""What a site asks of its applications: who may register clients, PKCE, request objects, and how its metadata is told."""

from collections.abc import Callable, Mapping
from typing import Any

from flask import Blueprint, Response, request, url_for

from idp.base.errors import Invalid
from idp.base.work import Work
from idp.directory import queries, sites
from idp.directory.models import Site
from idp.directory.rights import require_on
from idp.oidc import weakening
from idp.oidc.weakening import Weakened
from idp.policy.permissions import Permission
from idp.web.console import confirming, lists, registration_tokens, seen
from idp.web.console.desk import Desk, at_desk, console_page, done
from idp.web.languages import gettext as _
from idp.web.languages import ngettext
from idp.web.security import administrator

pages = Blueprint("console_site_protocols", __name__, url_prefix="/admin/sites/<slug>/protocols")

_PLACE = "sites"
_CHOSEN = ("client_registration", "metadata_valid_days", "logo_url", "logo_width", "logo_height")
_TICKED = (
    *("registered_open", "registered_legacy", "pkce", "request_objects", "token_endpoint_assertions"),
    "sign_metadata",
)

_SAID: Mapping[str, Callable[[], str]] = {
    "client_registration": lambda: _(
        "Whoever reaches this site can register a client at it, without a token from you: a stranger can put an "
        "application of any name before your people."
    ),
    "registered_clients_open_to_everyone": lambda: _(
        "Everyone of the organization may open clients that register themselves, before you have looked at them."
    ),
    "registered_clients_may_be_legacy": lambda: _(
        "Clients that register themselves may have tokens put into addresses, where histories and logs keep them."
    ),
    "pkce_for_public_clients_only": lambda: _(
        "Clients that have a secret may leave PKCE out: a stolen code is then protected by that secret alone."
    ),
    "assertions_for_token_endpoint": lambda: _(
        "Client assertions for the token endpoint are taken, too: a provider that lies about its endpoints can "
        "then get one that is good here."
    ),
    "sign_metadata": lambda: _(
        "SAML metadata is signed only for those who ask for it: whoever else reads it cannot tell by a signature "
        "that it is yours."
    ),
}
"""What each setting means once it is looser (`weakening.LOOSER`)."""


@pages.get("")
@administrator
@at_desk
def show(work: Work, desk: Desk, slug: str) -> Response:
    """Show what the site asks of its applications, and ask what is to be different."""
    site = _site(work, desk, slug)
    may_read = desk.may(Permission.APPLICATION_READ, site_id=site.id)
    return console_page(
        work,
        desk,
        "console/sites/protocols.html",
        place=_PLACE,
        subject=site,
        may_edit=desk.may(Permission.SITE_EDIT, site_id=site.id),
        may_make=desk.may(Permission.APPLICATION_CREATE, site_id=site.id),
        listed=registration_tokens.LIST.page(work, desk, site) if may_read else None,
    )


@pages.post("")
@administrator
@at_desk(again=show)
def save(work: Work, desk: Desk, slug: str) -> Response:
    """Change it; what loosens asks for a second step, and says first what it means."""
    site = _site(work, desk, slug)
    require_on(work, Permission.SITE_EDIT, site)
    seen.unchanged(site.id, site.version)
    asked = _asked()
    says = [
        f"{_SAID[name]()} {_weakens(weakened)}" for name, weakened in weakening.by_change(work, site, asked).items()
    ]
    if says:
        unproven = confirming.second_step(work, desk)
        if unproven is not None:
            return unproven
        if request.form.get("confirmed") != "yes":
            return _ask(work, desk, site, says)
    changed = sites.edit(work, site.slug, **asked, if_version=lists.version())
    return done(work, desk, _("Saved."), "console_site_protocols.show", slug=changed.slug)


def _ask(work: Work, desk: Desk, site: Site, says: list[str]) -> Response:
    question = confirming.Question(
        title=_("Loosen what %(name)s asks?", name=site.name),
        says=[*says, _("It counts at once.")],
        button=_("Loosen it"),
        action=url_for("console_site_protocols.save", slug=site.slug),
        back=(url_for("console_site_protocols.show", slug=site.slug), site.name),
        carried=[
            *((name, request.form[name]) for name in (*_CHOSEN, *_TICKED) if name in request.form),
            ("confirmed", "yes"),
        ],
        version=site.version,
        danger=True,
    )
    return confirming.ask(work, desk, question, place=_PLACE)


def _weakens(weakened: Weakened) -> str:
    """Return the sentence on which applications that are there a looser setting weakens."""
    if not weakened.count:
        return _("No application that is there now is weakened by it.")
    if not weakened.names:
        said = ngettext(
            "It weakens %(num)s application that is there now.",
            "It weakens %(num)s applications that are there now.",
            weakened.count,
        )
        return said % {"num": weakened.count}
    said = ngettext(
        "It weakens %(num)s application that is there now: %(names)s.",
        "It weakens %(num)s applications that are there now: %(names)s.",
        weakened.count,
    )
    further = " …" if weakened.count > len(weakened.names) else ""
    return said % {"num": weakened.count, "names": f"{', '.join(weakened.names)}{further}"}


def _asked() -> dict[str, Any]:
    """
    Return what the form says, as `sites.edit` takes it: what it has no field for stays, a box that is not ticked is off.

    Raises:
        Invalid: a number is none.
    """
    form, on = request.form, {name: name in request.form for name in _TICKED}
    days = lists.number("metadata_valid_days")
    logo_url = form["logo_url"].strip() if "logo_url" in form else None
    size = (lists.number("logo_width"), lists.number("logo_height"))
    if logo_url and None in size:
        raise Invalid("A logo is announced with its size.", field="logo_width", advice="Say both sides in pixels.")
    return {
        "client_registration": form.get("client_registration"),
        "registered_clients_open_to_everyone": on["registered_open"],
        "registered_clients_may_be_legacy": on["registered_legacy"],
        "pkce_for_public_clients_only": not on["pkce"],
        "fetch_request_objects": on["request_objects"],
        "assertions_for_token_endpoint": on["token_endpoint_assertions"],
        "sign_metadata": on["sign_metadata"],
        "metadata_valid_days": days,
        "logo_url": logo_url,
        "logo_size": size if logo_url else None,
    }


def _site(work: Work, desk: Desk, slug: str) -> Site:
    return queries.site(work, slug, organization_id=desk.organization.id)
