"""The name that a person is known by (SAML Core 2.0 sections 3.4.1.1 and 8.3)."""

from idp.audit.findings import Finding, Fix, Kind, Place, Remedy, Severity, remedy
from idp.base.texts import joined, phrase, sentence
from idp.saml.doctor.acts import Release, Switch
from idp.saml.doctor.commands import app_of
from idp.saml.doctor.subjects import Attempt, Described, Findings, Here, Registered, Registration, Request
from idp.saml.made_names import NEED_A_SOURCE
from idp.saml.names import EMAIL, UNSPECIFIED

NOT_GIVEN = Kind(
    "nameid-not-given",
    Severity.SERIOUS,
    "a NameID format that we do not give",
    "The request asks for a name that nobody has here; it is answered with InvalidNameIDPolicy.",
)
NONE_STATED = Kind(
    "nameid-format-missing",
    Severity.NOTE,
    "metadata without a NameIDFormat",
    "It does not say which name the application expects. It receives a persistent one, random and for it alone; many "
    "applications expect the e-mail address.",
)
UNKNOWN = Kind(
    "nameid-format-unknown",
    Severity.WARNING,
    "none of the wanted NameID formats is given",
    "The application receives a persistent name instead, and may not know what to do with it.",
)
CONTRADICTS = Kind(
    "nameid-contradicts",
    Severity.WARNING,
    "another NameID format is asked for than the one that is configured",
    "What a request asks for wins over what is configured: people get the requested name.",
    "configures the format that is asked for",
)
NOT_WANTED = Kind(
    "nameid-not-in-metadata",
    Severity.WARNING,
    "the configured NameID format is none of those that the application names",
    "The application may refuse the name, or make a second account for each person.",
    "leaves the format to the metadata",
)
WITHHELD = Kind(
    "nameid-attribute-withheld",
    Severity.SERIOUS,
    "a NameID that needs an attribute which is withheld",
    "The name is made of it (without a source of its own, the e-mail address), and a release policy does not let it "
    "out: everybody is refused with InvalidNameIDPolicy.",
    "releases the attribute to this application, where its own policy alone withholds it",
)
EMPTY = Kind(
    "nameid-attribute-empty",
    Severity.SERIOUS,
    "a NameID that needs an attribute which the person does not have",
    "The name is made of it and a policy lets it out, but the account has no value: the person is refused with "
    "InvalidNameIDPolicy.",
)
NOT_MADE = Kind(
    "nameid-not-made",
    Severity.SERIOUS,
    "a NameID that cannot be made for the person",
    "What names are made of gives none for this person, several, none of that format, or one that somebody else had.",
)
NO_CREATE = Kind(
    "nameid-create-forbidden",
    Severity.SERIOUS,
    "no name may be made for a person who has none yet",
    "The request says AllowCreate=false, and the person was never at this application before.",
)
QUALIFIER = Kind(
    "nameid-of-another",
    Severity.SERIOUS,
    "a name that belongs to another service provider",
    "SPNameQualifier names somebody else; names are given for each application alone.",
)
SUBJECT = Kind(
    "subject-unsupported",
    Severity.SERIOUS,
    "a request about a person that it names in a way that we cannot read",
    "The Subject of the request is encrypted, or asks for another confirmation.",
)
KINDS = (
    NOT_GIVEN,
    NONE_STATED,
    UNKNOWN,
    CONTRADICTS,
    NOT_WANTED,
    WITHHELD,
    EMPTY,
    NOT_MADE,
    NO_CREATE,
    QUALIFIER,
    SUBJECT,
)

_INVALID_POLICY, _UNSUPPORTED = "saml-invalidnameidpolicy", "saml-requestunsupported"


