"""Metadata of many: read piece by piece behind the gate, proven as a whole, registered in batches (X1, X4, X7, X30)."""

import io
from contextlib import contextmanager

import pytest
from lxml import etree

from idp.base.errors import Conflict, Forbidden, Invalid, NotFound
from idp.directory import applications
from idp.saml import aggregates, gate, importing, names
from idp.saml.aggregate_signatures import verified_copy
from idp.saml.aggregates import entities, pick
from idp.saml.certificates import known_keys
from idp.saml.errors import MessageRefused
from idp.saml.importing import Came
from idp.saml.models import ServiceProvider as Row
from tests.support import aggregate, people
from tests.support.aggregate import HEAD, TAIL
from tests.support.hidden_text import WITHOUT_MARK
from tests.support.published import signed, stripped
from tests.support.service_provider import NOON, ServiceProvider, pair, stamp

FEDERATION, STRANGER = pair("federation"), pair("stranger")
IDP = (
    f'<md:EntityDescriptor entityID="https://idp.example/"><md:IDPSSODescriptor protocolSupportEnumeration="{names.SAMLP}">'
    f'<md:SingleSignOnService Binding="{names.REDIRECT}" Location="https://idp.example/sso"/></md:IDPSSODescriptor>'
    "</md:EntityDescriptor>"
)


def sp(name: str, **more) -> str:
    return (
        ServiceProvider(f"https://{name}.example/", f"https://{name}.example/acs", "https://x.example/slo")
        .metadata(**more)
        .decode()
    )


def of(*inside: str, attributes: str = "") -> bytes:
    return f"{HEAD}{attributes}>{''.join(inside)}{TAIL}".encode()


def read(document: bytes) -> list[aggregates.Entity]:
    return list(entities(io.BytesIO(document)))


@contextmanager
def refused(cause: str):
    """Expect a refusal for this cause."""
    with pytest.raises(MessageRefused) as raised:
        yield
    assert any(word in raised.value.cause for word in cause.split("|")), raised.value.cause


def ids(document: bytes) -> list[str]:
    return [one.entity_id for one in read(document)]


def test_every_entity_is_found_in_its_order_wherever_it_is_nested():
    inner = f"<md:EntitiesDescriptor>{sp('b')}{IDP}</md:EntitiesDescriptor>"

    found = read(of("<!-- a comment -->", sp("a"), inner, sp("c")))

    assert [one.entity_id[8:9] for one in found] == ["a", "b", "i", "c"]
    assert [one.is_service_provider for one in found] == [True, True, False, True]


def test_one_entity_alone_is_an_aggregate_of_one():
    assert ids(sp("a").encode()) == ["https://a.example/"]


def test_what_is_cut_out_says_the_same_as_it_did_alone(tmp_path):
    path = aggregate.write(tmp_path / "many.xml", 3)
    with path.open("rb") as file:
        found = list(entities(file))

    described = [one.described(now=NOON, http_loopback=False) for one in found]

    assert [one.display_name for one in described] == ["Service 0", "Service 1", "Service 2"]
    assert [one.name for one in found] == ["Service 0", "Service 1", "Service 2"]
    assert len({der for one in described for der in one.signing_certificates}) == 3
    assert [one.friendly_name for one in described[0].requested_attributes] == [
        "mail",
        "displayName",
        "eduPersonPrincipalName",
    ]


def test_entities_at_the_seams_of_what_is_read_at_once_are_whole(tmp_path):
    path = aggregate.write(tmp_path / "many.xml", 200)
    whole = etree.parse(path).getroot()

    with path.open("rb") as file:
        found = list(entities(file))

    assert len(found) == 200
    for one, node in zip(found, whole, strict=True):
        assert one.document == etree.tostring(node, method="c14n", exclusive=True)


def test_x30_the_end_of_the_aggregate_is_that_of_its_entities():
    document = of(
        sp("a"),
        sp("b", entity=f' validUntil="{stamp(NOON, hours=1)}"'),
        attributes=f' validUntil="{stamp(NOON, days=2)}"',
    )
    first, second = (one.described(now=NOON, http_loopback=False) for one in read(document))

    assert (first.valid_until.day, second.valid_until.hour) == (3, 13)
    (late,) = read(of(sp("a"), attributes=f' validUntil="{stamp(NOON, hours=-1)}"'))
    with pytest.raises(Invalid):
        late.described(now=NOON, http_loopback=False)


BOMB = '<!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;">]>'


