"""How a SAML application is answered and what is known of it: its metadata, addresses, certificates, switches, release."""

from collections.abc import Sequence
from typing import Any

from flask import Blueprint, Response, request

from idp.base.errors import Invalid
from idp.base.work import Work
from idp.directory import attributes, policies
from idp.policy.patterns import is_attribute_name
from idp.policy.permissions import Permission
from idp.policy.release import effective, why_never
from idp.policy.rules import CONSTANT, Rule, rules_from_json
from idp.saml import altering, nameid, proposing, providers, redescribing, refreshing, signing
from idp.saml.altering import Alteration
from idp.saml.description import Endpoint, SpDescription
from idp.saml.difference import Change
from idp.saml.editing import Edit
from idp.saml.key_change import rollover
from idp.saml.names import POST, REDIRECT
from idp.saml.switches import Switches
from idp.web import context
from idp.web.console import lists, metadata_given, outside, seen
from idp.web.console.application_page import application_of, application_page, loopback
from idp.web.console.desk import Desk, at_desk, done, fresh
from idp.web.console.metadata_given import given, with_metadata
from idp.web.languages import gettext as _
from idp.web.security import administrator

pages = Blueprint("console_application_saml", __name__, url_prefix="/admin/applications/<application_id>/saml")

_HOME = "console_application_saml.index"
_FLAGS = (
    *("sign_response", "sign_assertion", "encrypt_assertion", "encrypt_name_id", "require_signed_requests"),
    *("idp_initiated", "certificate_by_hand"),
)
_MOST_SAID = 6


@pages.get("")
@administrator
@at_desk
def index(work: Work, desk: Desk, application_id: str) -> Response:
    """Show everything that is known of it, and how it is answered; each part can be changed."""
    application = application_of(work, desk, application_id)
    provider = providers.of_application(work, application)
    levels = policies.release_levels(work, application.organization_id, application.site_id, application.id)
    own = policies.release_policy(work, application.organization_id, "application", application.id)
    may_see_keys = desk.may("key:read", site_id=application.site_id, application_id=application.id)
    may_edit = desk.may("application:edit", site_id=application.site_id, application_id=application.id)
    return application_page(
        work,
        desk,
        "saml",
        application,
        "protocol",
        provider=provider,
        known=providers.represent(provider, work.now),
        warnings=providers.warnings(provider, work.now),
        offered=refreshing.offered(work, application.id, allow_http_loopback=loopback()) if may_edit else None,
        mark=refreshing.mark,
        formats=nameid.FORMATS,
        algorithms=tuple(signing.METHODS),
        levels=levels,
        own=own,
        own_rules=[] if own is None else rules_from_json(own.rules),
        wider=[(rule, level) for rule, level in effective(levels) if level != "application"],
        why_never=why_never,
        all_attributes=attributes.ATTRIBUTES,
        proposal=proposing.of(work, application.id),
        standing=rollover.state(work, application.id) if may_see_keys else None,
    )


@pages.post("/switches")
@administrator
@at_desk(again=index)
def switch(work: Work, desk: Desk, application_id: str) -> Response:
    """Change how it is answered."""
    form = request.form
    flags: dict[str, Any] = {name: form.get(name) == "on" for name in _FLAGS}
    wanted = Switches(
        **flags,
        nameid_format=form.get("nameid_format", ""),
        name_id_source=form.get("name_id_source", "").strip(),
        start_url=form.get("start_url", "").strip(),
        relay_states=metadata_given.lines("relay_states"),
        signature_algorithm=form.get("signature_algorithm", "") or None,
    )
    return _altered(work, desk, application_id, Alteration(switches=wanted))


@pages.post("/description")
@administrator
@at_desk(again=index)
@fresh
def describe(work: Work, desk: Desk, application_id: str) -> Response:
    """Change its addresses: what is in the form is all that there is."""
    application = application_of(work, desk, application_id)
    before = SpDescription.from_json(providers.of_application(work, application).description)
    there = tuple(one.location for one in before.assertion_consumers if one.binding == POST)
    wanted = metadata_given.lines("consumers")
    out = {one.location for one in before.logout_endpoints}
    logout = metadata_given.lines("logout")
    default = request.form.get("default", "").strip()
    edit = Edit(
        add_consumers=tuple(one for one in wanted if one not in there),
        remove_consumers=tuple(one for one in there if one not in wanted),
        default_consumer=default if default in wanted and default != _default_of(before) else None,
        add_logout=tuple(Endpoint(REDIRECT, one) for one in logout if one not in out),
        remove_logout=tuple(one for one in out if one not in logout),
    )
    return _altered(work, desk, application_id, Alteration(edit=edit))


