"""
Looking for the proof of a domain: a TXT record, or a file of its web site. Asks the outside; knows no database.

The resolver is the machine's, or those that the settings name; the file is fetched through the guarded way out
(`base.egress`), at the address that the same resolver says.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

import dns.exception
import dns.name
import dns.nameserver
import dns.rdatatype
import dns.resolver

from idp.base import egress
from idp.base.errors import Unavailable
from idp.policy import domains as policy
from idp.policy.domains import Finding, Method
from idp.settings import name_server

_SECONDS = 5.0
_MOST_BYTES = 4096


@dataclass(frozen=True, slots=True)
class Sought:
    """What is looked for: the proof of one row."""

    name: str
    method: Method
    token: str


@dataclass(frozen=True, slots=True)
class Seen:
    """What came of it, and in words for administrators why."""

    finding: Finding
    words: str = ""


@dataclass(frozen=True, slots=True)
class Prober:
    """
    What asks.

    Args:
        resolvers: addresses of name servers (``192.0.2.53``, ``[2001:db8::53]:5353``); none: those of the machine.
        allowed: addresses of the operator's own that the file may be fetched from.
        port: where the file is asked for.
    """

    resolvers: tuple[str, ...] = ()
    allowed: tuple[str, ...] = ()
    port: int = 443
    _kept: list[dns.resolver.Resolver] = field(default_factory=list, repr=False, compare=False)

    def look(self, sought: Sought) -> Seen:
        """Look for a proof. Call it while no transaction is open: it may take some seconds."""
        return self._record(sought) if sought.method is Method.DNS else self._file(sought)

    def _record(self, sought: Sought) -> Seen:
        expected, unknown = policy.expected(sought.token), ""
        for name in policy.names_to_ask(sought.name):
            try:
                texts = self._texts(name)
            except (dns.exception.DNSException, OSError, ValueError) as error:
                unknown = f"the name servers did not answer for {name} ({type(error).__name__})"
                continue
            if expected in texts:
                return Seen(Finding.FOUND, f"the TXT record at {name} is there")
        if unknown:
            return Seen(Finding.UNKNOWN, unknown)
        return Seen(Finding.ABSENT, "no TXT record with this token is there")

    def _texts(self, name: str) -> list[str]:
        """Return the TXT records of *name* itself: where another name stands for it (CNAME), that one proves nothing."""
        asked = dns.name.from_text(name)
        try:
            answer = self._resolver().resolve(asked, dns.rdatatype.TXT, search=False, lifetime=_SECONDS)
        except (dns.resolver.NXDOMAIN, dns.resolver.NoAnswer):
            return []
        if answer.canonical_name != asked:
            return []
        return [b"".join(record.strings).decode("utf-8", "replace").strip() for record in answer]

    def _file(self, sought: Sought) -> Seen:
        address = policy.file_address(sought.name)
        if self.port != 443:
            address = address.replace(sought.name, f"{sought.name}:{self.port}", 1)
        try:
            content = egress.fetch(
                address,
                allowed=self.allowed,
                most_bytes=_MOST_BYTES,
                accept="text/plain",
                resolve=self._addresses if self.resolvers else None,
            )
        except Unavailable as error:
            absent = error.cause.endswith((": status 404", ": status 410"))
            return Seen(Finding.ABSENT if absent else Finding.UNKNOWN, error.cause)
        lines = [line.strip() for line in content.decode("utf-8-sig", "replace").splitlines()]
        if policy.expected(sought.token) in lines:
            return Seen(Finding.FOUND, f"the file at {address} is there")
        return Seen(Finding.ABSENT, f"the file at {address} has another content")

    def _addresses(self, host: str, port: int) -> Sequence[str]:
        found: list[str] = []
        for kind in (dns.rdatatype.A, dns.rdatatype.AAAA):
            try:
                answer = self._resolver().resolve(host, kind, search=False, lifetime=_SECONDS)
            except (dns.resolver.NXDOMAIN, dns.resolver.NoAnswer):
                continue
            except dns.exception.DNSException as error:
                raise OSError(str(error)) from error
            found.extend(record.address for record in answer)
        return found

    def _resolver(self) -> dns.resolver.Resolver:
        """
        Return what asks the name servers; nothing that they said is kept.

        Raises:
            NoResolverConfiguration: neither the settings nor the machine name any.
        """
        if not self._kept:
            made = dns.resolver.Resolver(configure=not self.resolvers)
            if self.resolvers:
                servers = [name_server(one) for one in self.resolvers]
                made.nameservers = [dns.nameserver.Do53Nameserver(address, port) for address, port in servers]
            made.cache = None
            self._kept.append(made)
        return self._kept[0]
