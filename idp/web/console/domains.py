"""The domains of the organization: prove them, claim the accounts on them, give them up."""

from collections.abc import Iterator, Sequence
from typing import Any, cast

from flask import Blueprint, Response, request, url_for

from idp.base.errors import Conflict
from idp.base.work import Work
from idp.directory import claim_lists, claim_runs, domain_lists, domain_reads, domains, history, managed, sizes
from idp.directory.domain_models import Domain
from idp.directory.domain_proof import Prober
from idp.directory.domains import Asked, Looked
from idp.policy import domains as policy
from idp.web import context
from idp.web.console import confirming, lists
from idp.web.console.desk import Desk, at_desk, console_page, done, fresh
from idp.web.console.lists import At
from idp.web.languages import gettext as _
from idp.web.languages import ngettext
from idp.web.security import administrator

pages = Blueprint("console_domains", __name__, url_prefix="/admin/domains")

_PLACE = "domains"


def _cells(work: Work, at: At, rows: Sequence[Domain]) -> Iterator[Sequence[object]]:
    counts = managed.counts(work, at.organization_id, [one.id for one in rows])
    for one in rows:
        yield (
            *(one.id, one.name, one.state, one.method, one.claiming, counts.get(one.id, 0)),
            *(one.created_at, one.verified_at, one.checked_at, one.missing_since),
        )


LIST = lists.Listing(
    name="domains",
    file="console_domains.as_csv",
    read=lambda work, at, after, limit: domain_lists.page(
        work, at.organization_id, after=after, limit=limit, starting=at.chosen["q"], state=at.chosen["state"]
    ),
    key=lambda one: (one.name, one.id),
    heads=("id", "name", "state", "method", "claiming", "managed", "added", "proven", "looked_for", "missing_since"),
    cells=_cells,
    filters={"q": lists.text, "state": lists.one_of(policy.State)},
)


@pages.get("")
@administrator
@at_desk
def index(work: Work, desk: Desk) -> Response:
    """List the domains with their state; ``q`` is the beginning of a name, ``state`` narrows the list."""
    found = LIST.page(work, desk)
    return console_page(
        work,
        desk,
        "console/domains/index.html",
        place=_PLACE,
        listed=found,
        counts=managed.some(work, desk.organization.id, [one.id for one in found.rows]),
        countable=sizes.MANY,
    )


@pages.get("/domains.csv")
@administrator
@at_desk
def as_csv(work: Work, desk: Desk) -> Response:
    """Send the domains that the address asks for as a CSV file, streamed."""
    return LIST.as_csv(work, desk)


@pages.get("/add")
@administrator
@at_desk
def add(work: Work, desk: Desk) -> Response:
    """Ask for the name of a domain."""
    return console_page(work, desk, "console/domains/add.html", place=_PLACE)


@pages.post("/add")
@administrator
@at_desk(again=add)
def added(work: Work, desk: Desk) -> Response:
    """Add a domain."""
    made = domains.add(
        work, desk.organization.slug, request.form.get("name", ""), method=request.form.get("method", "dns")
    )
    return done(work, desk, _("Added. Now prove that it is yours."), "console_domains.show", domain_id=made.id)


@pages.get("/<domain_id>")
@administrator
@at_desk
def show(work: Work, desk: Desk, domain_id: str) -> Response:
    """Show a domain: its state, its proof, its accounts."""
    found = domain_reads.domain(work, desk.organization.slug, domain_id)
    return _page(work, desk, "show", found, managed_count=managed.count(work, found))


@pages.get("/<domain_id>/history")
@administrator
@at_desk
def past(work: Work, desk: Desk, domain_id: str) -> Response:
    """Show what has happened to a domain."""
    found = domain_reads.domain(work, desk.organization.slug, domain_id)
    return _page(work, desk, "history", found, entries=history.of_target(work, desk.organization.id, found.id))


@pages.post("/<domain_id>/check")
@administrator
def check(domain_id: str) -> Response:
    """Look for the proof now. Nobody is asked while a transaction is open."""
    asked = _asked(domain_id=domain_id)
    if isinstance(asked, Response):  # the session ended meanwhile
        return asked
    with context.aside():
        looked = domains.look(cast(Asked, asked), _prober())
    return cast(Response, _settled(domain_id=domain_id, asked=asked, looked=looked))


@at_desk
def _asked(work: Work, desk: Desk, domain_id: str) -> Any:
    return domains.ask(work, desk.organization.slug, domain_id)


@at_desk
def _settled(work: Work, desk: Desk, domain_id: str, asked: Asked, looked: Looked) -> Response:
    found = domains.settle(work, asked, looked)
    words = (
        _("The proof is there: %(name)s is yours.", name=policy.shown(found.name))
        if found.state == policy.State.VERIFIED
        else _("Looked: %(finding)s.", finding=found.finding)
    )
    return done(work, desk, words, "console_domains.show", domain_id=domain_id)


