"""
What changes something requires a permission, and before it does: a verb, or whoever calls it (threats T10).

An entry is what the doors call, or the table of jobs and runs has. Each that comes to write an audit entry without having
required anything is named here, with the reason why it needs no permission: a new one fails the test.
"""

import ast
from functools import cache

from tests.architecture.source import PACKAGE, modules, tree
from tests.support import verbs

RECORD = "idp.audit.log.record"
CHECKS = ("idp.policy.permissions.require", "idp.directory.rights.require")
WITHOUT = {
    "on oneself: the session, or the actor, says whose things these are": """
        directory.access_requests.ask withdraw
        directory.own_data.note
        oidc.api_tokens.own.make revoke revoke_all
        signon.consent.withdraw
        signon.email_change.ask
        signon.grace.put_off
        signon.not_me.report_sign_in report_told
        signon.own_account.end_other_sessions end_session
        signon.own_passkeys.add
    """,
    "the proof is a link of a mail that is honoured once": """
        signon.email_change.confirm
        signon.not_me.report
    """,
    "signing in: who it is, is being proven": """
        signon.passkeys.enrol second_step sign_in
        signon.progress.open_session refused
        signon.proving.agree code email_code enrol first_pass recovery_code second_pass send_email_code settle_password
        signon.proving.try_password
    """,
    "a protocol: the far end proves itself, or the person is signed in and agrees": """
        oidc.authorize.respond.begin resume
        oidc.device.asking.answer
        oidc.device.deciding.decide look
        oidc.introspect.answer
        oidc.par.answer
        oidc.revoke.answer
        oidc.token.authorization_code.grant
        oidc.token.device_code.grant
        oidc.token.endpoint.answer
        oidc.token.refresh_token.grant
        provisioning.clients.stop
        saml.answering.by_redirect from_our_side refused resume
        saml.logout.requests.by_browser by_soap
        saml.logout.visits.answered visit
        saml.managing.by_browser by_soap
    """,
    "signing out: of the own session, or because a verb that required it has ended one": """
        signon.backchannel.at_once handlers sender
        signon.logout.start
        signon.logout_steps.finish frames resume
    """,
    "a job: nobody asks for it but the clock, or a verb that required it": """
        directory.access_trials.roll_back
        directory.group_rule_turns.run_one
        directory.lifetime.handler
        directory.runs.drain
        provisioning.targets.noticing.settle
        provisioning.targets.sending.drain
        saml.refreshing.sweep
        signon.erasing.erase
        signon.managed_notices.run
        signon.password_reset.run
    """,
    "it asks by itself whether whoever acts has begun it, or may edit the organization": """
        directory.runs.stop
    """,
    "it only says that something was read, after what reading it needs": """
        directory.list_exports.note
    """,
}
JOBS = "a job: nobody asks for it but the clock, or a verb that required it"
OF_JOBS = {"idp.cli.jobs", "idp.cli.dev_seed", "idp.app"}
"""Where jobs are put together."""
WRITES = {"record", "add", "add_all", "delete"}


def _read(text):
    for line in filter(None, map(str.strip, text.splitlines())):
        first, *rest = line.split()
        module = first.rpartition(".")[0]
        yield f"idp.{first}"
        yield from (f"idp.{module}.{name}" for name in rest)


ALLOWED = {name: why for why, text in WITHOUT.items() for name in _read(text)}
EVERY = verbs.functions()


def _coming_to(*beginnings):
    """Every function that comes to call something whose whole name begins so."""
    callers = {}
    for name, function in EVERY.items():
        for one in function.calls:
            callers.setdefault(one, set()).add(name)
    found, waiting = set(), [one for one in callers if one.startswith(beginnings)]
    while waiting:
        for name in callers.get(waiting.pop(), ()):
            if name not in found:
                found.add(name)
                waiting.append(name)
    return found


REQUIRING, RECORDING = _coming_to(*CHECKS), _coming_to(RECORD)


@cache
def _named_by_doors():
    """What web and cli name, by the module that does."""
    found = {}
    for path in modules("web", "cli"):
        module, imports = verbs.module_of(path), verbs.imports(path)
        for node in ast.walk(tree(path)):
            if isinstance(node, ast.Attribute | ast.Name):
                found.setdefault(verbs.target(module, node, imports), set()).add(module)
    return found


def entries():
    """What writes audit entries and is called by the doors, or by nothing that we see."""
    called = {one for name, function in EVERY.items() for one in function.calls if one != name}
    return {name for name in RECORDING if (name in _named_by_doors() or name not in called)}


def test_t10_what_changes_something_requires_a_permission_or_is_named_with_the_reason_why_not():
    found = entries()
    without = {name for name in found if name not in REQUIRING}

    assert len(found) > 180
    assert without - ALLOWED.keys() == set(), "require a permission, or say here why it needs none"
    assert ALLOWED.keys() - without == set(), "these require something now, or are gone"


def test_t10_what_only_the_clock_asks_for_is_called_by_no_page():
    jobs = {name for name, why in ALLOWED.items() if why == JOBS}
    wrong = {name: where for name in jobs if (where := _named_by_doors().get(name, set()) - OF_JOBS)}

    assert wrong == {}


def _lines(module, function, imports):
    """The first line at which a verb requires something, and the first at which it writes."""
    asked, written = [], []
    for call in ast.walk(function):
        if not isinstance(call, ast.Call):
            continue
        name = verbs.target(module, call.func, imports)
        if name.startswith(CHECKS) or name in REQUIRING:
            asked.append(call.lineno)
        last = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
        of_session = isinstance(call.func, ast.Attribute) and ast.unparse(call.func.value).endswith("session")
        if name == RECORD or (of_session and last in WRITES):
            written.append(call.lineno)
    return asked, written


def test_t10_a_verb_requires_before_it_writes():
    wrong, count = [], 0
    for path in modules(*verbs.ROOMS):
        module, imports = verbs.module_of(path), verbs.imports(path)
        for function in tree(path).body:
            if not isinstance(function, ast.FunctionDef):
                continue
            asked, written = _lines(module, function, imports)
            if asked and written:
                count += 1
                if min(written) < min(asked):
                    wrong.append(f"{module}.{function.name}")

    assert count > 100
    assert wrong == []


def test_there_are_no_classes_that_take_work_and_hide_verbs_from_us():
    """Verbs are functions at the top of their files: a method would be in no matrix."""
    hidden = [
        f"{path.relative_to(PACKAGE)}:{method.lineno}"
        for path in modules(*verbs.ROOMS)
        for node in tree(path).body
        if isinstance(node, ast.ClassDef)
        for method in node.body
        if isinstance(method, ast.FunctionDef) and "record(work" in ast.unparse(method)
    ]

    assert hidden == []
