"""The doctor of an application, its fixes; and what it would receive of a person."""

import json
from typing import Any

from flask import Blueprint, Response, request, url_for

from idp.audit.findings import Examination, offered
from idp.base.errors import IdpError
from idp.base.work import Work
from idp.directory import history, reaching
from idp.directory.models import Application
from idp.directory.rights import require_on
from idp.oidc import apis, clients
from idp.oidc import preview as token_preview
from idp.oidc.checking import examination as client_check
from idp.oidc.checking import remedies as client_remedies
from idp.policy.permissions import Permission
from idp.saml import preview as assertion_preview
from idp.saml import providers
from idp.saml.doctor import examination, remedies
from idp.saml.doctor.examination import Given
from idp.saml.messages import COMPARISONS
from idp.saml.supposed_request import SupposedRequest
from idp.signon.what_if import Supposed
from idp.web import context
from idp.web.console import confirming, lists
from idp.web.console.application_page import PLACE, application_of, application_page, loopback, onward
from idp.web.console.desk import Desk, at_desk, done, fresh
from idp.web.languages import gettext as _
from idp.web.languages import in_words, ngettext
from idp.web.security import administrator

pages = Blueprint("console_application_checks", __name__, url_prefix="/admin/applications/<application_id>")

_LONGEST_GIVEN = 48 * 1024


@pages.get("/doctor")
@administrator
@at_desk
def doctor(work: Work, desk: Desk, application_id: str) -> Response:
    """Show what is wrong with an application, and with one attempt of it if ``attempt`` names one."""
    application = application_of(work, desk, application_id)
    return _doctor(work, desk, application, _examined(work, application))


@pages.post("/doctor")
@administrator
@at_desk(again=doctor)
def examine(work: Work, desk: Desk, application_id: str) -> Response:
    """Look at a request that somebody has: XML, base64, an address, a form."""
    application = application_of(work, desk, application_id)
    given = request.form.get("request", "")[:_LONGEST_GIVEN].encode("utf-8", "surrogateescape")
    examined = _examined(work, application, given)
    return _doctor(work, desk, application, examined)


@pages.get("/doctor/fix")
@administrator
@at_desk(again=doctor)
@fresh
def ask_to_fix(work: Work, desk: Desk, application_id: str) -> Response:
    """Say what a fix changes, what it risks, and for how many."""
    application = application_of(work, desk, application_id)
    require_on(work, Permission.APPLICATION_EDIT, application)
    kind, found = lists.filters("kind")["kind"], _examined(work, application).findings
    fixes = offered(kind, found)
    where: dict[str, Any] = {"application_id": application.id, **_named(), **onward()}
    count = reaching.application(work, application)
    says = [
        f"{in_words(one.does)}. {_('Risk:') + ' ' + in_words(one.risk) if one.risk else ''}".strip() for one in fixes
    ]
    said = ngettext(
        "It counts from the next sign-on of %(num)s person who may open it.",
        "It counts from the next sign-on of %(num)s people who may open it.",
        count,
    )
    question = confirming.Question(
        title=_("Change %(name)s?", name=application.name),
        says=[*says, said % {"num": count}],
        button=_("Change it"),
        action=url_for("console_application_checks.fix", **where),
        back=(url_for("console_application_checks.doctor", **where), application.name),
        carried=[("kind", kind)],
        version=_version(work, application),
    )
    return confirming.ask(work, desk, question, place=PLACE)


@pages.post("/doctor/fix")
@administrator
@at_desk(again=doctor)
@fresh
def fix(work: Work, desk: Desk, application_id: str) -> Response:
    """Apply the fix that is offered for one kind of finding."""
    application = application_of(work, desk, application_id)
    found, kind = _examined(work, application).findings, request.form.get("kind", "")
    if application.protocol == clients.PROTOCOL:
        applied = client_remedies.apply(
            work,
            application.id,
            kind,
            found,
            if_version=lists.version(),
            base_url=context.settings().base_url,
            allow_http_loopback=loopback(),
        )
    else:
        applied = remedies.apply(work, application.id, kind, found, if_version=lists.version())
    words = _("Done: %(what)s.", what="; ".join(in_words(one.does) for one in applied))
    return done(
        work, desk, words, "console_application_checks.doctor", application_id=application.id, **_named(), **onward()
    )


