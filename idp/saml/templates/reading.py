"""
From what a template file says to a `Template`; whatever is wrong with it is found here, at load.

A fault is one of ours, not of an administrator: it is a `TemplateFault`, which a test would have found.
"""

from collections.abc import Mapping, Sequence

from idp.base import placeholders, template_fields
from idp.base.errors import Invalid
from idp.base.template_files import Part, one_of
from idp.policy import expressions
from idp.policy.rules import CONSTANT, Rule, checked
from idp.saml import addresses
from idp.saml.names import EMAIL, PERSISTENT, POST, REDIRECT, TRANSIENT, UNSPECIFIED
from idp.saml.templates.model import (
    Field,
    Give,
    Logout,
    NameId,
    Registration,
    Template,
    Trouble,
    Vendor,
    Wanted,
)

FORMATS = {"persistent": PERSISTENT, "transient": TRANSIENT, "email": EMAIL, "unspecified": UNSPECIFIED}
BINDINGS = {"redirect": REDIRECT, "post": POST}


def template(name: str, values: object) -> Template:
    """
    Return the template *name* whose file says *values*.

    Raises:
        TemplateFault: something in it is missing, unknown, or not what it must be.
    """
    of = Part(name, values)
    fields = _fields(of)
    known = frozenset(field.name for field in fields)
    sign = of.part("sign")
    made = Template(
        name=template_fields.checked_name(of, name),
        title=of.text("title"),
        about=of.text("about"),
        documentation=of.texts("documentation", least=1),
        needs=of.texts("needs", least=1),
        registration=one_of(of, "registration", {kind.value: kind for kind in Registration}, Registration.FIELDS),
        fields=fields,
        entity_id=of.text("entity_id"),
        consumers=of.texts("consumers", least=1),
        logout_endpoints=tuple(
            Logout(one_of(one, "binding", BINDINGS), one.text("location")) for one in of.parts("logout_endpoints")
        ),
        start_url=of.text("start_url", ""),
        name_id=_name_id(of.part("name_id")),
        wanted=_wanted(of),
        unruled="rules" not in of.values,
        sign_response=sign.flag("response"),
        sign_assertion=sign.flag("assertion"),
        encrypt_assertion=of.flag("encrypt", False),
        idp_initiated=of.flag("idp_initiated", False),
        relay_states=of.texts("relay_states"),
        vendor=_vendor(of.part("vendor")),
        logout=of.text("logout"),
        notes=of.texts("notes"),
        troubles=tuple(
            Trouble(one.text("sign"), one.text("code", ""), one.text("remedy")) for one in of.parts("troubles")
        ),
        uncertain=of.texts("uncertain"),
    )
    of.finish()
    _judge(of, made, known)
    return made


def _fields(of: Part) -> tuple[Field, ...]:
    made: list[Field] = []
    for one in of.parts("fields"):
        default = one.take("default", None)
        field = Field(
            name=one.text("name"),
            label=one.text("label"),
            help=one.text("help"),
            pattern=one.text("pattern"),
            example=one.text("example"),
            default=None if default is None else one.text("default", None),
            is_address=one_of(one, "kind", {"text": False, "address": True}, False),
        )
        _judge_field(one, field, {other.name: other.example for other in made})
        made.append(field)
    return tuple(made)


def _judge_field(of: Part, field: Field, before: Mapping[str, str]) -> None:
    if not template_fields.is_field_name(field.name) or field.name in before:
        raise of.fault("a field's name has small letters, and is no other field's")
    pattern = template_fields.pattern(of, field)
    if field.is_address and addresses.fault(field.example, http_loopback=False) is not None:
        raise of.fault("the example is no address that is taken")
    if field.default is None:
        return
    if not placeholders.is_clean(field.default) or not set(placeholders.names(field.default)) <= set(before):
        raise of.fault("the default has a placeholder that is no field before it")
    filled = placeholders.fill(field.default, before)
    if filled and not pattern.fullmatch(filled):
        raise of.fault("the default does not match the pattern")


def _name_id(of: Part) -> NameId:
    made = NameId(one_of(of, "format", FORMATS), of.text("source", ""), of.text("says"))
    if made.format == EMAIL and not made.source:
        raise of.fault("a name in the e-mail format has a source")
    if made.format == TRANSIENT and made.source:
        raise of.fault("a transient name has no source")
    if made.source:
        try:
            expressions.parse(made.source)
        except Invalid as error:
            raise of.fault(f"source: {error.message}") from None
    return made


def _wanted(of: Part) -> tuple[Wanted, ...]:
    made: list[Wanted] = []
    for one in of.parts("rules"):
        optional = one.flag("optional", False)
        said = {key: one.take(key) for key in one.values if key != "optional"}
        try:
            made.append(Wanted(Rule.from_json(said), optional))
        except Invalid as error:
            raise one.fault(error.message) from None
    try:
        checked([one.rule for one in made])
    except Invalid as error:
        raise of.fault(error.message) from None
    return tuple(made)


def _vendor(of: Part) -> Vendor:
    values = tuple(template_fields.value(one, Give) for one in of.parts("values"))
    return Vendor(of.text("where"), of.flag("first", False), values, of.texts("steps", least=1))


def _judge(of: Part, made: Template, known: frozenset[str]) -> None:
    for text in _texts_with_placeholders(made):
        if not placeholders.is_clean(text):
            raise of.fault(f"a brace that belongs to no placeholder, in {text[:80]!r}")
        unknown = sorted(set(placeholders.names(text)) - known)
        if unknown:
            raise of.fault(f"no field is called {unknown[0]}, in {text[:80]!r}")
    for one in made.wanted:
        others = (one.rule.name, one.rule.friendly_name, *one.rule.only, *one.rule.rename, *one.rule.rename.values())
        texts = others if one.rule.source == CONSTANT else (*others, one.rule.value)
        if any(placeholders.names(text) for text in texts):
            raise of.fault("only a constant of a rule has placeholders")
    if not made.sign_response and not made.sign_assertion:
        raise of.fault("something must be signed")
    if made.relay_states and not made.idp_initiated:
        raise of.fault("RelayState is for a start from our side")
    examples = {field.name: field.example for field in made.fields}
    locations = [*made.consumers, *(one.location for one in made.logout_endpoints), made.start_url]
    for text in filter(None, locations):
        if addresses.fault(placeholders.fill(text, examples), http_loopback=False) is not None:
            raise of.fault(f"{text} makes no address that is taken")


def _texts_with_placeholders(made: Template) -> Sequence[str]:
    return (
        made.entity_id,
        *made.consumers,
        *(one.location for one in made.logout_endpoints),
        made.start_url,
        *(one.rule.value for one in made.wanted if one.rule.source == CONSTANT),
        *made.relay_states,
        made.vendor.where,
        *(one.enter for one in made.vendor.values),
        *made.vendor.steps,
        *made.needs,
        made.logout,
        *made.notes,
        *(one.remedy for one in made.troubles),
    )
