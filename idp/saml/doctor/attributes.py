"""The attributes that the application asks for in its metadata (SAML Metadata 2.0 section 2.4.4.1), and what is sent."""

from idp.audit.findings import Fix, Kind, Severity
from idp.saml.description import RequestedAttribute
from idp.saml.doctor.acts import Release
from idp.saml.doctor.subjects import Described, Findings, Registered, Registration, Sent
from idp.saml.proposals import recognized

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
        ours = recognized(wanted)
        needed = "it says that it needs" if wanted.required else "it would like"
        name = wanted.name if not wanted.friendly_name else f"{wanted.friendly_name} ({wanted.name})"
        if ours is None:
            app = registered.application_id if registered is not None else "APP"
            yield UNKNOWN.found(
                f"{needed} {name}; accounts have {', '.join(described.here.attributes)}",
                here="Nothing, if the application works without it; else make it of what accounts have: "
                f"idp application rules set {app} --attribute '{wanted.name}=SOURCE'",
                vendor=f"Do you need the attribute {name}, and what is to be in it?",
            )
        elif registered is not None and ours not in registered.released:
            alone = ours in registered.withheld_by_application
            yield WITHHELD.found(
                f"{needed} {name}; “{ours}” is withheld by the release policy of {'this application' if alone else 'the organization'}",
                here=f"Release “{ours}”, if the application may know it.",
                fix=_release(registered, (ours,)),
            )
        elif registered is not None:
            yield OTHER_NAME.found(
                f"{needed} {name}; {_sent_instead(registered, ours)}",
                here=f"Look at what would be sent: idp application saml release-requested {registered.application_id} "
                "--dry-run. Without --dry-run it is sent so, and takes the place of the application's own rules.",
            )


def check_registration(registration: Registration) -> Findings:
    """Is there a rule for nothing?"""
    registered = registration.registered
    for one in registered.sent:
        if one.never:
            yield NEVER.found(
                f"the rule of the {one.level} for “{one.name}”: {one.never}",
                here="Let the attribute leave, if the application may know it, or change the rule: "
                f"idp application rules show {registered.application_id}",
                fix=_release(registered, tuple(sorted(one.reads.difference(registered.released)))),
            )


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
        return f"“{ours}” is sent as {', '.join(others)}"
    return f"“{ours}” may leave, and no rule sends it"


def _release(registered: Registered, attributes: tuple[str, ...]) -> Fix | None:
    if not set(attributes) <= set(registered.withheld_by_application):
        return None
    named = " and ".join(f"“{one}”" for one in attributes)
    return Fix(
        f"releases {named} to this application",
        Release(attributes),
        f"The application learns the {' and the '.join(attributes)} of everybody who opens it.",
    )
