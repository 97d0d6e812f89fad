"""
Every page of the console and of its administrator in a real browser, when whoever could type something typed the worst.

T11: no dialog, no complaint of the policy (the fixture hears both). At 320 px nothing scrolls sideways, in either theme.
"""

import json
from contextlib import closing

from sqlalchemy import text

from tests.browser.conftest import signed_in
from tests.browser.test_axe import Crawl, is_file
from tests.browser.test_strange_names import CANARY
from tests.support import console_world
from tests.support.pictures import THEMES

POLYGLOT = f"{CANARY}jaVasCript:/*-/*`/*\\`/*'/*\"/**/(/* */oNcliCk=alert(5) )//</stYle/</titLe/</teXtarEa/</scRipt/-->{'W' * 70}"
WRITTEN = (
    *("name", "given_name", "family_name", "description", "note", "reason", "answer", "support_contact", "title"),
    *("technical_contact", "file_name", "user_agent", "problem", "cause", "created_by_name", "invited_by_name"),
    *("actor_name", "finding", "place", "browser", "system", "refresh_error", "last_error", "application_name"),
    *("decided_by", "created_by", "country", "city", "network", "ip", "email", "rule", "code"),
)
"""Columns of text that an administrator, a person, a provider or a browser can write."""
INSIDE = {
    ("audit_entries", "details"): (),
    ("accounts", "attributes"): (),
    ("launcher_layouts", "sections"): (),
    ("service_providers", "description"): ("display_name", "friendly_name"),
    ("access_policy_versions", "rules"): ("name", "text"),
    ("attempts", "steps"): ("cause", "rule"),
}
"""Texts inside of JSON: under which keys; none: under all that are no ids."""
SIDEWAYS = "document.documentElement.scrollWidth > document.documentElement.clientWidth"
OWN_PAGES = (
    *("/", "/arrange", "/account", "/account/signing-in", "/account/devices", "/account/data", "/account/history"),
    *("/account/applications", "/account/connection", "/account/email", "/account/password", "/requests", "/signout"),
)


def _typed_everywhere(front) -> int:
    """Write the worst into every column that somebody can write, beside the verbs, which refuse some of it."""
    count = 0
    with closing(front.database.engine.connect()) as connection:
        triggers = connection.execute(text("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'")).fetchall()
        for name, _ in triggers:
            connection.execute(text(f"DROP TRIGGER {name}"))
        tables = connection.execute(text("SELECT name FROM sqlite_master WHERE type = 'table'")).scalars().all()
        for table in tables:
            columns = [row[1] for row in connection.execute(text(f"PRAGMA table_info({table})"))]
            for column in set(columns) & set(WRITTEN) - ({"description"} if table == "service_providers" else set()):
                count += _write(connection, table, column)
        for (table, column), keys in INSIDE.items():
            count += _write_inside(connection, table, column, keys)
        connection.execute(
            text("UPDATE applications SET launch_url = 'javascript:alert(6)' WHERE protocol = 'bookmark'")
        )
        connection.commit()
    return count


def _write(connection, table, column) -> int:
    """Every row says it, with a number where it has to be another one each time."""
    key = f"UPDATE OR IGNORE {table} SET {column} = :said"
    if column in ("email", "name"):
        key += " || rowid"
    where = f" WHERE typeof({column}) = 'text' AND {column} NOT LIKE 'ann@%'"
    return connection.execute(text(key + where), {"said": POLYGLOT}).rowcount


def _write_inside(connection, table, column, keys) -> int:
    rows = connection.execute(text(f"SELECT rowid, {column} FROM {table}")).fetchall()
    for rowid, content in rows:
        said = json.dumps(_worst(json.loads(content), keys) or ({"title": POLYGLOT} if column == "attributes" else {}))
        connection.execute(
            text(f"UPDATE {table} SET {column} = :said WHERE rowid = :row"), {"said": said, "row": rowid}
        )
    return len(rows)


def _worst(value, keys, key=""):
    if isinstance(value, dict):
        return {name: _worst(one, keys, name) for name, one in value.items()}
    if isinstance(value, list):
        return [_worst(one, keys, key) for one in value]
    said = key in keys if keys else not key.endswith("id") and key not in ("applications", "kind")
    return POLYGLOT[:120].strip() if isinstance(value, str) and said else value  # a name in a rule is not longer


def test_t11_whatever_was_typed_is_text_on_every_page_and_fits_on_a_phone(front, walk, base):
    special = console_world.fill(front)
    one = signed_in(walk(viewport={"width": 320, "height": 800}))
    assert _typed_everywhere(front) > 300
    rules = [one for one in front.app.url_map.iter_rules() if one.rule.startswith("/admin") and "GET" in one.methods]
    crawl = Crawl(front, one.tab, base)
    sideways, broken, count = [], [], 0
    for path, status in crawl.pages(
        *special, *(rule.rule for rule in rules if not rule.arguments and not is_file(rule.rule))
    ):
        count += 1
        if status not in (200, 422):
            broken.append((path, status))
        for theme in THEMES:
            one.tab.emulate_media(color_scheme=theme)
            if one.tab.evaluate(SIDEWAYS):
                sideways.append((path, theme))
    for path in OWN_PAGES:
        one.open(path)
        if one.tab.evaluate(SIDEWAYS):
            sideways.append((path, "own"))

    assert broken == []
    assert count > 100
    assert sideways == []
