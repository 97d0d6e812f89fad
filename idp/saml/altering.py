"""
The verb that changes several things of a service provider at once: switches, where its metadata is from, description.

They are judged together: a certificate and the switch that needs it can come in the same breath.
"""

from dataclasses import dataclass

from idp.base.errors import Invalid
from idp.base.work import Work
from idp.saml import providers, redescribing, switch_words, switches
from idp.saml.difference import Change
from idp.saml.editing import NO_EDIT, Edit
from idp.saml.redescribing import Proposed
from idp.saml.switches import NO_SWITCHES, Switches


@dataclass(frozen=True, slots=True)
class Alteration:
    """
    What to change of a service provider; what is not named stays as it is.

    Args:
        edit: parts of its description.
        document: metadata that is to be everything that is known of it, in the place of an edit.
        metadata_url, metadata_key: see `redescribing.set_source`.
    """

    switches: Switches = NO_SWITCHES
    edit: Edit = NO_EDIT
    document: bytes | None = None
    metadata_url: str | None = None
    metadata_key: str | None = None


def alter(
    work: Work,
    application_id: str,
    wanted: Alteration,
    *,
    if_version: int | None = None,
    allow_http_loopback: bool = False,
) -> tuple[Change, ...]:
    """
    Change a service provider as *wanted*; return what that changed. A dry run is this, and no commit.

    Raises:
        NotFound: no such application that this actor may see.
        Forbidden: the actor may not edit applications there.
        Invalid: something cannot be taken, or does not go with the rest.
        Conflict: somebody else has changed it in the meantime.
    """
    _, provider = redescribing.editable(work, application_id)
    providers.check_version(provider, if_version)
    proposed = _proposed(work, application_id, wanted, allow_http_loopback)
    before = switches.values(provider)
    if wanted.switches != NO_SWITCHES:
        providers.change(
            work, application_id, wanted.switches, described=None if proposed is None else proposed.described
        )
    changes = list(switch_words.difference(before, switches.values(provider)))
    changes += redescribing.set_source(
        work,
        application_id,
        url=wanted.metadata_url,
        key=wanted.metadata_key,
        allow_http_loopback=allow_http_loopback,
    )
    if wanted.document is not None:
        done = redescribing.replace(work, application_id, wanted.document, allow_http_loopback=allow_http_loopback)
        changes += done.changes
    elif wanted.edit != NO_EDIT:
        changes += redescribing.edit(work, application_id, wanted.edit, allow_http_loopback=allow_http_loopback).changes
    return tuple(changes)


def _proposed(work: Work, application_id: str, wanted: Alteration, http_loopback: bool) -> Proposed | None:
    if wanted.document is not None:
        if wanted.edit != NO_EDIT:
            raise Invalid(
                "Metadata is everything that is known: nothing else of it can be changed in the same breath.",
                field="metadata",
                advice="Give --metadata first, then change what you want with a second command.",
            )
        return redescribing.after_metadata(work, application_id, wanted.document, allow_http_loopback=http_loopback)
    if wanted.edit != NO_EDIT:
        return redescribing.after_edit(work, application_id, wanted.edit, allow_http_loopback=http_loopback)
    return None
