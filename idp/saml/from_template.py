"""
Registering a service provider from an application template.

The template says what the vendor wants, the administrator gives a few values; what comes of them is
judged as anything that describes a service provider (X16).
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace

from idp.audit.events import ServiceProviderTemplateApplied
from idp.audit.log import record
from idp.base import placeholders
from idp.base.errors import Invalid
from idp.base.texts import is_plain, phrase
from idp.base.work import Work
from idp.directory import policies
from idp.policy.release import withheld
from idp.policy.rules import CONSTANT, NOTHING, Rule
from idp.saml import addresses, metadata, registering
from idp.saml.description import Endpoint, SpDescription
from idp.saml.models import ServiceProvider
from idp.saml.names import POST
from idp.saml.switches import Switches
from idp.saml.templates.model import Field, Registration, Template

_LONGEST_VALUE = 2048


@dataclass(frozen=True, slots=True)
class Metadata:
    """Metadata of the vendor, and where it came from if it came from an address."""

    document: bytes
    url: str = ""


def register_from_template(
    work: Work,
    site_slug: str,
    template: Template,
    given: Mapping[str, str],
    *,
    vendor: Metadata | None = None,
    name: str | None = None,
    switches: Switches | None = None,
    everyone: bool = False,
    allow_http_loopback: bool = False,
) -> ServiceProvider:
    """
    Register the application of *template* at a site: its description, its switches, and what it receives.

    Args:
        given: the values of the template's fields, by name.
        vendor: the vendor's metadata; it describes the service provider in the place of the fields.
        name: what people read; the template's title where none is given.
        switches: what shall differ from the template.
        everyone: everybody in the organization may open it at once.
        allow_http_loopback: take plain http addresses on loopback (for trials on one machine).

    Raises:
        NotFound: no such site that this actor may see.
        Forbidden: the actor may not register applications there.
        Invalid: a field, the metadata or a switch cannot be taken.
        Conflict: the site has a service provider of that entity ID.
    """
    values = answers(template, given, with_metadata=vendor is not None, http_loopback=allow_http_loopback)
    if vendor is None:
        described = description(template, values)
    else:
        described = metadata.read(vendor.document, now=work.now, http_loopback=allow_http_loopback)
        _check_same(template, values, described)
        if not described.logout_endpoints:  # some vendors take logout requests and do not say so in metadata
            described = replace(described, logout_endpoints=_logout_endpoints(template, values))
    metadata.judge(described, now=work.now, http_loopback=allow_http_loopback)
    provider = registering.enroll(
        work,
        site_slug,
        described,
        _switches(template, values, switches, start_url=_start_url(template, values, allow_http_loopback)),
        document=vendor.document.decode("utf-8-sig") if vendor else "",
        name=name or template.title,
        metadata_url=vendor.url if vendor else "",
        made_from={"template": template.name, "fields": values},
        everyone=everyone,
    )
    rules = rules_of(template, values)
    if rules:
        policies.set_application_rules(work, provider.application_id, rules)
    record(
        work,
        ServiceProviderTemplateApplied(
            organization_id=provider.organization_id,
            target_id=provider.application_id,
            template=template.name,
            # What stands behind “?” in an address may be a token of the vendor's.
            fields={field: value.partition("?")[0] for field, value in values.items()},
        ),
    )
    work.tx.session.flush()
    return provider


def answers(
    template: Template, given: Mapping[str, str], *, with_metadata: bool = False, http_loopback: bool = False
) -> dict[str, str]:
    """
    Return the values of the template's fields, defaults put in; fields that are not needed may be missing.

    Args:
        with_metadata: the vendor's metadata is there, so what is only for addresses need not be given.

    Raises:
        Invalid: a field is unknown, missing, or has a value that cannot be taken.
    """
    known = {field.name for field in template.fields}
    unknown = sorted(set(given) - known)
    if unknown:
        raise Invalid(
            phrase("The template %(name)s has no field “%(unknown)s”.", name=template.name, unknown=unknown[0][:80]),
            field="field",
            advice=phrase("It has: %(known)s.", known=", ".join(known)) if known else "",
        )
    if template.registration is Registration.METADATA and not with_metadata:
        raise Invalid(
            phrase("%(title)s is registered by its metadata.", title=template.title),
            field="metadata",
            advice=phrase(
                "Give it with --metadata; idp application templates %(name)s says where to get it.", name=template.name
            ),
        )
    needed = _needed(template) if with_metadata else known
    values: dict[str, str] = {}
    for field in template.fields:
        value = given.get(field.name)
        if value is None:
            value = _default(field, values)
        if value is not None:
            if value or field.default != "":
                _check(field, value, http_loopback=http_loopback)
            values[field.name] = value
        elif field.name in needed:
            raise Invalid(
                phrase("The field %(name)s (%(label)s) is missing.", name=field.name, label=field.label),
                field=field.name,
                advice=phrase(
                    "Give it with --field %(name)s=%(example)s (%(help)s).",
                    name=field.name,
                    example=field.example,
                    help=field.help,
                ),
            )
    return values


def description(template: Template, values: Mapping[str, str]) -> SpDescription:
    """Return the service provider that *template* describes with these values; it is not judged yet."""
    consumers = [placeholders.fill(text, values) for text in template.consumers]
    return SpDescription(
        entity_id=placeholders.fill(template.entity_id, values),
        display_name=template.title,
        assertion_consumers=tuple(
            Endpoint(POST, location, index=at, is_default=at == 0) for at, location in enumerate(consumers)
        ),
        logout_endpoints=_logout_endpoints(template, values),
        signing_certificates=(),
        encryption_keys=(),
        nameid_formats=(template.name_id.format,),
        requested_attributes=(),
        authn_requests_signed=False,
        want_assertions_signed=template.sign_assertion,
        valid_until=None,
    )


def _logout_endpoints(template: Template, values: Mapping[str, str]) -> tuple[Endpoint, ...]:
    """Return the vendor's logout addresses, but for those that a field is missing for."""
    known = [one for one in template.logout_endpoints if set(placeholders.names(one.location)) <= set(values)]
    filled = (Endpoint(one.binding, placeholders.fill(one.location, values)) for one in known)
    return tuple(endpoint for endpoint in filled if endpoint.location)


