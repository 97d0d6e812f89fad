"""Who the people of the demo are. Their passwords and the second step's secret are made on each machine anew."""

import base64
import json
import secrets
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from idp.policy.permissions import AUDITOR, ORGANIZATION_ADMINISTRATOR

STAFF, FINANCE = "Staff", "Finance"
GROUPS = (STAFF, FINANCE)

_TOTP_BYTES = 20
_WORD_LIST = (
    "amber anchor apple arrow autumn badge bamboo basket beacon bramble bridge button candle canvas "
    "cedar cherry cinder clover cobalt copper coral cotton crater desert dragon ember falcon feather "
    "fiddle forest garnet ginger glacier granite hammer harbor hazel helmet indigo island ivory jasmine "
    "juniper kettle lagoon lantern lemon linen magnet maple marble meadow mirror mosaic nectar nutmeg "
    "ocean olive onyx orchid otter paddle pebble pepper pigeon planet plum pocket quartz rabbit raven "
    "ribbon river rocket saddle saffron sailor sandal sparrow spiral summit sunset tablet temple thicket "
    "thunder timber tulip tunnel turtle umbrella valley velvet violet walnut whistle willow window winter "
    "yellow zephyr"
)
_WORDS = _WORD_LIST.split()


@dataclass(frozen=True, slots=True)
class Person:
    """One of them; ``story`` says what there is to see."""

    email: str
    name: str
    story: str
    groups: tuple[str, ...] = (STAFF,)
    role: str = ""
    has_second_step: bool = True
    disabled: bool = False
    password: str = ""

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


@dataclass(frozen=True, slots=True)
class People:
    """All of them, with the one secret that their authenticators share."""

    people: tuple[Person, ...]
    totp_secret: str


CAST = (
    Person("ann@acme.example", "Ann Archer", "opens both applications", groups=(STAFF, FINANCE)),
    Person("ben@acme.example", "Ben Brook", "has no second step yet: sets one up", has_second_step=False),
    Person("olga@acme.example", "Olga Owner", "administers the organization", role=ORGANIZATION_ADMINISTRATOR),
    Person("arne@acme.example", "Arne Auditor", "may read everything, change nothing", role=AUDITOR),
    Person("nils@acme.example", "Nils Newcomer", "may open nothing yet", groups=()),
    Person("dora@acme.example", "Dora Departed", "has left: her account is disabled", disabled=True),
)


def load_or_make(file: Path) -> People:
    """Return the people as *file* knows them; make their secrets, and the file, the first time."""
    if file.exists():
        kept = json.loads(file.read_text(encoding="utf-8"))
        passwords = kept["passwords"]
        return People(tuple(replace(p, password=passwords[p.email]) for p in CAST), kept["totp_secret"])
    made = People(
        tuple(replace(person, password=_password()) for person in CAST),
        base64.b32encode(secrets.token_bytes(_TOTP_BYTES)).decode("ascii"),
    )
    kept = {"totp_secret": made.totp_secret, "passwords": {p.email: p.password for p in made.people}}
    file.write_text(json.dumps(kept, indent=2), encoding="utf-8")
    file.chmod(0o600)
    return made


def _password() -> str:
    return "-".join(secrets.choice(_WORDS) for _ in range(4))
