"""The catalogue of audit events, a room for each noun: import an event from here."""

from idp.audit.events.access_policies import *
from idp.audit.events.accounts import *
from idp.audit.events.api_tokens import *
from idp.audit.events.apis import *
from idp.audit.events.applications import *
from idp.audit.events.authentication_policies import *
from idp.audit.events.clients import *
from idp.audit.events.devices import *
from idp.audit.events.domains import *
from idp.audit.events.event import Event as Event
from idp.audit.events.factors import *
from idp.audit.events.groups import *
from idp.audit.events.joining import *
from idp.audit.events.keys import *
from idp.audit.events.launcher import *
from idp.audit.events.lists import *
from idp.audit.events.organizations import *
from idp.audit.events.provisioning import *
from idp.audit.events.provisioning_targets import *
from idp.audit.events.release import *
from idp.audit.events.roles import *
from idp.audit.events.runs import *
from idp.audit.events.service_providers import *
from idp.audit.events.sessions import *
from idp.audit.events.sites import *
from idp.audit.events.zones import *


def catalogue() -> dict[str, type[Event]]:
    """Return every event by its tag."""
    return {event.tag: event for event in Event.__subclasses__()}