@pages.post("/certificates")
@administrator
@at_desk(again=index)
@fresh
def add_certificates(work: Work, desk: Desk, application_id: str) -> Response:
    """Add certificates that it signs with, or that is encrypted for it with."""
    found, use = metadata_given.certificates_given("certificates"), request.form.get("use", "")
    if not found:
        raise Invalid("There is no certificate yet.", field="certificates", advice="Paste it, in PEM or base64.")
    edit = Edit(
        add_signing=found if use in ("signing", "both") else (),
        add_encryption=found if use in ("encryption", "both") else (),
    )
    return _altered(work, desk, application_id, Alteration(edit=edit))


@pages.post("/certificates/remove")
@administrator
@at_desk(again=index)
@fresh
def remove_certificate(work: Work, desk: Desk, application_id: str) -> Response:
    """Remove a certificate by its fingerprint."""
    named = (request.form.get("fingerprint", ""),)
    signs = request.form.get("use") == "signing"
    edit = Edit(remove_signing=named) if signs else Edit(remove_encryption=named)
    return _altered(work, desk, application_id, Alteration(edit=edit))


@pages.get("/metadata")
@administrator
@at_desk
def ask_for_metadata(work: Work, desk: Desk, application_id: str) -> Response:
    """Ask for new metadata."""
    application = application_of(work, desk, application_id)
    provider = providers.of_application(work, application)
    return application_page(
        work, desk, "saml_metadata", application, "protocol", provider=provider, given=None, proposed=None
    )


@pages.post("/metadata")
@administrator
@with_metadata(Permission.APPLICATION_EDIT)
@at_desk(again=ask_for_metadata)
def compare(work: Work, desk: Desk, application_id: str) -> Response:
    """Show what new metadata would change. Changes nothing."""
    application = application_of(work, desk, application_id)
    found = given()
    assert found is not None
    proposed = redescribing.after_metadata(work, application.id, found.document, allow_http_loopback=loopback())
    provider = providers.of_application(work, application)
    return application_page(
        work, desk, "saml_metadata", application, "protocol", provider=provider, given=found, proposed=proposed
    )


@pages.post("/metadata/take")
@administrator
@with_metadata(Permission.APPLICATION_EDIT)
@at_desk(again=ask_for_metadata)
@fresh
def take(work: Work, desk: Desk, application_id: str) -> Response:
    """Let metadata that was looked at be what is known of it; from an address, it is fetched there from now on."""
    found = given()
    assert found is not None
    return _altered(work, desk, application_id, Alteration(document=found.document, metadata_url=found.address or None))


@pages.post("/source")
@administrator
@at_desk(again=index)
@fresh
def set_source(work: Work, desk: Desk, application_id: str) -> Response:
    """Say where its metadata is fetched from, and what it must be signed with."""
    key = metadata_given.certificates_given("metadata_key")
    if len(key) > 1:
        raise Invalid("Give the one certificate that signs.", field="metadata_key")
    wanted = Alteration(
        metadata_url=request.form.get("address", "").strip(),
        metadata_key=key[0] if key else "" if request.form.get("no_key") == "on" else None,
    )
    return _altered(work, desk, application_id, wanted)


@pages.post("/refresh")
@administrator
def refresh(application_id: str) -> Response:
    """Fetch its metadata again now."""
    of = context.settings()
    asked = outside.at_work(lambda work, desk: refreshing.look(work, application_of(work, desk, application_id).id))
    with context.aside():
        fetched = refreshing.fetch(asked, allowed=of.egress.allow_addresses, http_loopback=loopback())
    outcome = outside.at_work(
        lambda work, desk: refreshing.settle(work, asked, fetched, allow_http_loopback=loopback())
    )
    return _refreshed(application_id=application_id, came=outcome.came)


