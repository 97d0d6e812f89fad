"""`idp zone …`"""

from collections.abc import Callable
from typing import Any, BinaryIO

import click

from idp.base.errors import Invalid
from idp.base.places import Places
from idp.base.work import Place
from idp.cli.context import Group, open_work, settings, tell, tell_all
from idp.cli.guarded import guarded_work
from idp.cli.show import instant
from idp.directory import zones
from idp.directory.access_policies import BLOCKLIST, POLICY
from idp.directory.zones import Contents
from idp.policy.models import Zone

_LONGEST = 2 * 1024 * 1024

_organization = click.option("--organization", required=True, metavar="ORG", help="Short name of the organization.")


def _contents(command: Callable[..., Any]) -> Callable[..., Any]:
    for option in reversed(
        (
            click.option("--network", "networks", multiple=True, metavar="CIDR", help="A network, IPv4 or IPv6."),
            click.option(
                "--networks-from",
                type=click.File("rb"),
                metavar="FILE",
                help="A file of networks, one a line, # begins a comment; - is stdin.",
            ),
            click.option("--asn", "asns", multiple=True, metavar="AS", help="An autonomous system, like AS64500."),
            click.option("--country", "countries", multiple=True, metavar="CC", help="A country (ISO 3166), like DE."),
            click.option("--city", "cities", multiple=True, metavar="CC/NAME", help="A city, like DE/Berlin."),
        )
    ):
        command = option(command)
    return command


@click.group(cls=Group)
def zone() -> None:
    """Zones: named parts of the network, for rules of access or as block list."""


@zone.command()
@click.argument("name")
@_organization
@click.option(
    "--usage",
    type=click.Choice(zones.USAGES),
    default=POLICY,
    help="policy (default): rules name it; blocklist: its addresses get no answer at all.",
)
@_contents
def create(name: str, organization: str, usage: str, networks_from: BinaryIO | None, **lists: tuple[str, ...]) -> None:
    """Create the zone NAME."""
    contents = _given(networks_from, **lists)
    with guarded_work(organization) as work:
        shown = _zone(zones.create(work, organization, name, contents, usage=usage))
    tell(shown, _words(shown))


@zone.command("set")
@click.argument("zone_", metavar="ZONE")
@_organization
@click.option("--name", metavar="NAME", help="A new name; rules keep naming it.")
@click.option("--usage", type=click.Choice(zones.USAGES), help="policy: rules name it; blocklist: no answer at all.")
@_contents
@click.option(
    "--clear",
    multiple=True,
    type=click.Choice(["networks", "asns", "countries", "cities"]),
    help="Take these out of the zone.",
)
@click.option("--if-version", type=int, metavar="N", help="Only if the version is still N.")
def set_(
    zone_: str,
    organization: str,
    name: str | None,
    usage: str | None,
    networks_from: BinaryIO | None,
    clear: tuple[str, ...],
    if_version: int | None,
    **lists: tuple[str, ...],
) -> None:
    """Change the zone ZONE: each kind of contents that is given takes the place of what it has of that kind."""
    given = _given(networks_from, **lists)
    with guarded_work(organization) as work:
        before = zones.contents_of(zones.zone(work, organization, zone_))
        after = {
            kind: () if kind in clear and not new else new or getattr(before, kind)
            for kind, new in ((kind, getattr(given, kind)) for kind in _KINDS)
        }
        changed = zones.change(
            work, organization, zone_, name=name, contents=Contents(**after), usage=usage, if_version=if_version
        )
        work.tx.session.flush()
        shown = _zone(changed)
    tell(shown, _words(shown))


@zone.command("list")
@_organization
def list_(organization: str) -> None:
    """List the zones."""
    with open_work() as work:
        found = [_zone(one) for one in zones.zones(work, organization)]
    tell_all(found, lambda one: _words(one).splitlines()[0], none="There is no zone yet.")


@zone.command("show")
@click.argument("zone_", metavar="ZONE")
@_organization
def show_(zone_: str, organization: str) -> None:
    """Show the zone ZONE with all that it is made of."""
    with open_work() as work:
        shown = _zone(zones.zone(work, organization, zone_))
    tell(shown, _words(shown, full=True))


@zone.command()
@click.argument("zone_", metavar="ZONE")
@_organization
def delete(zone_: str, organization: str) -> None:
    """Delete the zone ZONE; no rule may name it."""
    with guarded_work(organization) as work:
        gone = zones.delete(work, organization, zone_)
    tell({"id": gone.id, "name": gone.name, "deleted": True}, f"deleted zone {gone.name}")


@zone.command("test")
@click.argument("ip")
@_organization
@click.option("--country", default="", metavar="CC", help="Where the address is.")
@click.option("--city", default="", metavar="NAME", help="The name of the city.")
@click.option("--asn", default="", metavar="AS", help="The autonomous system.")
def test(ip: str, organization: str, country: str, city: str, asn: str) -> None:
    """Say which zones the address IP is in."""
    with open_work() as work:
        place = place_of(ip, country, city, asn)
        found = [
            {"id": one.zone_id, "name": one.name, "usage": one.usage, "inside": one.inside}
            for one in zones.test(work, organization, ip, place)
        ]
    tell_all(
        found,
        lambda one: (
            f"{one['name']:<30} {'in it' if one['inside'] else 'not in it'}"
            f"{'  (block list)' if one['usage'] == BLOCKLIST else ''}"
        ),
        none="There is no zone yet.",
    )


def place_of(ip: str, country: str, city: str, asn: str) -> Place:
    """Return where an address is to be taken to be: where somebody says, or else where files of places say."""
    if country or city or asn:
        return Place(country=country.upper(), city=city, asn=asn.upper().removeprefix("AS"))
    files = settings().places
    return Places(files.city_file, files.asn_file).locate(ip)


_KINDS = ("networks", "asns", "countries", "cities")


def _given(
    networks_from: BinaryIO | None,
    networks: tuple[str, ...],
    asns: tuple[str, ...],
    countries: tuple[str, ...],
    cities: tuple[str, ...],
) -> Contents:
    return Contents((*networks, *_lines(networks_from)), asns, countries, cities)


def _lines(file: BinaryIO | None) -> list[str]:
    if file is None:
        return []
    written = file.read(_LONGEST + 1)
    if len(written) > _LONGEST:
        raise Invalid("The file of networks is longer than 2 MiB.", field="networks")
    text = written.decode("utf-8", "replace")
    lines = (line.partition("#")[0].strip() for line in text.removeprefix("\ufeff").splitlines())
    return [line for line in lines if line]


def _zone(of: Zone) -> dict[str, Any]:
    return {
        "id": of.id,
        "organization_id": of.organization_id,
        "name": of.name,
        "usage": of.usage,
        "networks": of.networks,
        "asns": of.asns,
        "countries": of.countries,
        "cities": of.cities,
        "created_at": instant(of.created_at),
        "version": of.version,
    }


def _words(of: dict[str, Any], *, full: bool = False) -> str:
    parts = zones.described(Contents(**{kind: tuple(of[kind]) for kind in _KINDS}))
    blocks = "  (block list: its addresses get no answer)" if of["usage"] == BLOCKLIST else ""
    if not full:
        return f"{of['name']:<30} {'; '.join(parts) or 'nothing'}{blocks}"
    lines = [f"{of['name']} (version {of['version']}){blocks}"]
    lines += [f"  {kind:<10} {one}" for kind in _KINDS for one in of[kind]]
    return "\n".join(lines)
