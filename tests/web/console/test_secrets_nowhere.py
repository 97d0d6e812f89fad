"""No secret is on any page, in any list, export or log, whatever role asks (T7)."""

import base64
import json

import pytest

from idp.directory import queries
from idp.oidc import apis, clients
from idp.signon.factors import recovery, temporary_pass
from tests.support.console_routes import routes
from tests.support.front import ANN, BEN, DORA, PASSWORD, SECRET, Front
from tests.support.two_tenants import Things, signed_in_to_acme

ROLES = (
    *("organization-administrator", "security-administrator", "user-access-administrator", "help-desk", "auditor"),
)
COLUMNS = ("hash", "sealed", "secret", "pepper", "private")
"""What columns are called that hold a secret, or what it is known by."""
OWN_PAGES = (
    *("/", "/account", "/account/signing-in", "/account/devices", "/account/data", "/account/history"),
    *("/account/applications", "/account/recovery-codes", "/account/connection", "/requests", "/arrange"),
)
MAIL_PASSWORD = "canary-of-the-mail-server-9"


@pytest.fixture(scope="module")
def secrets(tenants):
    """Every secret that there is, as it was given out or as it is kept; by what it is."""
    front = tenants.front = Front(
        tenants.front.database,
        mail={"smtp_url": f"smtp://acme:{MAIL_PASSWORD}@localhost:2525", "sender": "ostiary@acme.example"},
    )
    found = {"password": PASSWORD, "mail": MAIL_PASSWORD, "seed": base64.b32encode(SECRET).decode().rstrip("=")}
    asked = {"client_name": "Secretive", "redirect_uris": ["https://rp.example/cb"]}
    with front.work() as work:
        _, _, found["client secret"] = clients.create(work, "acme", asked, base_url="http://localhost:8000")
        found["temporary pass"] = temporary_pass.make(work, DORA)[1]
        _, found["API secret"] = apis.create(work, "acme", identifier="https://api.example/", name="Orders")
        codes = recovery.make(work, queries.account(work, ANN, organization_id=front.organization_id))
        found |= {f"recovery code {at}": code for at, code in enumerate(codes)}
    front.sign_in_elsewhere(BEN, "Firefox", "203.0.113.9")
    links = [link.rpartition("/")[2] for mail in front.mails() for link in mail.links if "/admin/" not in link]
    found |= {f"link {at} in a mail": token for at, token in enumerate(links) if len(token) > 20}
    return found | _kept(tenants)


def _kept(tenants):
    """What stands in the columns, as text, in hex and in base64."""
    found = {}
    for table, columns in tenants.tables.items():
        for column in (one for one in columns if any(word in one for word in COLUMNS)):
            for at, (value,) in enumerate(tenants.rows(f"SELECT {column} FROM {table}")):
                if isinstance(value, bytes) and len(value) >= 16:
                    found[f"{table}.{column} {at} in hex"] = value[:24].hex()
                    found[f"{table}.{column} {at} in base64"] = base64.b64encode(value[:24]).decode()
                elif isinstance(value, str) and len(value) >= 16:
                    found[f"{table}.{column} {at}"] = value
    return found


def test_t7_no_secret_is_shown_by_any_page_or_export_to_anybody(tenants, secrets):
    ann = signed_in_to_acme(tenants)
    things = Things(tenants, tenants.ours)
    everywhere = [
        *tenants.special,
        *OWN_PAGES,
        *(one.path(things.values(one.rule)) for one in routes(tenants.front.app, "GET")),
    ]
    shown, count = [], 0
    for role in ROLES:
        tenants.become(role)
        for path in dict.fromkeys(everywhere):
            answer = ann.client.get(path)
            count += answer.status_code == 200
            shown += [(role, path, what) for what, secret in secrets.items() if secret in answer.text]
    tenants.restore()

    assert len(secrets) > 40
    assert count > 400
    assert shown == []


def test_t7_what_the_log_of_changes_keeps_has_no_secret_in_it(tenants, secrets):
    kept = [json.dumps(row, default=str) for row in tenants.rows("SELECT * FROM audit_entries")]
    kept += [json.dumps(row, default=str) for row in tenants.rows("SELECT * FROM attempts")]

    assert [(what, row) for what, secret in secrets.items() for row in kept if secret in row] == []