def check_described(described: Described) -> Findings:
    """Does it say what it wants, and can it have that?"""
    formats, given = described.description.nameid_formats, _given(described.registered, described.here)
    if not formats:
        yield NONE_STATED.found(
            phrase("%(whose)s has no NameIDFormat", whose=described.whose),
            here=remedy(
                phrase("If it expects the e-mail address, choose that as its NameID format."),
                f"idp application saml set APP --nameid-format {EMAIL}",
                Place.SAML,
                app_of(described.registered),
            ),
            vendor="Which NameID format do you expect, and what do you recognise a person by?",
        )
    elif not any(one in given for one in formats):
        yield UNKNOWN.found(
            phrase(
                "%(whose)s names %(formats)s; given are %(short)s",
                whose=described.whose,
                formats=", ".join(formats[:5]),
                short=_short(given),
            ),
            vendor=f"Can you work with one of these NameID formats: {_short(given)}?",
        )


def check_registration(registration: Registration) -> Findings:
    """Does what is configured fit what the application names, and can it be made?"""
    registered = registration.registered
    formats, chosen = registered.description.nameid_formats, registered.nameid_format
    if chosen and formats and chosen not in formats and UNSPECIFIED not in formats:
        yield NOT_WANTED.found(
            phrase(
                "configured is %(chosen)s; the metadata names %(formats)s",
                chosen=chosen,
                formats=", ".join(formats[:5]),
            ),
            here="Leave it to the metadata, unless the vendor says otherwise.",
            fix=Fix("leaves the NameID format to the metadata", Switch((("nameid_format", ""),)), _RENAMES),
        )
    given = chosen or next((one for one in formats if one in registered.formats), "")
    yield from _withheld_of(registered, given)


def check_request(request: Request) -> Findings:
    """Can the name that is asked for be given?"""
    asked, registered, here = request.received.request, request.registered, request.here
    if asked is None:
        return
    policy, subject = asked.name_id_policy, asked.subject
    wanted = policy.format if policy is not None else None
    given = _given(registered, here)
    if wanted is not None and wanted not in given:
        yield _not_given(wanted, registered, here)
    if subject is not None:
        if subject.name_id is None:
            yield _subject()
        elif (subject.name_id.format or UNSPECIFIED) not in given:
            yield _not_given(subject.name_id.format or "", registered, here)
    if registered is None or policy is None:
        return
    if policy.sp_name_qualifier not in (None, "", registered.entity_id):
        yield _qualifier(policy.sp_name_qualifier or "", registered)
    if wanted in (None, UNSPECIFIED) or wanted not in given:
        return
    if registered.nameid_format and wanted != registered.nameid_format:
        yield CONTRADICTS.found(
            phrase(
                "the request asks for %(wanted)s; configured is %(nameid_format)s",
                wanted=wanted,
                nameid_format=registered.nameid_format,
            ),
            here="Configure what the application asks for, or ask the vendor to ask for what is configured.",
            vendor=f"Please ask for the NameID format {registered.nameid_format}, or for none.",
            fix=Fix(
                phrase("configures %(format)s", format=wanted.rpartition(":")[2]),
                Switch((("nameid_format", wanted),)),
                _RENAMES,
            ),
        )
    yield from _withheld_of(registered, wanted or "")


def check_attempt(attempt: Attempt) -> Findings:
    """Why could no name be given?"""
    failed, registered = attempt.failed, attempt.registered
    if failed.code == _UNSUPPORTED and failed.reason == "subject":
        yield _subject()
    if failed.code != _INVALID_POLICY:
        return
    if failed.reason == "format":
        yield _not_given(failed.text("received"), registered, attempt.here)
    elif failed.reason == "qualifier" and registered is not None:
        yield _qualifier(failed.text("received"), registered)
    elif failed.reason == "no-create":
        yield NO_CREATE.found(
            phrase(
                "AllowCreate is false, and %(person)s has no name at this application yet",
                person=attempt.person or phrase("the person"),
            ),
            vendor="Please send AllowCreate=true in NameIDPolicy, so that people can come for the first time.",
        )
    elif failed.reason == "made" and failed.texts("missing") and registered is not None:
        missing = [name for name in failed.texts("missing") if name not in attempt.has]
        if missing:  # else it has been given since
            yield _empty(attempt, registered, missing)
    elif failed.reason == "made" and registered is not None:
        yield NOT_MADE.found(
            failed.cause,
            here=remedy(
                phrase("See what would be sent of the person, or let names be made of something else."),
                "idp application saml preview APP; idp application saml set APP --name-id-source EXPR",
                Place.SAML,
                registered.application_id,
            ),
        )
    elif failed.reason == "attribute" and registered is not None:
        name, wanted = failed.text("attribute"), failed.text("wanted")
        if name not in registered.released:
            yield _withheld(registered, name, wanted)


