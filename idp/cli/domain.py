"""`idp domain …`"""

from typing import Any, BinaryIO

import click

from idp.cli.context import Group, open_database, open_work, rehearsal, settings, tell, tell_all, work_on
from idp.cli.show import instant
from idp.directory import domain_reads, domains, managed
from idp.directory.domain_models import Domain
from idp.directory.domain_proof import Prober
from idp.directory.managed import Preview
from idp.policy import domains as policy
from idp.settings import Settings

_organization = click.option("--organization", required=True, metavar="ORG", help="Short name of the organization.")
_method = click.Choice([method.value for method in policy.Method])
_version = click.option("--if-version", type=int, metavar="N", help="Only if the version is still N.")
_addresses = click.option(
    "--addresses",
    type=click.File("rb"),
    metavar="FILE",
    help="Only these accounts: a CSV file, addresses in its first column; - is stdin. At most 10,000 and 5 MB.",
)


@click.group(cls=Group)
def domain() -> None:
    """Domains of an organization: prove that one is yours, and manage the accounts on it."""


@domain.command()
@click.argument("name")
@_organization
@click.option("--method", type=_method, default="dns", show_default=True, help="Prove it by a TXT record or by a file.")
def add(name: str, organization: str, method: str) -> None:
    """Add the domain NAME. It has no power until it is proven; this prints what to put where."""
    with open_work() as work:
        shown = _domain(domains.add(work, organization, name, method=method))
    tell(shown, f"added {shown['name']}\n{_what_to_do(shown)}")


@domain.command("list")
@_organization
@click.option("--all", "gone", is_flag=True, help="Removed ones, too.")
def list_(organization: str, gone: bool) -> None:
    """List the domains."""
    with open_work() as work:
        found = [_domain(one) for one in domain_reads.domains(work, organization, gone=gone)]
    tell_all(
        found,
        lambda one: f"{one['name']:<40} {one['state']:<14} {one['claiming']}",
        none="There is no domain yet. Add one: idp domain add example.org --organization ORG",
    )


@domain.command()
@click.argument("name")
@_organization
def show(name: str, organization: str) -> None:
    """Show the domain NAME, and what its proof is."""
    with open_work() as work:
        shown = _domain(domain_reads.domain(work, organization, name))
    tell(shown, _words(shown))


@domain.command("set")
@click.argument("name")
@_organization
@click.option("--method", type=_method, required=True, help="Prove it by a TXT record or by a file.")
@_version
def set_(name: str, organization: str, method: str, if_version: int | None) -> None:
    """Choose how the domain NAME is proven."""
    with open_work() as work:
        shown = _domain(domains.set_method(work, organization, name, method, if_version=if_version))
    tell(shown, f"{shown['name']} is proven by {method}\n{_what_to_do(shown)}")


@domain.command()
@click.argument("name")
@_organization
def check(name: str, organization: str) -> None:
    """Look for the proof of the domain NAME now."""
    of = settings()
    with open_database(of) as database:
        with work_on(database) as work:
            asked = domains.ask(work, organization, name)
        looked = domains.look(asked, prober(of))
        with work_on(database) as work:
            shown = _domain(domains.settle(work, asked, looked))
    tell(shown, _words(shown))


@domain.command()
@click.argument("name")
@_organization
@_version
def remove(name: str, organization: str, if_version: int | None) -> None:
    """Give the domain NAME up. Its accounts stay, managed no more."""
    with open_work() as work:
        shown = _domain(domains.remove(work, organization, name, if_version=if_version))
    tell(shown, f"removed {shown['name']}")


@domain.command()
@click.argument("name")
@click.argument("how", type=click.Choice([domain_reads.MANUAL, domain_reads.AUTOMATIC]))
@_organization
@_version
def claiming(name: str, how: str, organization: str, if_version: int | None) -> None:
    """Choose whether new accounts on the domain NAME become managed by themselves."""
    with open_work() as work:
        shown = _domain(domains.set_claiming(work, organization, name, how, if_version=if_version))
    tell(shown, f"new accounts on {shown['name']} are claimed {'by themselves' if how == 'automatic' else 'by hand'}")


@domain.command()
@click.argument("name")
@_organization
@_addresses
@click.option("--unclaim", is_flag=True, help="What giving accounts back would do.")
def preview(name: str, organization: str, addresses: BinaryIO | None, unclaim: bool) -> None:
    """Say whom claiming accounts on the domain NAME would affect, and how. Nothing is changed."""
    listed = _read(addresses)
    with rehearsal() as work:
        look = managed.preview_unclaim if unclaim else managed.preview
        found = look(work, organization, name, listed)
    tell(_preview(found), _preview_words(found, unclaim=unclaim))


