"""What the check of clients offers to change: it does away with what was found, loosens nothing unsaid, and is audited."""

from dataclasses import replace

import pytest

from idp.audit.models import AuditEntry
from idp.base.errors import ChangedMeanwhile, Forbidden, Invalid, NotFound
from idp.base.work import Actor
from idp.directory import applications, queries
from idp.oidc import checking, clients, metadata
from idp.oidc.checking import examination, remedies
from idp.oidc.checking.acts import Amend
from idp.oidc.registration import changing
from tests.oidc.support import BASE_URL
from tests.oidc.test_client_check import CASES, GOOD, HERE, findings_of, registered


def _found(place, client):
    with place.work() as work:
        application = queries.application(work, client.application_id)
        return examination.of_application(work, application, base_url=BASE_URL, http_loopback=False).findings


def _fix(place, client, kind, **more):
    found = _found(place, client)
    with place.work() as work:
        return remedies.apply(work, client.application_id, kind, found, base_url=BASE_URL, **more)


def test_what_a_fix_of_the_registration_asks_for_can_be_registered_and_is_not_found_again():
    wrong, seen = [], set()
    for kind, cases in CASES.items():
        for case in cases:
            of = registered(GOOD | case.asked, http_loopback=case.http_loopback, **case.known)
            of = replace(of, registration=of.registration | case.row)
            here = replace(HERE, **case.here)
            for finding in findings_of(of, here):
                if finding.kind != kind or finding.fix is None or not isinstance(finding.fix.act, Amend):
                    continue
                seen.add(kind)
                changes = {
                    name: list(value) if isinstance(value, tuple) else value for name, value in finding.fix.act.values
                }
                asked = changing.merged(of.registration, changes)
                after = replace(of, registration=metadata.read(asked, allow_http_loopback=case.http_loopback))
                if kind in {one.kind for one in findings_of(after, here)}:
                    wrong.append((kind, case.evidence, finding.fix))
    assert wrong == []
    assert len(seen) >= 10


def test_each_kind_that_offers_a_fix_says_so_in_the_documents():
    says = {kind.slug: kind.fixes for kind in checking.KINDS}
    silent = []
    for cases in CASES.values():
        for case in cases:
            of = registered(GOOD | case.asked, http_loopback=case.http_loopback, **case.known)
            of = replace(of, registration=of.registration | case.row)
            found = findings_of(of, replace(HERE, **case.here))
            silent += [one.kind for one in found if one.fix is not None and not says[one.kind]]
    assert silent == []


def test_an_unknown_scope_that_is_the_only_one_is_not_taken_away(place):
    """Without any scope a client would be given the usual ones."""
    found = findings_of(registered(GOOD | {"scope": "invoices", "grant_types": ["authorization_code"]}))

    assert [one.fix for one in found if one.kind == "scope-unknown"] == [None]


def test_pkce_is_required_again_and_the_audit_log_has_the_risk(place):
    client = place.register(pkce_required=False)

    _fix(place, client, "pkce-excused")

    assert "pkce-excused" not in {one.kind for one in _found(place, client)}
    with place.work() as work:
        entry = work.tx.session.query(AuditEntry).filter_by(tag="client.fix-applied").one()
        assert entry.target_id == client.application_id
        assert entry.details["kind"] == "pkce-excused"
        assert "code_challenge" in entry.details["risk"]
        assert work.tx.session.query(AuditEntry).filter_by(tag="client.changed").count() == 1


def test_a_disabled_client_is_enabled_and_the_mark_of_our_own_taken_away(place):
    client = place.register(token_endpoint_auth_method="none", first_party=True)
    with place.work() as work:
        applications.disable(work, client.application_id)

    _fix(place, client, "application-disabled")
    _fix(place, client, "consent-exempt-public")

    with place.work() as work:
        application = queries.application(work, client.application_id)
        assert (application.disabled_at, application.first_party) == (None, False)


def test_what_was_not_found_is_not_fixed(place):
    client = place.register()
    with pytest.raises(Invalid, match="nothing to fix"):
        _fix(place, client, "pkce-excused")


def test_a_fix_for_a_client_that_changed_meanwhile_is_refused(place):
    client = place.register(pkce_required=False)
    with pytest.raises(ChangedMeanwhile):
        _fix(place, client, "pkce-excused", if_version=99)


def test_t1_a_stranger_fixes_nothing(place):
    client = place.register(pkce_required=False)
    found = _found(place, client)
    with place.work() as work:
        stranger = replace(work, actor=Actor("account", "acc_nobody"))
        with pytest.raises((NotFound, Forbidden)):
            remedies.apply(stranger, client.application_id, "pkce-excused", found)
        assert not clients.of_application(work, queries.application(work, client.application_id)).pkce_required