@pages.get("/preview")
@administrator
@at_desk
def preview(work: Work, desk: Desk, application_id: str) -> Response:
    """Show what the application would receive of ``account``: of whoever asks, unless the address says another."""
    application = application_of(work, desk, application_id)
    account = request.args.get("account", "").strip() or desk.session.email
    wish = request.args.get("wish", "").strip()
    resource, single = request.args.get("resource", "").strip(), request.args.get("claims", "").strip()
    asked = lists.filters("acs", "contexts", "comparison", "from_our_side", "ip", "known")
    seen: token_preview.Preview | assertion_preview.Preview | None = None
    text, fault = "", None
    try:
        if application.protocol == clients.PROTOCOL:
            seen = token_preview.preview(
                work,
                context.settings().base_url,
                application.id,
                account,
                scope=wish,
                resource=resource,
                single=single,
            )
        else:
            place = assertion_preview.place_of(work, application.id, context.settings().base_url)
            of_saml = assertion_preview.preview(
                work, place, application.id, account, request=_request(wish, asked), supposed=_supposed(work, asked)
            )
            seen, text = of_saml, assertion_preview.indented(of_saml.xml) if of_saml.xml else ""
    except IdpError as error:
        fault = error
    return application_page(
        work,
        desk,
        "preview",
        application,
        "preview",
        account=account,
        wish=wish,
        resource=resource,
        single=single,
        asked=asked,
        comparisons=[(one, one) for one in sorted(COMPARISONS)],
        apis=_apis(work, application),
        seen=seen,
        xml=text,
        tokens=_tokens(seen) if isinstance(seen, token_preview.Preview) else [],
        fault=fault,
    )


def _request(wish: str, asked: dict[str, str]) -> SupposedRequest:
    return SupposedRequest(
        nameid_format=wish or None,
        consumer=asked["acs"],
        comparison=asked["comparison"],
        classes=tuple(asked["contexts"].split()),
        from_our_side=bool(asked["from_our_side"]),
    )


def _supposed(work: Work, asked: dict[str, str]) -> Supposed:
    ip = asked["ip"] or assertion_preview.FROM
    return Supposed(at=work.now, ip=ip, place=work.origin.locate(ip), known_device=bool(asked["known"]))


def _doctor(work: Work, desk: Desk, application: Application, examined: Examination) -> Response:
    return application_page(
        work,
        desk,
        "doctor",
        application,
        "doctor",
        examined=examined,
        version=_version(work, application),
        given=request.form.get("request", ""),
        attempt=request.args.get("attempt", ""),
    )


def _examined(work: Work, application: Application, given: bytes = b"") -> Examination:
    base_url = context.settings().base_url
    reference = request.args.get("attempt", "")
    attempt = history.attempt(work, reference) if reference else None
    if attempt is not None and attempt.application_id not in (None, application.id):
        attempt = None
    if application.protocol == clients.PROTOCOL:
        return client_check.of_application(work, application, attempt, base_url=base_url, http_loopback=loopback())
    looked = Given(request=given or None, attempt=attempt)
    return examination.of_application(work, application, looked, base_url=base_url, http_loopback=loopback())


def _version(work: Work, application: Application) -> int:
    if application.protocol == clients.PROTOCOL:
        return clients.of_application(work, application).version
    return providers.of_application(work, application).version


def _named() -> dict[str, str]:
    """The attempt that is looked at, for the address of the page: its findings offer fixes, too."""
    reference = request.args.get("attempt", "")
    return {"attempt": reference} if reference else {}


def _tokens(seen: token_preview.Preview) -> list[tuple[str, str]]:
    def written(said: dict[str, Any]) -> str:
        return json.dumps(said, indent=2, ensure_ascii=False) if said else ""

    access = _("Access token, as the API is told when it asks about it") if seen.opaque else _("Access token")
    return [
        (_("ID token"), written(seen.id_token)),
        (_("UserInfo"), written(seen.userinfo)),
        (access, written(seen.access_token)),
    ]


def _apis(work: Work, application: Application) -> list[tuple[str, str]]:
    """Return the APIs that a request of the application can name: identifier and name, as far as the actor may see them."""
    if application.protocol != clients.PROTOCOL:
        return []
    every = apis.listed(work, organization_id=application.organization_id, site_id=application.site_id)
    return [(one.identifier, one.name) for one in every if one.disabled_at is None]
