"""Registering an OpenID Connect application from a template: the template says what the vendor wants, a few values are given."""

import re
from collections.abc import Mapping

from idp.base.errors import Invalid
from idp.base.texts import is_plain, phrase
from idp.base.work import Work
from idp.directory.models import Application
from idp.oidc import clients
from idp.oidc.models import Client
from idp.oidc.templates.model import Template
from idp.oidc.templates.reading import asked

_LONGEST_VALUE = 1024


def register_from_template(
    work: Work,
    site_slug: str,
    template: Template,
    given: Mapping[str, str],
    *,
    name: str | None = None,
    first_party: bool = False,
    base_url: str = "",
    allow_http_loopback: bool = False,
) -> tuple[Application, Client, str | None]:
    """
    Register the application of *template* at a site; return it, its client and the client's secret (shown this once).

    Args:
        given: the values of the template's fields, by name.
        name: what people read; the template's title where none is given.
        first_party: the organization's own, which needs no consent.
        base_url, allow_http_loopback: as for `clients.create`.

    Raises:
        NotFound: no such site that this actor may see.
        Forbidden: the actor may not register applications there.
        Invalid: a field is unknown, missing, or has a value that cannot be taken.
    """
    values = answers(template, given)
    wanted = asked(template, values)
    if name:
        wanted["client_name"] = name
    return clients.create(
        work,
        site_slug,
        wanted,
        first_party=first_party,
        pkce_required=template.pkce,
        base_url=base_url,
        allow_http_loopback=allow_http_loopback,
        made_from={"template": template.name, "fields": values},
    )


def answers(template: Template, given: Mapping[str, str]) -> dict[str, str]:
    """
    Return the values of the template's fields.

    Raises:
        Invalid: a field is unknown, missing, or has a value that cannot be taken.
    """
    unknown = sorted(set(given) - {field.name for field in template.fields})
    if unknown:
        raise Invalid(
            phrase("The template %(name)s has no field “%(unknown)s”.", name=template.name, unknown=unknown[0][:80]),
            field="field",
        )
    values: dict[str, str] = {}
    for field in template.fields:
        value = given.get(field.name, "")
        if not value:
            raise Invalid(
                phrase("The field %(name)s (%(label)s) is missing.", name=field.name, label=field.label),
                field=field.name,
                advice=phrase("Write it like %(example)s (%(help)s).", example=field.example, help=field.help),
            )
        if len(value) > _LONGEST_VALUE or not is_plain(value) or not re.fullmatch(field.pattern, value):
            shown = "".join(c for c in value[:120] if c.isprintable())
            raise Invalid(
                phrase("“%(value)s” is no %(label)s.", value=shown, label=field.label),
                field=field.name,
                advice=phrase("Write it like %(example)s (%(help)s).", example=field.example, help=field.help),
            )
        values[field.name] = value
    return values
