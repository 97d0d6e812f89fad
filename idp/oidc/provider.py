"""The OpenID Provider that a site is: its issuer, and the addresses below it."""

from dataclasses import dataclass

from idp.base.values import quickly_made
from idp.base.work import Work
from idp.directory import sites
from idp.directory.sites import SiteFacts


@quickly_made
@dataclass(frozen=True, slots=True)
class Provider:
    """A live site as an OpenID Provider. Every site is an issuer of its own (O11)."""

    site: SiteFacts
    issuer: str

    @property
    def organization_id(self) -> str:
        return self.site.organization_id

    @property
    def site_id(self) -> str:
        return self.site.id

    @property
    def resume_path(self) -> str:
        """Where a sign-on of ours comes back to, without its handle."""
        return f"/sites/{self.site.slug}/oauth2/resume"


def at(work: Work, base_url: str, slug: str) -> Provider | None:
    """Return the provider of the live site *slug*, or None."""
    site = sites.facts(work, slug)
    return None if site is None else Provider(site, sites.issuer(base_url, slug))
