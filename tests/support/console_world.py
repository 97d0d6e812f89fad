"""One of everything that the console has a page for, in the organization of `tests.support.front`."""

from dataclasses import replace
from datetime import timedelta

from idp.audit import attempts
from idp.audit.attempts import Trail
from idp.base.ids import new_id
from idp.base.work import Actor
from idp.directory import (
    access_assignments,
    access_policies,
    access_requests,
    accounts,
    applications,
    authentication_policy_changes,
    bookmarks,
    domains,
    group_rule_changes,
    groups,
    import_reading,
    join_rules,
    launcher_layouts,
    managed,
    queries,
    role_assignments,
    roles,
    zones,
)
from idp.directory.joining_models import JoinRequest
from idp.directory.zones import Contents
from idp.oidc import api_scopes, apis, clients
from idp.oidc.models import ApiToken
from idp.oidc.registration import initial_tokens
from idp.policy.access import documents
from idp.policy.launcher import Section
from idp.provisioning.targets import editing
from idp.saml import registering
from idp.saml.key_change import rotating
from idp.signon import account_imports, bulk_acts, invitations
from idp.signon.bulk_acts import Chosen
from tests.support import vendors
from tests.support.front import ANN, BEN, CLEO, DORA, Front


def fill(front: Front) -> list[str]:
    """Let Ann administer the organization, and let there be one of everything; return the pages of what is special."""
    return [f"/admin/{path}" for part in (_people, _applications, _security, _joining) for path in part(front)]


def _people(front: Front) -> list[str]:
    with front.work() as work:
        bulk_acts.start(
            work, "disable", organization_id=front.organization_id, chosen=Chosen(ids=(front.account_ids[CLEO],))
        )
        accounts.grant_role(work, ANN, "organization-administrator", organization_id=front.organization_id)
        groups.create(work, "Staff", organization="acme", description="All of us")
        groups.add(work, "Staff", CLEO, organization="acme")
        groups.nest(work, "Research", "Staff", organization="acme")
        groups.create(work, "Board", organization="acme")
        group_rule_changes.write(work, "Board", organization="acme", condition='account_kind is "guest"')
        domain = domains.add(work, "acme", "acme.example")
        domain.state, domain.held_name, domain.verified_at = "verified", domain.name, work.now
        editors = roles.create(work, "Log readers", organization="acme", permissions=["audit:read"])
        role_assignments.grant(work, editors.id, organization="acme", account=BEN)
        cleo, ben = front.account_ids[CLEO], front.account_ids[BEN]
        ruled = queries.group(work, "Board", organization_id=front.organization_id).id
        staff = queries.group(work, "Staff", organization_id=front.organization_id).id
        return [
            f"accounts/{cleo}",
            f"domains/{domain.id}",
            f"groups/{ruled}/rule",
            f"groups/{ruled}/nest?parent=Engineering",
            f"groups/{staff}/inside",
            f"who-may/group/{ruled}",
            f"roles/all/{editors.id}",
            f"roles/give/confirm?whom={BEN}&role=help-desk&where=organization",
            f"accounts/bulk/choose?act=disable&chosen={ben}",
            f"accounts/bulk/choose?act=add-to-group&chosen={ben}",
        ]


def _applications(front: Front) -> list[str]:
    with front.work() as work:
        document = vendors.OKTA.document(vendors.OKTA).encode()
        okta = registering.register(work, "acme", document, name="Okta Thing")
        applications.grant(work, okta.application_id, group="Staff")
        editing.set_up(work, okta.application_id, editing.Wanted("https://okta.example/scim/v2", everybody=True))
        editing.set_token(work, okta.application_id, "a-token-that-no-page-shows")
        asked = {"client_name": "Notebook", "redirect_uris": ["https://rp.example/cb"]}
        notebook, _, _ = clients.create(work, "acme", asked, base_url="http://localhost:8000")
        applications.grant(work, notebook.id, everyone=True)
        rotating.rotate(work, queries.site(work, "acme"), purpose="saml-signing")
        wiki = front.application_ids["Wiki"]
        canteen = bookmarks.create(work, "acme", name="Canteen", address="https://canteen.acme.example/")
        applications.grant(
            work, canteen.id, everyone=True
        )  # by Staff: who governs Okta alone could not change that group
        launcher_layouts.create(work, "acme", group="Engineering", sections=[Section("Daily", (wiki,))])
        mine, theirs = f"applications/{notebook.id}", f"applications/{okta.application_id}"
        saml = [
            f"{theirs}{tail}"
            for tail in ("", "/saml", "/preview", "/doctor", "/vendor", "/test", "/people", "/provisioning")
        ]
        return [
            *saml,
            *(f"{mine}{tail}" for tail in ("", "/client", "/client/secret", "/preview", "/doctor", "/vendor")),
        ]


