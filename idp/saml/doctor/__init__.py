"""
The doctor of a service provider: looks at what it sent, or what is registered of it, and says in plain words
what is wrong, what that means, and who changes what.

The lists are read from top to bottom. A check is a pure function, from one frozen value (see `subjects`) to
findings; each file has one subject and its kinds of findings. A new check is a file, a line in a list and a line in
`_SUBJECTS`. `examination` gathers what they look at; `remedies` applies a fix.
"""

from types import ModuleType

from idp.audit.findings import Kind
from idp.saml.doctor import (
    about,
    access,
    access_rules,
    addresses,
    attributes,
    certificates,
    clock,
    consumers,
    context,
    destination,
    document,
    encryption,
    entity_id,
    expired,
    issuer,
    logout,
    name_id,
    old_algorithms,
    our_key,
    prompting,
    readable,
    refreshing,
    replay,
    scoping,
    signature,
    signing,
    unreachable,
    unsolicited,
    validity,
    values,
)
from idp.saml.doctor.subjects import AttemptCheck, DescribedCheck, MetadataCheck, RegistrationCheck, RequestCheck

DESCRIBED: tuple[DescribedCheck, ...] = (
    entity_id.check_described,
    validity.check_described,
    consumers.check_described,
    addresses.check_described,
    certificates.check_described,
    encryption.check_described,
    name_id.check_described,
    attributes.check_described,
    logout.check_described,
)
"""Of every description, whether it was just given or is registered."""

METADATA: tuple[MetadataCheck, ...] = (
    document.check,
    entity_id.check_metadata,
    certificates.check_metadata,
    consumers.check_metadata,
    refreshing.check_metadata,
)
"""Of a document, by itself and beside what is registered."""

REGISTRATION: tuple[RegistrationCheck, ...] = (
    access.check_registration,
    expired.check_registration,
    certificates.check_registration,
    signing.check_registration,
    encryption.check_registration,
    name_id.check_registration,
    unsolicited.check_registration,
    entity_id.check_registration,
    validity.check_registration,
    attributes.check_registration,
    old_algorithms.check_registration,
    refreshing.check_registration,
    our_key.check_registration,
)
"""Of what is registered and how it is switched."""

REQUEST: tuple[RequestCheck, ...] = (
    readable.check_request,
    issuer.check_request,
    signature.check_request,
    destination.check_request,
    clock.check_request,
    consumers.check_request,
    name_id.check_request,
    context.check_request,
    prompting.check_request,
    unsolicited.check_request,
    replay.check_request,
    logout.check_request,
)
"""Of a request."""

ATTEMPT: tuple[AttemptCheck, ...] = (
    readable.check_attempt,
    issuer.check_attempt,
    expired.check_attempt,
    signature.check_attempt,
    destination.check_attempt,
    clock.check_attempt,
    consumers.check_attempt,
    name_id.check_attempt,
    context.check_attempt,
    scoping.check_attempt,
    prompting.check_attempt,
    unsolicited.check_attempt,
    replay.check_attempt,
    about.check_attempt,
    access.check_attempt,
    access_rules.check_attempt,
    addresses.check_attempt,
    values.check_attempt,
    encryption.check_attempt,
    logout.check_attempt,
)
"""Of each refused step of a recorded attempt."""

_SUBJECTS: tuple[ModuleType, ...] = (
    document,
    entity_id,
    validity,
    expired,
    unreachable,
    refreshing,
    addresses,
    consumers,
    certificates,
    signing,
    signature,
    old_algorithms,
    our_key,
    encryption,
    name_id,
    attributes,
    logout,
    access,
    access_rules,
    readable,
    issuer,
    destination,
    clock,
    context,
    scoping,
    prompting,
    about,
    values,
    unsolicited,
    replay,
)

KINDS: tuple[Kind, ...] = tuple(kind for subject in _SUBJECTS for kind in subject.KINDS)
"""Every kind of finding there is."""
