"""
The check of OAuth clients: looks at what is registered of one, or at a request of it that was refused, and says in
plain words what is wrong, what that means, and who changes what.

The lists are read from top to bottom. A check is a pure function, from one frozen value (see `subjects`) to
findings; each file has one subject and its kinds of findings. A new check is a file, a line in a list and a line in
`_SUBJECTS`. `gathering` and `examination` bring what they look at.
"""

from types import ModuleType

from idp.audit.findings import Kind
from idp.oidc.checking import (
    access,
    algorithms,
    appearance,
    assertions,
    authenticating,
    authentication,
    clients,
    codes,
    consent,
    devices,
    encryption,
    flows,
    hints,
    keys,
    launching,
    logout,
    otherwise,
    parameters,
    pkce,
    prompting,
    proofs,
    redirect_uris,
    refreshing,
    requests,
    resources,
    scopes,
    sectors,
    standing,
    tokens,
)
from idp.oidc.checking.subjects import AttemptCheck, RegistrationCheck

REGISTRATION: tuple[RegistrationCheck, ...] = (
    access.check_registration,
    redirect_uris.check_registration,
    flows.check_registration,
    pkce.check_registration,
    authentication.check_registration,
    assertions.check_registration,
    keys.check_registration,
    encryption.check_registration,
    requests.check_registration,
    refreshing.check_registration,
    scopes.check_registration,
    sectors.check_registration,
    consent.check_registration,
    logout.check_registration,
    launching.check_registration,
    appearance.check_registration,
    authenticating.check_registration,
    algorithms.check_registration,
)
"""Of what is registered."""

ATTEMPT: tuple[AttemptCheck, ...] = (
    parameters.check_attempt,
    clients.check_attempt,
    redirect_uris.check_attempt,
    flows.check_attempt,
    pkce.check_attempt,
    authentication.check_attempt,
    assertions.check_attempt,
    codes.check_attempt,
    refreshing.check_attempt,
    standing.check_attempt,
    scopes.check_attempt,
    resources.check_attempt,
    prompting.check_attempt,
    hints.check_attempt,
    access.check_attempt,
    proofs.check_attempt,
    tokens.check_attempt,
    devices.check_attempt,
    logout.check_attempt,
)
"""Of each refused step of a recorded attempt."""

_SUBJECTS: tuple[ModuleType, ...] = (
    redirect_uris,
    flows,
    pkce,
    authentication,
    assertions,
    keys,
    encryption,
    requests,
    clients,
    parameters,
    codes,
    refreshing,
    standing,
    scopes,
    resources,
    sectors,
    consent,
    prompting,
    hints,
    authenticating,
    algorithms,
    tokens,
    proofs,
    devices,
    logout,
    launching,
    appearance,
    access,
    otherwise,
)

KINDS: tuple[Kind, ...] = tuple(kind for subject in _SUBJECTS for kind in subject.KINDS)
"""Every kind of finding there is."""