@pages.post("/<domain_id>/method")
@administrator
@at_desk(again=show)
def set_method(work: Work, desk: Desk, domain_id: str) -> Response:
    """Choose how the domain is proven."""
    domains.set_method(
        work, desk.organization.slug, domain_id, request.form.get("method", ""), if_version=lists.version()
    )
    return done(work, desk, _("Saved."), "console_domains.show", domain_id=domain_id)


@pages.get("/<domain_id>/claiming")
@administrator
@at_desk(again=show)
@fresh
def ask_claiming(work: Work, desk: Desk, domain_id: str) -> Response:
    """Say what it means that new accounts become managed by themselves, or no longer do, and for how many."""
    found = domain_reads.editable(work, desk.organization.slug, domain_id)
    name, claiming = policy.shown(found.name), lists.filters("claiming")["claiming"]
    if claiming == "automatic":
        count = managed.preview(work, desk.organization.slug, domain_id, None).count
        said = ngettext(
            "Every new account with an address on %(name)s is managed as soon as it is there, and its person is told; %(num)s account that is there already stays as it is until you claim it.",
            "Every new account with an address on %(name)s is managed as soon as it is there, and its person is told; %(num)s accounts that are there already stay as they are until you claim them.",
            count,
        )
    else:
        count = managed.count(work, found)
        said = ngettext(
            "New accounts with an address on %(name)s are managed only when you claim them; %(num)s account stays managed.",
            "New accounts with an address on %(name)s are managed only when you claim them; %(num)s accounts stay managed.",
            count,
        )
    question = confirming.Question(
        title=_("Claim new accounts by themselves?") if claiming == "automatic" else _("Claim new accounts by hand?"),
        says=[said % {"num": count, "name": name}],
        button=_("Save"),
        action=url_for("console_domains.set_claiming", domain_id=found.id),
        back=(url_for("console_domains.show", domain_id=found.id), name),
        carried=[("claiming", claiming)],
        version=found.version,
    )
    return confirming.ask(work, desk, question, place=_PLACE)


@pages.post("/<domain_id>/claiming")
@administrator
@at_desk(again=show)
@fresh
def set_claiming(work: Work, desk: Desk, domain_id: str) -> Response:
    """Choose whether new accounts become managed by themselves."""
    domains.set_claiming(
        work, desk.organization.slug, domain_id, request.form.get("claiming", ""), if_version=lists.version()
    )
    return done(work, desk, _("Saved."), "console_domains.show", domain_id=domain_id)


@pages.get("/<domain_id>/claim")
@administrator
@at_desk
@fresh
def claim(work: Work, desk: Desk, domain_id: str) -> Response:
    """Say whom claiming all accounts affects, or those of an uploaded ``list``, and ask which."""
    return _claim(work, desk, domain_id, _uploaded(work, desk, domain_id))


@pages.post("/<domain_id>/claim")
@administrator
@at_desk(again=claim)
@fresh
def claimed(work: Work, desk: Desk, domain_id: str) -> Response:
    """Say whom claiming some accounts affects; or claim those that were just looked at."""
    listed = _listed(work, desk, domain_id)
    if request.form.get("act") != "claim":
        return _claim(work, desk, domain_id, listed)
    affected = managed.preview(work, desk.organization.slug, domain_id, listed).count
    _same_as_looked_at(affected)
    if listed is not None and len(listed) > claim_runs.AT_ONCE:
        return _run(work, desk, domain_id, listed, affected, claim=True)
    count = managed.claim(work, desk.organization.slug, domain_id, listed)
    claim_lists.drop(work, desk.organization.id, _list_id())
    words = ngettext(
        "Claimed %(num)s account. The person is told.", "Claimed %(num)s accounts. Each person is told.", count
    )
    words %= {"num": count}
    return done(work, desk, words, "console_domains.show", domain_id=domain_id)


@pages.get("/<domain_id>/unclaim")
@administrator
@at_desk
@fresh
def unclaim(work: Work, desk: Desk, domain_id: str) -> Response:
    """Say whom giving all managed accounts back affects, or those of an uploaded ``list``, and ask which."""
    return _unclaim(work, desk, domain_id, _uploaded(work, desk, domain_id))