@pytest.mark.parametrize(
    ("document", "cause"),
    [
        (BOMB.encode() + of(sp("a")), "DOCTYPE"),
        (b'<?xml version="1.0"?>' + b"<!DOCTYPE x SYSTEM 'file:///etc/passwd'>" + sp("a").encode(), "DOCTYPE"),
        (of(sp("a"), "<![CDATA[x]]>"), "CDATA"),
        (of(sp("a"), "<?php x?>"), "processing instruction"),
        (of(sp("a")).decode().replace("UTF-8", "UTF-16").encode("utf-16"), "UTF-8|XML"),
        *((of(sp("a")).decode().partition("?>")[2].encode(one), "UTF-8") for one in WITHOUT_MARK),
        (of(sp("a"), "<md:x>\xff</md:x>").decode().encode("latin-1"), "UTF-8"),
        (b"<html/>", "no SAML metadata"),
        (b"", "not well-formed|no SAML"),
        (b"<x>" + of(sp("a"))[39:] + b"</x>", "no SAML metadata"),
        (of(sp("a"))[:-30], "not well-formed"),
        (of(sp("a")) + of(sp("b"))[39:], "not well-formed"),
        (of("<md:EntitiesDescriptor>" * 40, "</md:EntitiesDescriptor>" * 40), "deeper"),
        (of("<md:x>" * 400, "</md:x>" * 400), "not well-formed|Excessive"),
        (of(sp("a", inside="<x>" + "y" * 3_000_000 + "</x>", signing=FEDERATION.der)), "longer than"),
        (of("<md:x>" + " " * 2_200_000 + "</md:x>"), "longer than"),
    ],
    ids=["entities", "external DTD", "CDATA", "instruction", "UTF-16", *WITHOUT_MARK, "latin-1", "a page", "nothing", "wrapped",
         "cut off", "two roots", "nested", "deep", "a huge entity", "much of nothing"],
)  # fmt: skip
def test_x4_x7_what_no_metadata_needs_is_refused(document, cause):
    with refused(cause):
        read(document)


@pytest.mark.parametrize("cut", range(1, 24))
def test_x4_a_doctype_at_any_seam_is_seen(cut):
    """What is read at once may end in the middle of the octets that give it away."""

    class Dripping(io.BytesIO):
        def read(self, size=-1):
            return super().read(min(cut, size))

    inside = b"<md:EntitiesDescriptor/>" + b"<!DOCTYPE x>"
    with refused("DOCTYPE"):
        list(aggregates.checked(Dripping(inside)))
    assert b"".join(aggregates.checked(Dripping(b"<a><!-- \xc3\xa9 --></a>"))) == b"<a><!-- \xc3\xa9 --></a>"


def test_x7_a_file_without_end_is_not_read_to_it():
    with refused("longer than 1000 bytes"):
        list(entities(io.BytesIO(of(sp("a"), sp("b"), sp("c"))), most_bytes=1000))


def test_x2_what_stands_inside_of_an_entity_is_no_entity():
    hidden = f"<md:Extensions>{sp('hidden')}</md:Extensions>"
    document = of(
        sp("a").replace("<md:SPSSO", hidden + "<md:SPSSO", 1), f"<md:Extensions>{sp('b')}</md:Extensions>", sp("c")
    )

    assert ids(document) == ["https://a.example/", "https://c.example/"]
    root = gate.read_metadata(document)
    with refused("0 entities"):
        pick(root, "https://hidden.example/")


def test_each_entity_has_the_limits_of_a_document_of_one():
    (one,) = read(of(sp("a", consumers="<md:x/>" * 21_000)))
    with pytest.raises(Invalid, match="cannot be read"):
        one.described(now=NOON, http_loopback=False)


# The signature over all of it


def proven(document: bytes, *keys) -> bytes:
    into = io.BytesIO()
    verified_copy(io.BytesIO(document), known_keys(tuple(key.der for key in keys or (FEDERATION,))), into)
    return into.getvalue()


@pytest.mark.parametrize("method", [names.RSA_SHA256, names.RSA_SHA512])
def test_what_the_signature_covers_comes_out_and_nothing_else(method):
    document = of("<!-- by us -->", sp("a"), "\n", sp("b"))

    covered = proven(signed(document, FEDERATION, method=method), STRANGER, FEDERATION)

    assert ids(covered) == ["https://a.example/", "https://b.example/"]
    assert b"Signature" not in covered
    left = etree.fromstring(of("\n", sp("a"), "\n", sp("b")))  # what stood behind the signature stays
    assert covered == etree.tostring(left, method="c14n", exclusive=True)


def test_the_verifier_of_single_documents_agrees():
    from idp.saml import signatures

    document = signed(of(sp("a"), sp("b")), FEDERATION)

    other = signatures.verified_metadata(gate.read_metadata(document), known_keys((FEDERATION.der,)))

    assert etree.tostring(other, method="c14n", exclusive=True) == proven(document)


PREFIXES = (
    f'<ds:Transform Algorithm="{names.ENVELOPED}"/><ds:Transform Algorithm="{names.EXCLUSIVE_C14N}">'
    f'<ec:InclusiveNamespaces xmlns:ec="{names.EXCLUSIVE_C14N}" PrefixList="xs mdui"/></ds:Transform>'
)


def test_a_list_of_prefixes_is_honoured():
    assert ids(proven(signed(of(sp("a")), FEDERATION, transforms=PREFIXES))) == ["https://a.example/"]


GOOD = signed(of(sp("a"), sp("b")), FEDERATION)
OTHER_TRANSFORMS = f'<ds:Transform Algorithm="{names.EXCLUSIVE_C14N}"/>' * 2