def _security(front: Front) -> list[str]:
    deny = {"name": "No Ben", "conditions": {"people": {"accounts": [BEN]}}, "answer": {"effect": "deny"}}
    with front.work() as work:
        zones.create(work, "acme", "Office", Contents(networks=("192.0.2.0/24",)))
        strict = authentication_policy_changes.create(work, "acme", "Strict", {"password_minimum": 20}).id
        payroll = access_assignments.create(work, "acme", "Payroll").id
        access_assignments.assign(work, front.application_ids["Payroll"], "Payroll")
        rules = documents.rules_from_json({"rules": [{**deny, "mode": "report-only"}]})
        access_policies.write(work, "acme", "Sessions", rules)
        sessions = access_policies.policy(work, "acme", "Sessions").id
        trail = Trail(
            kind="saml.sign-on",
            organization_id=front.organization_id,
            account_id=front.account_ids[BEN],
            application_id=front.application_ids["Wiki"],
        )
        trail.passed("pwd", at=front.now.isoformat())
        trail.failed("signature", "saml.signature", "the signature is of another key", digest="abc123")
        attempts.save(work, trail)
    with front.work() as work:
        orders, _ = apis.create(
            work, "acme", identifier="https://api.acme.example", name="Orders", takes_api_tokens=True
        )
        build, _ = initial_tokens.create(work, "acme", name="Build server")
        api_scopes.add(work, orders.id, "orders:read", "See your orders.")
        notebook = next(
            one for one in queries.applications(work) if one.name == "Notebook" and one.site_id == orders.site_id
        )
        api_scopes.grant(work, orders.id, "orders:read", application_id=notebook.id)
        api_scopes.grant(work, orders.id, "orders:read", group="Engineering")
        report = ApiToken(
            organization_id=front.organization_id,
            id="atk_report",
            account_id=front.account_ids[BEN],
            site_id=orders.site_id,
            api_id=orders.id,
            label="Nightly report",
            scope="orders:read",
            subject="sub_ben",
            token_hash=front.organization_id.ljust(64, "0"),
            ending="a9Xz",
            epoch=0,
            created_at=work.now,
            expires_at=work.now + timedelta(days=30),
        )
        work.tx.session.add(report)
    with front.work() as work:
        tried = documents.rules_from_json({"rules": [deny]})
        access_policies.write(work, "acme", "Payroll", tried, trial=15)
        return [
            f"accounts/{front.account_ids[BEN]}/tokens",
            f"apis/{orders.id}",
            f"apis/{orders.id}/people",
            f"apis/{orders.id}/made",
            f"sites/acme/registration-tokens/{build.id}/made",
            f"who-may/api/{orders.id}",
            "tokens/revoke?chosen=atk_report",
            f"policies/{strict}",
            f"access/{payroll}",
            f"access/{sessions}",
            f"access/{sessions}/versions",
            f"access/{payroll}/confirm",
            f"access/what-if?who={BEN}&application=Wiki",
            f"attempts/{trail.id}",
        ]


def _joining(front: Front) -> list[str]:
    with front.work() as work:
        invitations.invite(work, "ada@acme.example", organization="acme", name="Ada Lovelace")
        rule = join_rules.create(work, "acme.example", organization="acme", groups=["Research"])
        work.tx.session.add(
            JoinRequest(
                organization_id=front.organization_id,
                id=new_id("jnq"),
                email="zoe@acme.example",
                email_key="zoe@acme.example",
                name="Zoe Zephyr",
                rule_id=rule.id,
                state="pending",
                created_at=work.now,
            )
        )
        payroll = applications.create(work, queries.site(work, "acme"), protocol="saml", name="Ledger")
        payroll.requestable = True
        work.tx.session.flush()
        dora = queries.account(work, DORA)
        asking = replace(work, actor=Actor("account", dora.id, dora.email, dora.organization_id))
        access_requests.ask(asking, payroll.id, "I close the books in March.")
        found = import_reading.preview(
            work, b"email,name\nx@acme.example,X\nno,Y\n", organization="acme", file_name="people.csv"
        )
    with front.work() as work:
        managed.claim(work, "acme", "acme.example")
        done = import_reading.preview(
            work, b"email,name\ny@acme.example,Y\n", organization="acme", file_name="done.csv"
        )
        account_imports.apply(work, done.id, organization_id=front.organization_id)
        return [f"imports/{found.id}", f"imports/{done.id}", f"imports/{done.id}/undo"]