@domain.command()
@click.argument("name")
@_organization
@_addresses
def claim(name: str, organization: str, addresses: BinaryIO | None) -> None:
    """Let all accounts on the domain NAME be managed, or those of a file. Each person is told."""
    listed = _read(addresses)
    with open_work() as work:
        count = managed.claim(work, organization, name, listed)
    tell({"name": name, "claimed": count}, f"claimed {count} accounts on {name}")


@domain.command()
@click.argument("name")
@_organization
@_addresses
def unclaim(name: str, organization: str, addresses: BinaryIO | None) -> None:
    """Let all accounts of the domain NAME be managed no more, or those of a file. They keep their access."""
    listed = _read(addresses)
    with open_work() as work:
        count = managed.unclaim(work, organization, name, listed)
    tell({"name": name, "unclaimed": count}, f"gave {count} accounts on {name} back")


def prober(of: Settings) -> Prober:
    """Return what looks for proofs, as the settings want it."""
    return Prober(tuple(of.domains.resolver_addresses), tuple(of.egress.allow_addresses), of.domains.file_port)


def _read(addresses: BinaryIO | None) -> tuple[str, ...] | None:
    return None if addresses is None else managed.read_addresses(addresses.read(managed.MOST_BYTES + 1))


def _domain(of: Domain) -> dict[str, Any]:
    return {
        "id": of.id,
        "organization_id": of.organization_id,
        "name": of.name,
        "state": of.state,
        "method": of.method,
        "claiming": of.claiming,
        "proof": {
            "record_names": list(policy.names_to_ask(of.name)),
            "file": policy.file_address(of.name),
            "content": policy.expected(of.token),
        },
        "finding": of.finding,
        "created_at": instant(of.created_at),
        "verified_at": instant(of.verified_at),
        "checked_at": instant(of.checked_at),
        "check_at": instant(of.check_at),
        "missing_since": instant(of.missing_since),
        "version": of.version,
    }


def _words(shown: dict[str, Any]) -> str:
    lines = [
        shown["name"],
        f"  state     {shown['state']}" + (f" since {shown['missing_since']}" if shown["missing_since"] else ""),
        f"  claiming  {shown['claiming']}",
        f"  checked   {shown['checked_at'] or 'never'}" + (f": {shown['finding']}" if shown["finding"] else ""),
    ]
    if shown["state"] != policy.State.VERIFIED:
        lines.append(_what_to_do(shown))
    return "\n".join(lines)


def _what_to_do(shown: dict[str, Any]) -> str:
    proof = shown["proof"]
    if shown["method"] == policy.Method.DNS:
        where = f"  Put a TXT record at {proof['record_names'][0]} (or at {proof['record_names'][1]}):"
    else:
        where = f"  Put a text file at {proof['file']}:"
    return f"{where}\n\n    {proof['content']}\n\n  Then: idp domain check {shown['name']} --organization ORG"


def _preview(of: Preview) -> dict[str, Any]:
    return {
        "domain": of.domain,
        "count": of.count,
        "affected": [
            {"id": one.id, "email": one.email, "name": one.name, "kind": one.kind, "disabled": one.disabled}
            for one in of.affected
        ],
        "already_managed": of.already,
        "disabled": of.disabled,
        "unknown": list(of.unknown),
        "other_domain": list(of.other_domain),
        "elsewhere": of.elsewhere,
    }


def _preview_words(of: Preview, *, unclaim: bool) -> str:
    lines = [
        f"{of.count} accounts would be managed {'no more' if unclaim else 'from then on'} ({of.disabled} of them disabled)",
        f"  managed now through {of.domain}: {of.already}",
    ]
    if not unclaim:
        lines.append(f"  accounts of other organizations on it, which are not touched: {of.elsewhere}")
    lines.extend(f"  no account has the address {address}" for address in of.unknown[:10])
    lines.extend(f"  on another domain: {address}" for address in of.other_domain[:10])
    lines.extend(f"    {one.email:<40} {one.name}{'  (disabled)' if one.disabled else ''}" for one in of.affected)
    if of.count > len(of.affected):
        lines.append(f"    … and {of.count - len(of.affected)} more")
    return "\n".join(lines)