@pytest.mark.parametrize(
    "document",
    [
        of(sp("a")),
        stripped(GOOD),
        signed(of(sp("a")), STRANGER),
        GOOD.replace(b"https://a.example/acs", b"https://evil.example/acs"),
        GOOD.replace(TAIL.strip().encode(), sp("evil").encode() + TAIL.encode()),
        HEAD.replace("_aggregate", "_outer").encode() + b">" + GOOD + sp("evil").encode() + TAIL.encode(),
        of(signed(sp("a", entity=' ID="_a"').encode(), FEDERATION).decode(), sp("evil")),
        GOOD.replace(b'entityID="https://a.example/"', b'entityID="https://a.example/" ID="_aggregate"'),
        signed(of(sp("a")), FEDERATION, method="http://www.w3.org/2000/09/xmldsig#rsa-sha1"),
        signed(of(sp("a")), FEDERATION, digest=names.SHA1),
        signed(of(sp("a")), FEDERATION, uri=""),
        signed(of(sp("a")), FEDERATION, more=f"<ds:Object>{sp('evil')}</ds:Object>"),
    ],
    ids=["unsigned", "stripped", "another key", "altered", "one added", "wrapped", "only an entity is signed",
         "same ID twice", "RSA-SHA1", "SHA-1", "no reference", "an object"],
)  # fmt: skip
def test_x1_x30_what_is_not_proven_as_a_whole_is_refused(document):
    """stack.md 2.5: pysaml2 takes a document whose signature was removed, and what stands beside a signed entity."""
    with pytest.raises(MessageRefused):
        proven(document)


# Registering


def register(world, document: bytes, *, batch=100, site="acme", **wanted):
    read_ = [importing.read(one, now=world.now) for one in read(document) if one.is_service_provider]
    outcomes = []
    for at in range(0, len(read_), batch):
        with world.work() as work:
            outcomes += importing.register(work, site, read_[at : at + batch], **wanted)
    return outcomes


def test_every_fault_is_said_of_its_entity_and_the_others_go_on(world):
    document = of(
        sp("a"),
        sp("script").replace("https://script.example/acs", "javascript:alert(1)"),
        sp("signs", attributes=' AuthnRequestsSigned="true"'),
        sp("old", entity=f' validUntil="{stamp(NOON, days=-1)}"'),
        sp("weak", signing=pair("weak", "rsa-1024").der),
        IDP,
        sp("b"),
    )

    outcomes = register(world, document)

    assert [one.came for one in outcomes] == [
        Came.REGISTERED, Came.FAULTY, Came.FAULTY, Came.FAULTY, Came.FAULTY, Came.REGISTERED,
    ]  # fmt: skip
    assert [one.cause.split(".")[0] for one in outcomes[1:5]] == [
        "“javascript:alert(1)” is no https address",
        "Signed requests are required of this service provider, but its metadata has no certificate to check them",
        "This metadata was valid until 2029-12-31 12:00 UTC",
        "A certificate in the metadata cannot be used",
    ]
    assert world.count(Row) == 2
    assert len(world.audited("service-provider.registered")) == 2


def test_an_import_that_is_begun_again_goes_on_where_it_was(world):
    first = register(world, of(sp("a"), sp("b")))
    again = register(world, of(sp("a"), sp("b"), sp("c")), batch=2)

    assert [one.came for one in first] == [Came.REGISTERED] * 2
    assert [one.came for one in again] == [Came.ALREADY, Came.ALREADY, Came.REGISTERED]
    with world.work() as work:
        assert importing.registered(work, "acme", ["https://a.example/", "https://nobody.example/"]) == {
            "https://a.example/"
        }
        assert importing.registered(work, "rival", ["https://a.example/"]) == frozenset()


def test_what_was_deleted_may_be_imported_again(world):
    (made,) = register(world, of(sp("a")))
    with world.work() as work:
        applications.delete(work, made.application_id)

    (again,) = register(world, of(sp("a")))

    assert again.came is Came.REGISTERED
    assert again.application_id != made.application_id


def test_twice_in_one_batch_is_registered_once(world):
    assert [one.came for one in register(world, of(sp("a"), sp("a")))] == [Came.REGISTERED, Came.ALREADY]


def test_the_imported_are_like_those_registered_alone(world):
    (made,) = register(world, of(sp("a", signing=FEDERATION.der, attributes=' AuthnRequestsSigned="1"')), everyone=True)
    with world.work() as work:
        row = work.tx.session.query(Row).one()
        assert (row.application_id, row.require_signed_requests, row.metadata_url) == (made.application_id, True, "")
        assert row.metadata_xml.startswith("<md:EntityDescriptor ")
    with pytest.raises(Conflict):
        world.register(ServiceProvider("https://a.example/"))


def test_only_who_may_register_applications_imports_any(world, as_account):
    read_ = [importing.read(one, now=world.now) for one in read(of(sp("a")))]
    with world.work() as work, pytest.raises(Forbidden):
        importing.register(as_account(work, world.account(), "auditor"), "acme", read_)
    with world.work() as work, pytest.raises(NotFound):
        importing.register(people.stranger(work), "acme", read_)
