"""
Measure one decision of contextual access: ``python -m bench.access``.

The worst case of the size that has a bar: 200 rules of which none matches before the last, each with several
conditions and a zone of its own to look at, 50 zones of 10,000 networks together. An address is new to the process every
time, as that of a person who comes once a day is.
"""

import random
import statistics
import time
from datetime import UTC, date, datetime, timedelta

from idp.policy.access.context import AccountKind, Behaviour, Context, RequestKind
from idp.policy.access.evaluate import Compiled, evaluate
from idp.policy.access.networks import CompiledZone, compile_zone, parsed
from idp.policy.access.rules import (
    Answer,
    Conditions,
    Devices,
    Effect,
    Networks,
    People,
    Rule,
    Rules,
    Sessions,
    Targets,
    Times,
)
from idp.policy.signon import Method, Proof, Strength

RULES, ZONES, NETWORKS = 200, 50, 10_000
BAR_SECONDS = 0.001
NOON = datetime(2030, 1, 1, 12, tzinfo=UTC)


def zones() -> dict[str, CompiledZone]:
    """Return fifty zones of two hundred networks each, a fifth of them IPv6, with countries and systems."""
    each = NETWORKS // ZONES
    return {
        f"zone{z}": compile_zone(
            [f"2001:db8:{z:x}:{n:x}::/64" if n % 5 == 0 else f"10.{z}.{n}.0/25" for n in range(each)],
            [str(64500 + z)],
            ["FR", "IT"],
            [],
        )
        for z in range(ZONES)
    }


def policy() -> Compiled:
    """Return a policy of 200 rules that are all looked at, to their last condition."""

    def rule(n: int) -> Rule:
        conditions = Conditions(
            people=People(groups=frozenset({f"group{n}", "staff"}), except_accounts=frozenset({f"someone{n}"})),
            targets=Targets(except_applications=frozenset({f"app{n}"})),
            networks=Networks(zones=frozenset({f"zone{n % ZONES}", f"zone{(n + 7) % ZONES}"})),
            devices=Devices(known=True) if n % 3 == 0 else Devices(),
            times=Times("Europe/Berlin", frozenset(range(5)), 480, 1080, date(2030, 1, 1)) if n % 2 == 0 else None,
            behaviours=frozenset({Behaviour.NEW_COUNTRY}) if n % 5 == 4 else frozenset(),
            sessions=Sessions(not_proven=frozenset({Method.PASSKEY})) if n % 4 == 0 else Sessions(),
        )
        return Rule(f"r{n}", f"Rule {n}", conditions, Answer(Effect.REQUIRE, Strength.SECOND_STEP))

    def guard(n: int) -> Rule:
        return Rule(f"g{n}", f"Guard {n}", rule(n).conditions, Answer(Effect.DENY))

    rules = Rules(tuple(guard(n) for n in range(50)), tuple(rule(n) for n in range(50, RULES)))
    return Compiled("policy", "Policy", 1, rules, zones())


def contexts(count: int) -> list[Context]:
    """Return requests from addresses that are in no zone, each from another one."""
    numbers = random.Random(1)
    return [
        Context(
            at=NOON + timedelta(seconds=n),
            request=RequestKind.SAML,
            account_id=f"account{n}",
            kind=AccountKind.MEMBER,
            groups=frozenset({"staff", "berlin", "engineering"}),
            application_id="wiki",
            site_id="acme",
            ip=f"10.{numbers.randrange(50)}.{numbers.randrange(1, 200)}.{numbers.randrange(128, 256)}",
            country="DE",
            city="Berlin",
            asn="3320",
            device_known=True,
            operating_system="Windows",
            browser="Firefox",
            behaviours=frozenset({Behaviour.NEW_COUNTRY}),
            proofs=(Proof(Method.PASSWORD, NOON),),
            session_started_at=NOON,
        )
        for n in range(count)
    ]


def measure(rounds: int = 7, count: int = 300) -> dict[str, float]:
    """Return CPU seconds: of one decision, of one that is explained, and of compiling the whole (once per change)."""
    began = time.process_time()
    compiled = policy()
    compiling = time.process_time() - began
    asked = contexts(count)
    found: dict[str, list[float]] = {"decision": [], "explained": []}
    for _ in range(rounds):
        for name, explain in (("decision", False), ("explained", True)):
            parsed.cache_clear()
            began = time.process_time()
            for context in asked:
                evaluate(compiled, context, explain=explain)
            found[name].append((time.process_time() - began) / count)
    return {name: statistics.median(took) for name, took in found.items()} | {"compiling": compiling}


def main() -> None:
    found = measure()
    met = "yes" if found["decision"] < BAR_SECONDS else "no"
    print(f"{RULES} rules, {ZONES} zones of {NETWORKS:,} networks together; none matches")
    print(
        f"  one decision            {found['decision'] * 1000:.3f} ms CPU (bar: < {BAR_SECONDS * 1000:g} ms; met: {met})"
    )
    print(f"  with its trace          {found['explained'] * 1000:.3f} ms CPU")
    print(f"  compiling, once a change {found['compiling'] * 1000:.0f} ms CPU")


if __name__ == "__main__":
    main()