def rules_of(template: Template, values: Mapping[str, str]) -> tuple[Rule, ...]:
    """
    Return the template's rules with these values; only constants have any.

    Where it wants no attribute there is a rule that sends nothing: without any rule, whatever may leave would be sent.
    """
    if not template.wanted and not template.unruled:
        return (Rule(name="email", source=NOTHING),)
    return tuple(
        replace(one.rule, value=placeholders.fill(one.rule.value, values)) if one.rule.source == CONSTANT else one.rule
        for one in template.wanted
    )


def held_back(work: Work, provider: ServiceProvider, template: Template) -> dict[str, str]:
    """Return the attributes that *template* sends and that may not leave, each with who keeps it, in words."""
    levels = policies.release_levels(work, provider.organization_id, provider.site_id, provider.application_id)
    kept = ((name, withheld(name, levels)) for name in template.reads())
    return {name: why for name, why in kept if why}


def _needed(template: Template) -> set[str]:
    """Return the fields that are needed even where metadata has all addresses."""
    texts = [one.rule.value for one in template.wanted if one.rule.source == CONSTANT]
    return {name for text in (*texts, *template.relay_states) for name in placeholders.names(text)}


def _default(field: Field, values: Mapping[str, str]) -> str | None:
    """Return the default of *field*; None where it has none, or one made of a value that is missing."""
    if field.default is None or not set(placeholders.names(field.default)) <= set(values):
        return None
    return placeholders.fill(field.default, values)


def _check(field: Field, value: str, *, http_loopback: bool) -> None:
    if len(value) > _LONGEST_VALUE or not is_plain(value) or not re.fullmatch(field.pattern, value):
        raise Invalid(
            phrase(
                "“%(value)s” is no %(label)s.",
                value="".join(c for c in value[:120] if c.isprintable()),
                label=field.label,
            ),
            field=field.name,
            advice=phrase("Write it like %(example)s (%(help)s).", example=field.example, help=field.help),
        )
    fault = addresses.fault(value, http_loopback=http_loopback) if field.is_address else None
    if fault is not None:
        raise Invalid(
            fault, field=field.name, advice=phrase("%(label)s: %(help)s.", label=field.label, help=field.help)
        )


def _check_same(template: Template, values: Mapping[str, str], described: SpDescription) -> None:
    """Metadata of another service provider than the fields speak of is the wrong file."""
    if not set(placeholders.names(template.entity_id)) <= set(values):
        return
    expected = placeholders.fill(template.entity_id, values)
    if described.entity_id != expected:
        raise Invalid(
            phrase(
                "The metadata is of “%(entity_id)s”, and not of “%(expected)s”.",
                entity_id=described.entity_id[:200],
                expected=expected[:200],
            ),
            field="metadata",
            advice="Give the metadata of this application, or leave out the fields that differ.",
        )


def _switches(template: Template, values: Mapping[str, str], wanted: Switches | None, *, start_url: str) -> Switches:
    of = Switches(
        sign_response=template.sign_response,
        sign_assertion=template.sign_assertion,
        encrypt_assertion=template.encrypt_assertion,
        nameid_format=template.name_id.format,
        name_id_source=template.name_id.source,
        start_url=start_url,
        idp_initiated=template.idp_initiated,
        relay_states=tuple(placeholders.fill(text, values) for text in template.relay_states),
    )
    if wanted is None:
        return of
    differ = {one.name: getattr(wanted, one.name) for one in fields(Switches)}
    return replace(of, **{name: value for name, value in differ.items() if value is not None})


def _start_url(template: Template, values: Mapping[str, str], http_loopback: bool) -> str:
    """Return where the tile leads; empty where a field for it was not given."""
    if not set(placeholders.names(template.start_url)) <= set(values):
        return ""
    address = placeholders.fill(template.start_url, values)
    fault = addresses.fault(address, http_loopback=http_loopback) if address else None
    if fault is not None:
        raise Invalid(fault, field="start_url", advice="The tile in the launcher leads there.")
    return address
