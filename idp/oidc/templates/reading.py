"""
From what a template file says to a `Template`; whatever is wrong with it is found here, at load.

A fault is one of ours, not of an administrator: it is a `TemplateFault`, which a test would have found.
"""

from idp.base import placeholders, template_fields
from idp.base.errors import Invalid
from idp.base.template_fields import Field
from idp.base.template_files import Part, one_of
from idp.oidc import metadata
from idp.oidc.templates.model import OURS, Claim, Give, Snippet, Template

# No value may end a line or a quoted text of a configuration that it is put into.
_BREAKS_OUT = ('"', "'", "`", "\n", "\\", " ", "$", "<", "\u2028")


def template(name: str, values: object) -> Template:
    """
    Return the template *name* whose file says *values*.

    Raises:
        TemplateFault: something in it is missing, unknown, or not what it must be.
    """
    of = Part(name, values)
    vendor = of.part("vendor")
    made = Template(
        name=template_fields.checked_name(of, name),
        title=of.text("title"),
        about=of.text("about"),
        documentation=of.texts("documentation", least=1),
        needs=of.texts("needs"),
        general=of.flag("general", False),
        fields=tuple(
            Field(one.text("name"), one.text("label"), one.text("help"), one.text("pattern"), one.text("example"))
            for one in of.parts("fields")
        ),
        application_type=one_of(of, "application_type", _same(metadata.WEB, metadata.NATIVE), metadata.WEB),
        method=one_of(of, "method", _same(*metadata.AUTHENTICATION_METHODS)),
        grant_types=of.texts("grant_types", least=1),
        redirect_uris=of.texts("redirect_uris"),
        post_logout_redirect_uris=of.texts("post_logout_redirect_uris"),
        backchannel_logout_uri=of.text("backchannel_logout_uri", ""),
        initiate_login_uri=of.text("initiate_login_uri", ""),
        client_uri=of.text("client_uri", ""),
        scope=of.texts("scope"),
        pkce=of.flag("pkce", True),
        claims=tuple(Claim(one.text("name"), one.text("says")) for one in of.parts("claims")),
        where=vendor.text("where"),
        values=tuple(template_fields.value(one, Give) for one in vendor.parts("values")),
        snippet=_snippet(vendor.part("snippet")) if "snippet" in vendor.values else None,
        steps=vendor.texts("steps"),
        notes=of.texts("notes"),
        uncertain=of.texts("uncertain"),
    )
    of.finish()
    _judge_fields(of, made)
    _judge(of, made)
    return made


def asked(of: Template, values: dict[str, str]) -> dict[str, object]:
    """Return the client metadata (RFC 7591) that the template *of* asks for with these values of its fields."""
    said: dict[str, object] = {
        "client_name": of.title,
        "application_type": of.application_type,
        "token_endpoint_auth_method": of.method,
        "grant_types": list(of.grant_types),
        "scope": " ".join(of.scope),
        "redirect_uris": [placeholders.fill(text, values) for text in of.redirect_uris],
        "post_logout_redirect_uris": [placeholders.fill(text, values) for text in of.post_logout_redirect_uris],
    }
    for name in ("backchannel_logout_uri", "initiate_login_uri", "client_uri"):
        said[name] = placeholders.fill(getattr(of, name), values)
    return {name: value for name, value in said.items() if value}


def _same(*words: str) -> dict[str, str]:
    return {word: word for word in words}


def _snippet(one: Part) -> Snippet:
    return Snippet(one.text("file"), one.lines("text"))


def _judge_fields(of: Part, made: Template) -> None:
    names = [field.name for field in made.fields]
    if len({*names}) != len(names) or not all(map(template_fields.is_field_name, names)) or OURS & {*names}:
        raise of.fault("a field's name has small letters, and is no other's")
    for field in made.fields:
        pattern = template_fields.pattern(of, field)
        if any(pattern.fullmatch(field.example + odd) for odd in _BREAKS_OUT):
            raise of.fault(f"a value of {field.name} could break out of a configuration")


def _judge(of: Part, made: Template) -> None:
    fields = {field.name for field in made.fields}
    addresses = (*made.redirect_uris, *made.post_logout_redirect_uris, made.backchannel_logout_uri)
    addresses += (made.initiate_login_uri, made.client_uri)
    entered = [one.enter for one in made.values]
    for text in (*addresses, *entered, made.where, *made.steps, *made.needs, *made.notes):
        if not placeholders.is_clean(text) or not {*placeholders.names(text)} <= fields:
            raise of.fault(f"a brace that belongs to no field, in {text[:80]!r}")
    if made.snippet is not None and not {*placeholders.names(made.snippet.text)} <= fields | OURS:
        raise of.fault("the snippet names what is neither a field nor a value of ours")
    try:
        metadata.read(asked(made, {field.name: field.example for field in made.fields}), allow_http_loopback=False)
    except Invalid as error:
        raise of.fault(f"it makes no registration: {error.message}") from None
