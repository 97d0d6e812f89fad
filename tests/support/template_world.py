"""Applications of real vendors for tests and pictures: registered from their templates, and asking as they do."""

from idp.base import placeholders
from idp.base.work import Work
from idp.saml import from_template, names
from idp.saml.from_template import Metadata
from idp.saml.models import ServiceProvider as Row
from idp.saml.templates.model import Registration, Template
from tests.support.service_provider import ServiceProvider, consumer

# What the vendors' requests ask for as NameID, as far as it is known; the others ask for nothing.
POLICIES = {
    "microsoft-365": names.PERSISTENT,
    "grafana": names.TRANSIENT,
    "gitlab-group": names.PERSISTENT,
    "gitlab-self-managed": names.PERSISTENT,
    "jira-data-center": names.UNSPECIFIED,
    "nextcloud": names.PERSISTENT,
    "aws-iam-identity-center": names.EMAIL,
    "google-workspace": names.UNSPECIFIED,
    "zoom": names.UNSPECIFIED,
}


def given(of: Template) -> dict[str, str]:
    """Return plausible values of the fields that must be given."""
    return {field.name: field.example for field in of.fields if field.default is None}


def far_end(of: Template, **fields: str) -> ServiceProvider:
    """Return the vendor's service provider, as it would be with these fields (or plausible ones)."""
    values = from_template.answers(of, {**given(of), **fields}, with_metadata=True)
    return ServiceProvider(
        entity_id=placeholders.fill(of.entity_id, values), acs=placeholders.fill(of.consumers[0], values)
    )


def register(work: Work, of: Template, *, site: str = "acme", **more: object) -> Row:
    """Register the application of that template for everyone, with plausible fields."""
    sp = far_end(of)
    vendor = None
    if of.registration is Registration.METADATA:
        vendor = Metadata(
            sp.metadata(
                signing=sp.pair.der,
                attributes=' AuthnRequestsSigned="true"',
                consumers=consumer(sp.acs),
                formats=(names.UNSPECIFIED,),
            )
        )
    return from_template.register_from_template(work, site, of, given(of), vendor=vendor, everyone=True, **more)


def request(of: Template, sp: ServiceProvider, **attributes: str | None) -> str:
    """Return the query of a redirect that the vendor sends people here with."""
    wanted = POLICIES.get(of.name)
    policy = f'<samlp:NameIDPolicy Format="{wanted}" AllowCreate="true"/>' if wanted else ""
    sign = names.RSA_SHA256 if of.registration is Registration.METADATA else ""
    return sp.query(sp.authn_request(policy, **attributes), "kept", sign=sign)
