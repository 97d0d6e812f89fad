"""
Measure a replay: ``python -m bench.replay [--sign-ons N] [--rules N] [--people N]``.

A throw-away installation with so many recorded sign-ons of the last 30 days, and an access policy with so many rules
that name zones, groups, hours and devices. Replayed are the same rules with one more. What is told is wall time, from
the first statement to the last person counted, with reading everything.
"""

import argparse
import json
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

from sqlalchemy import insert

from idp.audit.models import Attempt
from idp.base import schema
from idp.base.crypto import Vault
from idp.base.db import Database
from idp.base.tables import table
from idp.base.work import Actor, HeldRole, Origin, Work
from idp.directory import access_policies, accounts, groups, organizations, zones
from idp.policy.access import recording
from idp.policy.access.context import AccountKind, Context, RequestKind
from idp.policy.access.documents import rules_from_json
from idp.policy.access.replay import Change
from idp.signon.replaying import judging, replay

NOW = datetime(2030, 1, 31, 12, tzinfo=UTC)
OPERATOR = Actor("operator", name="bench", roles=(HeldRole("operator"),))
COUNTRIES = ("DE", "FR", "PL", "US", "JP")


def document(rules: int, *, more: bool) -> dict[str, Any]:
    """Return rules of every kind that let most people pass to the last; with *more*, one that denies some."""
    listed = [
        {
            "name": f"rule {number}",
            "conditions": {
                "people": {"groups": [f"Group {number % 10}"]},
                "networks": {"zones": [f"Zone {number % 5}"]},
                **({"times": {"zone": "Europe/Berlin", "begins": "22:00", "ends": "05:00"}} if number % 3 == 0 else {}),
                **({"devices": {"known": False}} if number % 4 == 0 else {}),
            },
            "answer": {"effect": "require", "strength": "second-step"},
        }
        for number in range(rules)
    ]
    if more:
        listed.append(
            {
                "name": "Not from abroad on strange devices",
                "conditions": {"networks": {"except_zones": ["Home"]}, "devices": {"known": False}},
                "answer": {"effect": "deny"},
            }
        )
    return {"rules": listed}


def fill(work: Work, people: int, sign_ons: int) -> str:
    """Make an organization whose people have signed on so often; return its id."""
    random = Random(7)
    organization = organizations.create(work, "acme", name="Acme")
    for number in range(10):
        groups.create(work, f"Group {number}", organization="acme")
    for number, country in enumerate(COUNTRIES):
        networks = tuple(f"10.{number}.{part}.0/24" for part in range(200))
        zones.create(work, "acme", f"Zone {number}", zones.Contents(networks=networks, countries=(country,)))
    zones.create(work, "acme", "Home", zones.Contents(countries=("DE", "FR", "PL")))
    ids = [
        accounts.create(work, f"person{number}@acme.example", organization="acme", name=f"Person {number}").id
        for number in range(people)
    ]
    for number, account_id in enumerate(ids):
        groups.add(work, f"Group {number % 10}", account_id, organization="acme")
    rows = []
    for number in range(sign_ons):
        at = NOW - timedelta(seconds=random.randrange(30 * 86400))
        context = Context(
            at,
            RequestKind.OIDC,
            kind=AccountKind.MEMBER,
            account_id=ids[number % people],
            ip=f"10.{random.randrange(5)}.{random.randrange(256)}.{random.randrange(256)}",
            country=random.choice(COUNTRIES),
            city="Somewhere",
            asn="64496",
            device_known=random.random() < 0.9,
            operating_system="Windows",
            browser="Firefox",
            session_started_at=at - timedelta(hours=1),
        )
        known = frozenset({"device_known"}) if number % 50 else frozenset[str]()
        rows.append(
            {
                "id": f"att_{number:08}",
                "at": at,
                "kind": "oidc.sign-on",
                "organization_id": organization.id,
                "site_id": None,
                "application_id": None,
                "account_id": context.account_id,
                "request_id": "req",
                "ip": context.ip,
                "outcome": "succeeded",
                "code": "",
                "cause": "",
                "policy_version": 1,
                "decision": "second_step",
                "rule": "authentication-policy: second step required",
                "context": {
                    "passive": False,
                    "force": False,
                    "asked": None,
                    "proofs": [["pwd", at.isoformat(), True], ["otp", at.isoformat(), True]],
                    "second_step": "required",
                    "has_second_step": True,
                    "allowed": True,
                    recording.KEY: recording.write(context, place_known=True, known=known),
                },
                "steps": [{"step": "request", "state": "passed"}, {"step": "session", "state": "passed"}],
            }
        )
        if len(rows) == 5000:
            work.tx.connection.execute(insert(table(Attempt)), rows)
            rows = []
    if rows:
        work.tx.connection.execute(insert(table(Attempt)), rows)
    return organization.id


def main() -> None:
    """Fill an installation, replay, and print the figures as JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sign-ons", type=int, default=100_000)
    parser.add_argument("--rules", type=int, default=20)
    parser.add_argument("--people", type=int, default=1000)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        database = Database(f"sqlite:///{Path(folder) / 'bench.db'}", Vault({"w": bytes(32)}, "w"))
        schema.migrate(database)

        def work_on(tx: Any) -> Work:
            return Work(tx, OPERATOR, NOW, Origin("cli"))

        with database.transaction() as tx:
            organization_id = fill(work_on(tx), asked.people, asked.sign_ons)
        with database.transaction() as tx:
            access_policies.write(work_on(tx), "acme", "Sessions", rules_from_json(document(asked.rules, more=False)))
        with database.transaction() as tx:
            work = work_on(tx)
            before = judging(work, organization_id)
            access_policies.write(work, "acme", "Sessions", rules_from_json(document(asked.rules, more=True)))
            work.tx.session.flush()
            after = judging(work, organization_id)
        began, used = time.perf_counter(), time.process_time()
        with database.transaction() as tx:
            found = replay(work_on(tx), "acme", before, after, days=31)
        print(
            json.dumps(
                {
                    "sign_ons": found.tally.judged,
                    "rules": asked.rules,
                    "seconds": round(time.perf_counter() - began, 2),
                    "cpu_seconds": round(time.process_time() - used, 2),
                    **{change.value: found.tally.count(change) for change in Change if change is not Change.NONE},
                }
            )
        )
        database.dispose()


if __name__ == "__main__":
    main()
