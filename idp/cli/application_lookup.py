"""From what people call an application to the application, and everything that is shown of it."""

from collections.abc import Sequence
from typing import Any

from idp.base.errors import NotFound
from idp.base.work import Work
from idp.cli import show
from idp.directory import applications, bookmarks, policies, queries
from idp.directory.models import Application
from idp.oidc import clients
from idp.saml import providers


def find(work: Work, reference: str) -> Application:
    """
    Return the application that *reference* names: our id, an entity ID, or a client_id.

    Raises:
        NotFound: none that this actor may see.
        Conflict: several sites know that entity ID.
    """
    if reference.startswith("app_"):
        return queries.application(work, reference)
    found = clients.find_application(work, reference) or providers.find_application(work, reference)
    if found is None:
        raise NotFound(
            f"There is no application “{reference[:200]}”.",
            field="application",
            advice="Name it by our id (app_…), its entity ID or its client_id; see: idp application list",
        )
    return found


def known_as(work: Work, applications_: Sequence[Application]) -> dict[str, str]:
    """Return what each application is known by to its protocol, an entity ID or a client_id, by our id."""
    of = {one.organization_id for one in applications_}
    return providers.entity_ids(work, of) | clients.client_ids(work, of)


def full(work: Work, of: Application) -> dict[str, Any]:
    """Return what is shown of an application: its neutral half, its protocol's, and who may open it."""
    value = show.application(of)
    value["access"] = [show.access_grant(one, subject) for one, subject in applications.grants_with_subjects(work, of)]
    value["receives_at_most"] = [] if of.protocol == bookmarks.PROTOCOL else policies.releasable(work, of)
    if of.protocol == clients.PROTOCOL:
        value["oidc"] = clients.represent(clients.of_application(work, of))
    elif of.protocol == providers.PROTOCOL:
        provider = providers.of_application(work, of)
        value["saml"] = {**providers.represent(provider, work.now), "warnings": providers.warnings(provider, work.now)}
    return value