_RENAMES = phrase("People who were there already may be taken for new ones, because they come under another name.")


def _given(registered: Registered | None, here: Here) -> tuple[str, ...]:
    return here.formats if registered is None else registered.formats


def _not_given(wanted: str, registered: Registered | None, here: Here) -> Finding:
    given = _given(registered, here)
    return NOT_GIVEN.found(
        phrase("the request asks for %(wanted)s; given are %(short)s", wanted=wanted, short=_short(given)),
        here=remedy(
            phrase("Say what such a name is made of."),
            "idp application saml set APP --name-id-source EXPR",
            Place.SAML,
            app_of(registered),
        )
        if wanted in NEED_A_SOURCE
        else "",
        vendor="Please leave out the Format of NameIDPolicy, or ask for one of: " + ", ".join(given),
    )


def _withheld_of(registered: Registered, format_: str) -> Findings:
    """Every attribute that a name of that format needs and that may not leave."""
    needed = registered.name_reads if format_ in registered.made_formats else {"email"} if format_ == EMAIL else ()
    for name in sorted(needed):
        if name not in registered.released:
            yield _withheld(registered, name, format_)


def _withheld(registered: Registered, attribute: str, format_: str) -> Finding:
    fix = None
    here: str | Remedy = phrase(
        "The organization withholds “%(attribute)s” from every application: change its release policy.",
        attribute=attribute,
    )
    if attribute in registered.withheld_by_application:
        here = remedy(
            phrase("Release “%(attribute)s” to it, beside those that it has.", attribute=attribute),
            f"idp application release APP --attribute {attribute}",
            Place.SAML,
            registered.application_id,
        )
        fix = Fix(
            phrase("releases “%(attribute)s” to this application", attribute=attribute),
            Release((attribute,)),
            phrase("The application learns the %(attribute)s of everybody who opens it.", attribute=attribute),
        )
    return WITHHELD.found(
        phrase(
            "%(format)s needs “%(attribute)s”; released are %(released)s",
            format=format_.rpartition(":")[2],
            attribute=attribute,
            released=", ".join(registered.released) or phrase("none"),
        ),
        here=here,
        fix=fix,
    )


def _empty(attempt: Attempt, registered: Registered, missing: list[str]) -> Finding:
    names = joined([f"“{one}”" for one in missing], " and ")
    return EMPTY.found(
        phrase(
            "%(cause)s (%(person)s has no value of %(names)s)",
            cause=sentence(attempt.failed.cause),
            person=attempt.person or phrase("the account"),
            names=names,
        ),
        here=Remedy(
            phrase(
                "Give the account a value of %(names)s, or let names be made of something that everybody has.",
                names=names,
            ),
            f"idp account set {attempt.person or 'EMAIL'} --attribute {missing[0]}=VALUE; "
            f"idp application saml set {registered.application_id} --name-id-source EXPR",
            Place.SAML,
            registered.application_id,
        ),
    )


def _qualifier(received: str, registered: Registered) -> Finding:
    return QUALIFIER.found(
        phrase("SPNameQualifier is %(received)s, not %(entity_id)s", received=received, entity_id=registered.entity_id),
        vendor="Please leave out SPNameQualifier, or send your own entity ID in it.",
    )


def _subject() -> Finding:
    return SUBJECT.found(
        "the Subject of the request is not one plain NameID",
        vendor="Please leave out the Subject of the AuthnRequest.",
    )


def _short(formats: tuple[str, ...]) -> str:
    return ", ".join(one.rpartition(":")[2] for one in formats)