@at_desk
def _refreshed(work: Work, desk: Desk, application_id: str, came: refreshing.Came) -> Response:
    said = {
        refreshing.Came.UNCHANGED: _("It says what is known already."),
        refreshing.Came.APPLIED: _("Its new certificates were taken over."),
        refreshing.Came.OFFERED: _("It says something else, which waits for you below."),
        refreshing.Came.DISCARDED: _("It says what was discarded before."),
        refreshing.Came.FAILED: _("It could not be taken; what is known stays as it is. Why stands below."),
    }
    return done(work, desk, said[came], _HOME, application_id=application_id)


@pages.post("/offer")
@administrator
@at_desk(again=index)
@fresh
def decide(work: Work, desk: Desk, application_id: str) -> Response:
    """Take over what the metadata's address offers, or discard it."""
    application = application_of(work, desk, application_id)
    if request.form.get("decision") == "discard":
        seen.unchanged(application.id, providers.of_application(work, application).version)
        refreshing.discard(work, application.id)
        return done(work, desk, _("Discarded."), _HOME, application_id=application.id)
    proposed = refreshing.apply(
        work,
        application.id,
        if_version=lists.version(),
        if_offer=request.form.get("offer", ""),
        allow_http_loopback=loopback(),
    )
    return done(work, desk, _said(proposed.changes), _HOME, application_id=application.id)


@pages.post("/release")
@administrator
@at_desk(again=index)
def release(work: Work, desk: Desk, application_id: str) -> Response:
    """Say which attributes may leave to it."""
    application = application_of(work, desk, application_id)
    form, version = request.form, lists.version()
    if form.get("what") == "requested":
        proposing.apply(work, application.id, must_ask=True, if_version=version)
    else:
        further = form.get("further", "").replace(",", " ").split()
        chosen = None if form.get("what") == "everything" else [*form.getlist("attribute"), *further]
        policies.set_application_release(work, application.id, chosen, if_version=version)
    return done(work, desk, _("Saved."), _HOME, application_id=application.id)


@pages.post("/rules")
@administrator
@at_desk(again=index)
def change_rules(work: Work, desk: Desk, application_id: str) -> Response:
    """Add a rule, take the place of the one of its name, or remove one."""
    application = application_of(work, desk, application_id)
    own = policies.release_policy(work, application.organization_id, "application", application.id)
    rules = {one.name: one for one in (() if own is None else rules_from_json(own.rules))}
    if request.form.get("remove"):
        rules.pop(request.form["remove"], None)
    else:
        made = _rule()
        rules[made.name] = made
    policies.set_application_rules(work, application.id, tuple(rules.values()), if_version=lists.version())
    return done(work, desk, _("Saved."), _HOME, application_id=application.id)


@pages.post("/rollover")
@administrator
@at_desk(again=index)
@fresh
def roll_over(work: Work, desk: Desk, application_id: str) -> Response:
    """Sign with the new key for it, with the former one again, or note that it has the new one."""
    application, act = application_of(work, desk, application_id), request.form.get("act")
    if act == "switch":
        rollover.switch(work, application.id, anyway=request.form.get("anyway") == "on", if_version=lists.version())
    elif act == "back":
        rollover.back(work, application.id, if_version=lists.version())
    elif act == "confirm":
        seen.unchanged(application.id, providers.of_application(work, application).version)
        rollover.confirm(work, application.id)
    else:
        raise Invalid("This form cannot be read.", field="act", advice="Load the page again.")
    return done(work, desk, _("Saved."), _HOME, application_id=application.id)


def _altered(work: Work, desk: Desk, application_id: str, wanted: Alteration) -> Response:
    application = application_of(work, desk, application_id)
    changes = altering.alter(work, application.id, wanted, if_version=lists.version(), allow_http_loopback=loopback())
    return done(work, desk, _said(changes), _HOME, application_id=application.id)


def _said(changes: Sequence[Change]) -> str:
    if not changes:
        return _("Nothing changed: it is so already.")
    shown = "; ".join(str(one) for one in changes[:_MOST_SAID])
    left = len(changes) - _MOST_SAID
    return _("Saved: %(what)s.", what=f"{shown}; …" if left > 0 else shown)


def _rule() -> Rule:
    form = request.form
    name, kind, value = (form.get(one, "").strip() for one in ("name", "source", "value"))
    if kind != CONSTANT:
        kind = "attribute" if is_attribute_name(value) else "expression"
    return Rule.from_json({"name": name, "source": kind, "value": value})


def _default_of(described: SpDescription) -> str:
    return described.default_consumer().location
