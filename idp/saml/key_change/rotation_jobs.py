"""
The rotation of keys by itself: every hour each site is looked at, and those with something due are turned.

It does what `idp keys rotate --if-due` does, for every site, and nothing that caches do not allow. A SAML key
that an application depends on, or may depend on for all we know, stays; `idp keys campaign` names them.
"""

from collections.abc import Mapping
from typing import Any

from idp.base import jobs
from idp.base.errors import NotFound
from idp.base.work import Work
from idp.directory import keys, queries
from idp.saml.key_change import rotating

SWEEP, KIND = "key-rotation", "key-rotation-of-site"


def sweep(work: Work, payload: Mapping[str, Any]) -> None:
    """Ask for a job for each site that has something due, so that one site's trouble is no other's."""
    for site in keys.due(work):
        jobs.defer(
            work,
            KIND,
            key=f"{KIND}:{site.id}:{work.now:%Y-%m-%dT%H}",
            payload={"site": site.slug},
            organization_id=site.organization_id,
        )


def turn(work: Work, payload: Mapping[str, Any]) -> None:
    """Move the keys of one site one step on, as far as that is due."""
    try:
        site = queries.site(work, str(payload["site"]))
    except NotFound:  # removed since the job was asked for
        return
    rotating.rotate(work, site, at_once=False, unattended=True)
