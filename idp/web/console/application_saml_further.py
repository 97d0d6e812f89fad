"""What few SAML applications need: old algorithms, names of contexts, name identifier management, encryption, what it shows."""

from datetime import UTC, datetime

from flask import Blueprint, Response, request

from idp.base.errors import Invalid
from idp.base.texts import phrase
from idp.base.work import Work
from idp.saml import altering, contexts, encryption_words, legacy, providers
from idp.saml.altering import Alteration
from idp.saml.description import Endpoint, SpDescription
from idp.saml.editing import Edit
from idp.saml.names import POST, REDIRECT, SOAP
from idp.saml.switches import Switches
from idp.web.console import lists, metadata_given
from idp.web.console.application_page import application_of, application_page, loopback
from idp.web.console.desk import Desk, at_desk, done, fresh
from idp.web.languages import gettext as _
from idp.web.security import administrator

pages = Blueprint(
    "console_application_saml_further", __name__, url_prefix="/admin/applications/<application_id>/saml/further"
)

_HOME = "console_application_saml_further.index"
_BINDINGS = {"redirect": REDIRECT, "post": POST, "soap": SOAP}
_WORD_OF = {uri: word for word, uri in _BINDINGS.items()}
_ABOUT = ("description", "logo_url", "information_url", "privacy_url")


@pages.get("")
@administrator
@at_desk
def index(work: Work, desk: Desk, application_id: str) -> Response:
    """Show what few applications need; each part can be changed."""
    application = application_of(work, desk, application_id)
    provider = providers.of_application(work, application)
    described = SpDescription.from_json(provider.description)
    methods = {encryption_words.words(method) for key in described.encryption_keys for method in key.methods}
    return application_page(
        work,
        desk,
        "saml_further",
        application,
        "protocol",
        provider=provider,
        warnings=providers.warnings(provider, work.now),
        risks=legacy.RISKS,
        longest=legacy.LONGEST.days,
        strengths=tuple(contexts.WORDS),
        says=[f"{word}={name}" for word, name in provider.context_map.get("says", {}).items()],
        means=[f"{name}={word}" for name, word in provider.context_map.get("means", {}).items()],
        endpoints=[_endpoint_line(one) for one in described.name_id_endpoints],
        methods=sorted(methods),
        has_keys=bool(described.encryption_keys),
        valid_until="" if described.valid_until is None else described.valid_until.strftime("%Y-%m-%dT%H:%M:%SZ"),
        cache_duration="" if described.cache_seconds is None else f"PT{described.cache_seconds}S",
        about=described.about,
        names_in=[f"{language}={name}" for language, name in described.about.names],
    )


@pages.post("/legacy")
@administrator
@at_desk(again=index)
@fresh
def allow(work: Work, desk: Desk, application_id: str) -> Response:
    """Allow old algorithms until a day, or none any more."""
    chosen = tuple(request.form.getlist("algorithm"))
    until = _day(request.form.get("until", "").strip()) if chosen else None
    return _altered(work, desk, application_id, Alteration(Switches(legacy_algorithms=chosen, legacy_until=until)))


@pages.post("/contexts")
@administrator
@at_desk(again=index)
@fresh
def name_contexts(work: Work, desk: Desk, application_id: str) -> Response:
    """Say what classes of authentication contexts mean between us and it; both empty: what the standard says."""
    says = dict(_pair(line, "says", first=True) for line in metadata_given.lines("says"))
    means = dict(_pair(line, "means", first=False) for line in metadata_given.lines("means"))
    chosen = {"says": says, "means": means} if says or means else {}
    return _altered(work, desk, application_id, Alteration(Switches(context_map=chosen)))


@pages.post("/names")
@administrator
@at_desk(again=index)
def manage_names(work: Work, desk: Desk, application_id: str) -> Response:
    """Say where it takes requests for name identifier management: what is in the form is all that there is."""
    application = application_of(work, desk, application_id)
    before = SpDescription.from_json(providers.of_application(work, application).description).name_id_endpoints
    wanted = tuple(_endpoint(line) for line in metadata_given.lines("endpoints"))
    there = {one.location for one in wanted}
    edit = Edit(
        add_name_id=tuple(one for one in wanted if one not in before),
        remove_name_id=tuple(one.location for one in before if one.location not in there),
        response_locations={one.location: one.response_location for one in wanted},
    )
    return _altered(work, desk, application_id, Alteration(edit=edit))


@pages.post("/encryption")
@administrator
@at_desk(again=index)
def choose_encryption(work: Work, desk: Desk, application_id: str) -> Response:
    """Say what it can decrypt, all of it; nothing: it does not say."""
    methods = tuple(encryption_words.read(line) for line in metadata_given.lines("methods"))
    return _altered(work, desk, application_id, Alteration(edit=Edit(encryption_methods=methods)))


@pages.post("/validity")
@administrator
@at_desk(again=index)
@fresh
def say_how_long(work: Work, desk: Desk, application_id: str) -> Response:
    """Say until when what is known of it may be used, and after how long its metadata is fetched again."""
    edit = Edit(
        valid_until=request.form.get("valid_until", "").strip(),
        cache_duration=request.form.get("cache_duration", "").strip(),
    )
    return _altered(work, desk, application_id, Alteration(edit=edit))


@pages.post("/about")
@administrator
@at_desk(again=index)
def tell_about(work: Work, desk: Desk, application_id: str) -> Response:
    """Say what it shows of itself to people."""
    application = application_of(work, desk, application_id)
    before = SpDescription.from_json(providers.of_application(work, application).description).about
    names = dict(_pair(line, "names_in", first=True) for line in metadata_given.lines("names_in"))
    edit = Edit(
        about={name: request.form.get(name, "").strip() for name in _ABOUT},
        names_in={**{language: "" for language, _name in before.names}, **names},
    )
    return _altered(work, desk, application_id, Alteration(edit=edit))


def _altered(work: Work, desk: Desk, application_id: str, wanted: Alteration) -> Response:
    application = application_of(work, desk, application_id)
    changes = altering.alter(work, application.id, wanted, if_version=lists.version(), allow_http_loopback=loopback())
    words = (
        _("Saved: %(what)s.", what="; ".join(str(one) for one in changes)[:800])
        if changes
        else _("Nothing changed: it is so already.")
    )
    return done(work, desk, words, _HOME, application_id=application.id)


def _day(typed: str) -> datetime:
    try:
        return datetime.strptime(typed, "%Y-%m-%d").replace(tzinfo=UTC)
    except ValueError:
        raise Invalid("The end is no date.", field="until", advice="Write it like 2027-01-31.") from None


def _pair(line: str, field: str, *, first: bool) -> tuple[str, str]:
    """Classes are addresses and may hold “=”: what is no class is before the first or behind the last one."""
    name, sign, value = line.partition("=") if first else line.rpartition("=")
    if not sign or not name.strip() or not value.strip():
        raise Invalid(
            phrase("“%(line)s” is no pair.", line=line[:120]), field=field, advice="Write it with “=” in between."
        )
    return name.strip(), value.strip()


def _endpoint_line(one: Endpoint) -> str:
    return " ".join(filter(None, (_WORD_OF.get(one.binding, one.binding), one.location, one.response_location)))


def _endpoint(line: str) -> Endpoint:
    word, *addresses = line.split()
    if word not in _BINDINGS or not 1 <= len(addresses) <= 2:
        raise Invalid(
            phrase("“%(line)s” is no address with its binding.", line=line[:200]),
            field="endpoints",
            advice="Write it like: soap https://sp.example/nim",
        )
    return Endpoint(_BINDINGS[word], addresses[0], response_location="".join(addresses[1:]))
