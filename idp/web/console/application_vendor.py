"""What is given to whoever runs an application: our addresses and certificate, under the names that they have for them."""

from dataclasses import dataclass

from flask import Blueprint, Response, make_response

from idp.base.errors import NotFound
from idp.base.work import Work
from idp.directory import sites
from idp.directory.models import Application
from idp.oidc import clients
from idp.oidc import provider as provider_
from idp.oidc import templates as client_templates
from idp.oidc import vendor_values as client_values
from idp.oidc.models import Client
from idp.oidc.templates.model import Claim, Template
from idp.oidc.templates.model import Give as Ours
from idp.saml import providers, templates, vendor_values
from idp.saml.templates.model import Give
from idp.saml.vendor_values import Page
from idp.web import context, pictures
from idp.web.console.application_page import application_of, application_page
from idp.web.console.desk import Desk, at_desk
from idp.web.languages import gettext as _
from idp.web.security import administrator

pages = Blueprint("console_application_vendor", __name__, url_prefix="/admin/applications/<application_id>/vendor")

_GENERIC = "generic"
_LONG = 40
_MOST_IN_PICTURE = 600


@dataclass(frozen=True, slots=True)
class Value:
    """A value to give: its number on the page, its name there, itself; ``picture``: it has a QR code."""

    number: int
    label: str
    value: str

    @property
    def picture(self) -> bool:
        return _LONG <= len(self.value) <= _MOST_IN_PICTURE and "\n" not in self.value

    @property
    def several_lines(self) -> bool:
        return "\n" in self.value or len(self.value) > _MOST_IN_PICTURE


@pages.get("")
@administrator
@at_desk
def index(work: Work, desk: Desk, application_id: str) -> Response:
    """Show the values to give, and where they go."""
    application = application_of(work, desk, application_id)
    page = _page(work, application)
    return application_page(
        work,
        desk,
        "vendor",
        application,
        "vendor",
        where=page.where,
        values=_values(page),
        vendor_steps=page.steps,
        file=getattr(page, "file", ""),
        snippet=getattr(page, "snippet", ""),
        stands_for_secret=client_values.SECRET,
        claims=_claims(work, application),
    )


@pages.get("/values/<number>.svg")
@administrator
@at_desk
def picture(work: Work, desk: Desk, application_id: str, number: str) -> Response:
    """Return a value as a QR code."""
    values = _values(_page(work, application_of(work, desk, application_id)))
    found = next((one for one in values if str(one.number) == number), None)
    if found is None or not found.picture:
        raise NotFound("There is no such value.")
    return pictures.qr(found.value)


@pages.get("/certificate.pem")
@administrator
@at_desk
def certificate(work: Work, desk: Desk, application_id: str) -> Response:
    """Return our certificate as a file."""
    application = application_of(work, desk, application_id)
    pem = _ours(work, application)[Give.CERTIFICATE]
    slug = _site(work, application).slug
    answer = make_response(f"{pem}\n")
    answer.headers["Content-Type"] = "application/x-pem-file"
    answer.headers["Content-Disposition"] = f'attachment; filename="{slug}-saml.pem"'
    return answer


def _page(work: Work, application: Application) -> Page | client_values.Page:
    if application.protocol == clients.PROTOCOL:
        return _of_client(work, application)
    made_from = providers.of_application(work, application).made_from
    template = templates.find(str(made_from.get("template", _GENERIC)))
    return vendor_values.page(template, _ours(work, application), made_from.get("fields", {}))


def _ours(work: Work, application: Application) -> dict[Give, str]:
    provider = providers.of_application(work, application)
    return vendor_values.ours(work, _site(work, application).slug, context.settings().base_url, of=provider)


def _claims(work: Work, application: Application) -> tuple[Claim, ...]:
    if application.protocol != clients.PROTOCOL:
        return ()
    template = _client_template(clients.of_application(work, application))
    return template.claims if template is not None else ()


def _client_template(client: Client) -> Template | None:
    name = str(client.made_from.get("template", ""))
    return (
        client_templates.find(name) if name in client_templates.names() else None
    )  # one of another release may be gone


def _of_client(work: Work, application: Application) -> Page | client_values.Page:
    site = _site(work, application)
    at = provider_.at(work, context.settings().base_url, site.slug)
    if at is None:
        raise NotFound("Nothing is answered at this site: it is disabled.")
    client = clients.of_application(work, application)
    ours = client_values.ours(at, client)
    template = _client_template(client)
    if template is not None:
        return client_values.page(template, ours, client.made_from.get("fields", {}))
    values = [
        (_("Client ID"), ours[Ours.CLIENT_ID]),
        (_("Issuer"), ours[Ours.ISSUER]),
        (_("Discovery address"), ours[Ours.DISCOVERY]),
        (_("Authorization endpoint"), ours[Ours.AUTHORIZATION]),
        (_("Token endpoint"), ours[Ours.TOKEN]),
        (_("UserInfo endpoint"), ours[Ours.USERINFO]),
        (_("Keys (JWKS)"), ours[Ours.JWKS]),
        (_("End of session"), ours[Ours.END_SESSION]),
        (_("Scopes"), ours[Ours.SCOPES]),
        (_("Authentication at the token endpoint"), client.registration["token_endpoint_auth_method"]),
    ]
    steps = (
        _("Most libraries need the issuer and the client ID only, and read the rest from the discovery address."),
        _("Use the authorization code flow with PKCE (S256)."),
    )
    return Page(_("In the settings of the application"), tuple(one for one in values if one[1]), steps)


def _site(work: Work, application: Application) -> sites.SiteFacts:
    site = sites.facts_by_id(work, application.organization_id, application.site_id)
    if site is None:
        raise NotFound("Nothing is answered at this site: it is disabled.")
    return site


def _values(page: Page | client_values.Page) -> list[Value]:
    return [Value(number, label, value) for number, (label, value) in enumerate(page.values)]