@pages.post("/<domain_id>/unclaim")
@administrator
@at_desk(again=unclaim)
@fresh
def unclaimed(work: Work, desk: Desk, domain_id: str) -> Response:
    """Say whom giving some accounts back affects; or give those back that were just looked at."""
    listed = _listed(work, desk, domain_id)
    if request.form.get("act") != "unclaim":
        return _unclaim(work, desk, domain_id, listed)
    affected = managed.preview_unclaim(work, desk.organization.slug, domain_id, listed).count
    _same_as_looked_at(affected)
    if listed is not None and len(listed) > claim_runs.AT_ONCE:
        return _run(work, desk, domain_id, listed, affected, claim=False)
    count = managed.unclaim(work, desk.organization.slug, domain_id, listed)
    claim_lists.drop(work, desk.organization.id, _list_id())
    words = ngettext(
        "Gave %(num)s account back. The person is told.", "Gave %(num)s accounts back. Each person is told.", count
    )
    words %= {"num": count}
    return done(work, desk, words, "console_domains.show", domain_id=domain_id)


@pages.get("/<domain_id>/remove")
@administrator
@at_desk
@fresh
def remove(work: Work, desk: Desk, domain_id: str) -> Response:
    """Say what giving a domain up does."""
    found = domain_reads.editable(work, desk.organization.slug, domain_id)
    return _page(work, desk, "remove", found, managed_count=managed.count(work, found))


@pages.post("/<domain_id>/remove")
@administrator
@at_desk(again=remove)
@fresh
def removed(work: Work, desk: Desk, domain_id: str) -> Response:
    """Give a domain up."""
    found = domains.remove(work, desk.organization.slug, domain_id, if_version=lists.version())
    return done(work, desk, _("Removed %(name)s.", name=policy.shown(found.name)), "console_domains.index")


def _run(work: Work, desk: Desk, domain_id: str, listed: tuple[str, ...], affected: int, *, claim: bool) -> Response:
    """Begin to claim by a long list, or to give back; what was typed is kept as what is uploaded is."""
    organization = desk.organization
    kept = (
        claim_lists.get(work, organization.id, domain_id, _list_id())
        if _list_id()
        else claim_lists.keep_addresses(work, organization.slug, domain_id, listed)
    )
    run = claim_runs.start(work, organization.slug, kept, claim=claim, count=affected)
    return done(work, desk, _("It has begun. You may leave this page."), "console_runs.show", run_id=run.id)


def _claim(work: Work, desk: Desk, domain_id: str, listed: tuple[str, ...] | None) -> Response:
    found = domain_reads.editable(work, desk.organization.slug, domain_id)
    preview = managed.preview(work, desk.organization.slug, domain_id, listed)
    return _page(work, desk, "claim", found, preview=preview, listed=listed, list_id=_list_id())


def _unclaim(work: Work, desk: Desk, domain_id: str, listed: tuple[str, ...] | None) -> Response:
    found = domain_reads.editable(work, desk.organization.slug, domain_id)
    preview = managed.preview_unclaim(work, desk.organization.slug, domain_id, listed)
    return _page(work, desk, "unclaim", found, preview=preview, listed=listed, list_id=_list_id())


def _page(work: Work, desk: Desk, template: str, found: Domain, **values: Any) -> Response:
    return console_page(
        work,
        desk,
        f"console/domains/{template}.html",
        place=_PLACE,
        domain=found,
        shown=policy.shown(found.name),
        record_names=policy.names_to_ask(found.name),
        file_address=policy.file_address(found.name),
        expected=policy.expected(found.token),
        may_claim=policy.may_claim(found.state, found.missing_since, work.now),
        **values,
    )


def _list_id() -> str:
    return (request.form if request.method == "POST" else request.args).get("list", "")


def _uploaded(work: Work, desk: Desk, domain_id: str) -> tuple[str, ...] | None:
    """Return the addresses of the file that was uploaded; None: there is none."""
    named = _list_id()
    return claim_lists.addresses(work, desk.organization.id, domain_id, named) if named else None


def _listed(work: Work, desk: Desk, domain_id: str) -> tuple[str, ...] | None:
    """Return the addresses of the file, or those that were typed; None: all accounts are meant."""
    uploaded = _uploaded(work, desk, domain_id)
    if uploaded is not None:
        return uploaded
    typed = request.form.get("addresses", "")
    return managed.read_addresses(typed.encode()) if typed.strip() else None


def _same_as_looked_at(count: int) -> None:
    if request.form.get("count") != str(count):
        raise Conflict(
            ngettext(
                "Meanwhile it would be %(num)s account. Nothing was changed.",
                "Meanwhile it would be %(num)s accounts. Nothing was changed.",
                count,
            )
            % {"num": count},
            advice=_("Look at them again."),
        )


def _prober() -> Prober:
    of = context.settings()
    return Prober(tuple(of.domains.resolver_addresses), tuple(of.egress.allow_addresses), of.domains.file_port)
