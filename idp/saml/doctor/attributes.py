"""The attributes that the application asks for in its metadata (SAML Metadata 2.0 section 2.4.4.1), and what is sent."""

import shlex

from idp.audit.findings import Fix, Kind, Place, Remedy, Severity, remedy
from idp.base.texts import joined, phrase
from idp.saml.description import RequestedAttribute
from idp.saml.doctor.acts import Release
from idp.saml.doctor.subjects import Described, Findings, Here, Registered, Registration, Sent
from idp.saml.recognizing import recognized

WITHHELD = Kind(
    "attribute-withheld",
    Severity.WARNING,
    "a requested attribute is not released",
    "The application asks for it and does not receive it; some refuse the person then, or show no name.",
    "releases it to this application, where its own policy alone withholds it",
)
OTHER_NAME = Kind(
    "attribute-other-name",
    Severity.WARNING,
    "a requested attribute is not sent under the name that is asked for",
    "Most applications find an attribute by its name alone, and take one under another name for none.",
)
UNKNOWN = Kind(
    "attribute-unknown",
    Severity.NOTE,
    "a requested attribute that accounts here do not have under that name",
    "It is not sent, unless a rule of the release policy sends something under that name.",
)
NEVER = Kind(
    "rule-sends-nothing",
    Severity.WARNING,
    "a rule that can send nothing",
    "It looks at an attribute that may not leave, so it sends nothing of anybody.",
    "releases what it looks at to this application, where its own policy alone withholds it",
)
KINDS = (WITHHELD, OTHER_NAME, UNKNOWN, NEVER)


def check_described(described: Described) -> Findings:
    """Does it receive what it asks for?"""
    registered = described.registered
    for wanted in described.description.requested_attributes:
        if registered is not None and any(_meets(one, wanted) for one in registered.sent):
            continue
        ours = recognized(wanted, described.own)
        needed = phrase("it says that it needs") if wanted.required else phrase("it would like")
        name = wanted.name if not wanted.friendly_name else f"{wanted.friendly_name} ({wanted.name})"
        if ours is None:
            yield UNKNOWN.found(
                phrase(
                    "%(needed)s %(name)s; accounts have %(attributes)s",
                    needed=needed,
                    name=name,
                    attributes=", ".join((*described.here.attributes, *described.own_released)),
                ),
                here=_made_of_something(wanted, registered),
                vendor=f"Do you need the attribute {name}, and what is to be in it?",
            )
        elif registered is not None and ours not in registered.released:
            alone = ours in registered.withheld_by_application
            yield WITHHELD.found(
                phrase(
                    "%(needed)s %(name)s; “%(ours)s” is withheld by the release policy of this application"
                    if alone
                    else "%(needed)s %(name)s; “%(ours)s” is withheld by the release policy of the organization",
                    needed=needed,
                    name=name,
                    ours=ours,
                ),
                here=phrase("Release “%(ours)s”, if the application may know it.", ours=ours)
                if alone
                else _let_out(ours, described.here),
                fix=_release(registered, (ours,)),
            )
        elif registered is not None:
            yield OTHER_NAME.found(
                phrase(
                    "%(needed)s %(name)s; %(sent_instead)s",
                    needed=needed,
                    name=name,
                    sent_instead=_sent_instead(registered, ours),
                ),
                here=remedy(
                    phrase(
                        "Look at what would be sent, then let it be sent so: it takes the place of the application's own rules."
                    ),
                    "idp application saml release-requested APP (first with --dry-run)",
                    Place.SAML,
                    registered.application_id,
                ),
            )


def check_registration(registration: Registration) -> Findings:
    """Is there a rule for nothing?"""
    registered = registration.registered
    for one in registered.sent:
        if one.never:
            yield NEVER.found(
                _rule_that_sends_nothing(one),
                here=remedy(
                    phrase("Let the attribute leave, if the application may know it, or change the rule."),
                    "idp application rules show APP",
                    Place.SAML,
                    registered.application_id,
                ),
                fix=_release(registered, tuple(sorted(one.reads.difference(registered.released)))),
            )


def _made_of_something(wanted: RequestedAttribute, registered: Registered | None) -> Remedy:
    says = phrase("Nothing, if the application works without it; else make it of what accounts have.")
    # The name is what somebody else has written, and may have anything in it.
    rule = shlex.quote(f"{wanted.name}=SOURCE")
    if registered is None:
        return Remedy(says, f"idp application rules set APP --attribute {rule}")
    app = registered.application_id
    return Remedy(says, f"idp application rules set {app} --attribute {rule}", Place.SAML, app)


def _let_out(ours: str, here: Here) -> Remedy:
    return Remedy(
        phrase(
            "If applications may know “%(ours)s” at all, let the organization release it, and its site; name all that may "
            "leave, as the list takes the place of the former one. Then it can be released to this application.",
            ours=ours,
        ),
        f"idp organization release {here.organization} --attribute {ours}",
    )


def _rule_that_sends_nothing(one: Sent) -> str:
    if one.level == "application":
        return phrase("the rule of the application for “%(name)s”: %(never)s", name=one.name, never=one.never)
    if one.level == "site":
        return phrase("the rule of the site for “%(name)s”: %(never)s", name=one.name, never=one.never)
    return phrase("the rule of the organization for “%(name)s”: %(never)s", name=one.name, never=one.never)


def _meets(sent: Sent, wanted: RequestedAttribute) -> bool:
    """
    Say whether something is sent under that name, or by a rule under the friendly name; what is never sent does not count.

    Where no rule has chosen a friendly name, ours is a help for people and nothing that was agreed.
    """
    if not sent.level:
        return sent.name.casefold() == wanted.name.casefold()
    names = {sent.name.casefold(), sent.friendly_name.casefold()} - {""}
    return not sent.never and bool(names & {wanted.name.casefold(), wanted.friendly_name.casefold()})


def _sent_instead(registered: Registered, ours: str) -> str:
    others = [one.name for one in registered.sent if ours in one.reads and not one.never]
    if others:
        return phrase("“%(ours)s” is sent as %(others)s", ours=ours, others=", ".join(others))
    return phrase("“%(ours)s” may leave, and no rule sends it", ours=ours)


def _release(registered: Registered, attributes: tuple[str, ...]) -> Fix | None:
    if not set(attributes) <= set(registered.withheld_by_application):
        return None
    named = joined([f"“{one}”" for one in attributes], " and ")
    return Fix(
        phrase("releases %(named)s to this application", named=named),
        Release(attributes),
        phrase(
            "The application learns the %(attributes)s of everybody who opens it.",
            attributes=joined(attributes, " and the "),
        ),
    )
