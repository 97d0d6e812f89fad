"""What a preview says beside the assertion: under which circumstances, on what conditions, protected how."""

from dataclasses import dataclass

from idp.base.texts import phrase
from idp.directory.policies import AuthenticationFacts
from idp.policy.release import Level, effective, may_leave, withheld
from idp.policy.signon import Decision, Strength
from idp.saml import responses
from idp.saml.facts import ProviderFacts
from idp.saml.speaking import Speaker
from idp.saml.supposed_request import SupposedRequest
from idp.signon.request import SignOnResult
from idp.signon.what_if import WhatIf


@dataclass(frozen=True, slots=True)
class Withheld:
    """An attribute that the person has and that is not sent, and who or what keeps it."""

    attribute: str
    because: str


def circumstances(found: WhatIf) -> str:
    """Return when, from where and on what a person is supposed to sign on."""
    context = found.context
    where = ", ".join(part for part in (context.city, context.country, f"AS{context.asn}" * bool(context.asn)) if part)
    return phrase(
        "on %(at)s UTC, from %(ip)s%(where)s, on a device that %(device)s",
        at=f"{context.at:%Y-%m-%d %H:%M}",
        ip=context.ip,
        where=f" ({where})" if where else "",
        device=phrase("is known") if context.device_known else phrase("is not known"),
    )


def context_origin(decision: Decision, has_second_step: bool) -> str:
    """Return what asks for what would have been proven, and whether the person could prove it today."""
    if decision.required >= Strength.SECOND_STEP and not has_second_step:
        return phrase("%(rule)s; this person has none yet and would be asked to set one up", rule=decision.rule)
    return decision.rule


def conditions(provider: ProviderFacts, policy: AuthenticationFacts, request: SupposedRequest) -> tuple[str, ...]:
    """Return what holds of an assertion, whoever it is of."""
    minutes = int(responses.VALID_FOR.total_seconds() // 60)
    return (
        phrase("for the audience %(entity_id)s alone", entity_id=provider.entity_id),
        phrase("good for %(minutes)s minutes, in answer to no request", minutes=minutes)
        if request.from_our_side
        else phrase("good for %(minutes)s minutes, in answer to one request", minutes=minutes),
        phrase(
            "the session at the application ends after %(hours)s hours at the latest",
            hours=policy.session_absolute_seconds // 3600,
        ),
    )


def kept(known: dict[str, tuple[str, ...]], levels: tuple[Level, ...], result: SignOnResult) -> tuple[Withheld, ...]:
    """Return the attributes of a person that are not sent, and by whose will."""
    kept = [Withheld(name, withheld(name, levels)) for name in known if name not in may_leave(levels)]
    if any(level.rules for level in levels):
        used = {name for rule, _ in effective(levels) for name in rule.reads()}
        kept += [
            Withheld(name, phrase("it may leave, but no rule reads it"))
            for name in result.attributes
            if name not in used
        ]
    return tuple(kept)


def protection(provider: ProviderFacts, who: Speaker, faults: list[str]) -> tuple[str, ...]:
    """Return what would be signed and encrypted; say among *faults* what cannot be."""
    by = phrase(
        "with the key %(key)s (%(algorithm)s)",
        key=who.key.key_id,
        algorithm=who.key.method.algorithm.rpartition("#")[2],
    )
    said: list[str] = [
        phrase("the response is signed %(by)s", by=by)
        if provider.sign_response
        else phrase("the response is not signed"),
        phrase("the assertion is signed %(by)s", by=by)
        if provider.sign_assertion
        else phrase("the assertion is not signed"),
    ]
    if provider.encrypt_name_id:
        said.append(phrase("the NameID is encrypted for the certificate in its metadata"))
        if provider.encryption is None:
            faults.append(phrase("the NameID must be encrypted, and no registered key and method can be used for that"))
    if not provider.encrypt_assertion:
        said.append(
            phrase("the rest is not encrypted")
            if provider.encrypt_name_id
            else phrase("nothing is encrypted beyond the transport")
        )
    elif provider.encryption is None:
        faults.append(phrase("the assertion must be encrypted, and no registered key and method can be used for that"))
    else:
        to = provider.encryption
        said.append(
            phrase(
                "the assertion is encrypted (%(data)s, %(transport)s) for the certificate in its metadata",
                data=to.data.rpartition("#")[2],
                transport=to.transport.rpartition("#")[2],
            )
        )
    return tuple(said)
