"""Conditions on the session of a request: what was proven in it, and how long ago. Pure."""

from dataclasses import dataclass
from datetime import timedelta

from idp.base.texts import phrase
from idp.policy.access.asked import METHODS, Asked, Names, all_of, lasting, listed
from idp.policy.access.context import Context
from idp.policy.signon import Method


@dataclass(frozen=True, slots=True)
class Proven:
    """One of these methods was proven in the session."""

    methods: frozenset[Method]

    def holds(self, asked: Asked) -> bool | None:
        context = asked.context
        if not context.session_known:
            return None
        return any(proof.method in self.methods for proof in context.proofs)

    def unknown(self, _: Asked) -> frozenset[str]:
        return frozenset({"proofs"})

    def said(self, _: Names) -> str:
        return phrase("%(methods)s was proven", methods=listed(frozenset(self.methods), METHODS))

    def found(self, asked: Asked, _: Names) -> str:
        return _proven_words(asked.context)


@dataclass(frozen=True, slots=True)
class NotProven:
    """None of these methods was proven in the session."""

    methods: frozenset[Method]

    def holds(self, asked: Asked) -> bool | None:
        context = asked.context
        if not context.session_known:
            return None
        return not any(proof.method in self.methods for proof in context.proofs)

    def unknown(self, _: Asked) -> frozenset[str]:
        return frozenset({"proofs"})

    def said(self, _: Names) -> str:
        return phrase("%(methods)s was not proven", methods=listed(frozenset(self.methods), METHODS))

    def found(self, asked: Asked, _: Names) -> str:
        return _proven_words(asked.context)


@dataclass(frozen=True, slots=True)
class SessionOlder:
    """The session is older than this."""

    than: timedelta

    def holds(self, asked: Asked) -> bool | None:
        context = asked.context
        if context.session_started_at is None:
            return False if context.session_known else None
        return context.at - context.session_started_at > self.than

    def unknown(self, _: Asked) -> frozenset[str]:
        return frozenset({"session_started_at"})

    def said(self, _: Names) -> str:
        return phrase("the session is older than %(time)s", time=lasting(self.than))

    def found(self, asked: Asked, _: Names) -> str:
        began = asked.context.session_started_at
        if began is None:
            return phrase("there is no session")
        return phrase("it began %(time)s ago", time=lasting(asked.context.at - began))


@dataclass(frozen=True, slots=True)
class ProofOlder:
    """What was proven last in the session is older than this."""

    than: timedelta

    def holds(self, asked: Asked) -> bool | None:
        context = asked.context
        if not context.session_known:
            return None
        return bool(context.proofs) and context.at - max(proof.at for proof in context.proofs) > self.than

    def unknown(self, _: Asked) -> frozenset[str]:
        return frozenset({"proofs"})

    def said(self, _: Names) -> str:
        return phrase("the last proof is older than %(time)s", time=lasting(self.than))

    def found(self, asked: Asked, _: Names) -> str:
        proofs = asked.context.proofs
        if not proofs:
            return phrase("nothing was proven yet")
        return phrase("it is %(time)s old", time=lasting(asked.context.at - max(proof.at for proof in proofs)))


def _proven_words(context: Context) -> str:
    proven = frozenset[str](proof.method for proof in context.proofs)
    if not proven:
        return phrase("nothing was proven yet")
    return phrase("what was proven is %(methods)s", methods=all_of(proven, METHODS))
