"""X21, T22: a sign-on that was begun at one site is not answered by another, of whatever organization."""

import pytest

from idp.directory import sites
from tests.support.saml_world import posted, refused
from tests.support.service_provider import encoded


@pytest.fixture
def handle(world, sp, ann):
    """A sign-on of Ann's to a provider that three sites have registered, begun at her own by POST."""
    with world.work() as work:
        sites.create(work, "closed", organization="acme", name="Closed")
    for site in ("acme", "rival", "closed"):
        world.register(sp, site=site)
    return ann.post(encoded(sp.authn_request())).headers["Location"].rpartition("/")[2]


@pytest.mark.parametrize("other", ["rival", "closed"])
def test_x21_another_site_does_not_finish_it(world, ann, handle, other):
    refused(ann.client.get(f"/sites/{other}/saml/resume/{handle}"))

    assert world.audited("application.signed-on") == []


def test_its_own_site_does(world, ann, handle):
    answer = ann.client.get(f"/sites/acme/saml/resume/{handle}")

    assert posted(answer).statuses == ["Success"]
