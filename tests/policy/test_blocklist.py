"""The list of breached passwords: what is in it is found, quickly; what is damaged is refused."""

import gzip
import hashlib
import random
import time

import pytest

from idp.base.errors import Invalid
from idp.policy import blocklist, blocklist_building
from idp.policy.blocklist import BlocklistFault

WORDS = ["umbrella quartz lantern", "Straße 12", "pa\u0308ssphrase", "x", "velvet oak rope"]


def built(folder, *, lines=WORDS, name="words.txt", into="list.bin", **said):
    words = folder / name
    words.write_bytes(lines if isinstance(lines, bytes) else "\n".join(lines).encode() + b"\n")
    blocklist_building.build([words], folder / into, **said)
    return folder / into


def test_what_was_put_in_is_found_and_nothing_else(tmp_path):
    found = blocklist.read(built(tmp_path))

    assert all(found.holds(word) for word in WORDS)
    assert not any(found.holds(word) for word in ("", "umbrella quartz", "umbrella quartz lantern ", "y"))
    assert found.description.passwords == len(WORDS)


def test_a27_spellings_of_one_password_are_one_entry(tmp_path):
    found = blocklist.read(built(tmp_path, lines=["Straße 12", "STRASSE 12", "pässphrase", "pa\u0308ssphrase"]))

    assert found.description.passwords == 2
    assert found.holds("strasse 12")
    assert found.holds("PÄSSPHRASE")


def test_ten_thousand_entries_are_all_found(tmp_path):
    words = [f"word {n} {random.Random(n).random()}" for n in range(10_000)]
    found = blocklist.read(built(tmp_path, lines=words))

    assert all(map(found.holds, words))
    assert [*found.keys()] == sorted(found.keys())


def test_the_same_input_makes_the_same_file(tmp_path):
    one = built(tmp_path, into="one.bin", source="words", licence="MIT").read_bytes()
    other = built(tmp_path, lines=WORDS[::-1] + WORDS, into="other.bin", source="words", licence="MIT").read_bytes()

    assert one == other


def test_the_header_says_where_it_is_from(tmp_path):
    described = blocklist.read(built(tmp_path, source="Wörter", licence="MIT")).description

    assert (described.source, described.licence, described.version) == ("Wörter", "MIT", "1")
    assert described.normalisation == "NFC, casefold, NFC"


def test_gzipped_lists_are_read_and_short_and_endless_lines_left_out(tmp_path):
    zipped = tmp_path / "words.gz"
    zipped.write_bytes(gzip.compress(b"short\nvelvet oak rope\n" + b"x" * 2_000_000 + b"\nlatin \xe9 word\n\n"))
    made, taken = blocklist_building.build([zipped], tmp_path / "list.bin", shortest=8)
    found = blocklist.read(tmp_path / "list.bin")

    assert (made.passwords, taken.entries, taken.skipped) == (2, 2, 3)
    assert found.holds("latin é word")
    assert not found.holds("short")


def test_files_of_have_i_been_pwned_are_found_by_their_sha1(tmp_path):
    lines = "".join(f"{hashlib.sha1(word.encode()).hexdigest().upper()}:{n}\r\n" for n, word in enumerate(WORDS))
    found = blocklist.read(built(tmp_path, lines=lines.encode()))

    assert (found.description.passwords, found.description.sha1) == (0, len(WORDS))
    assert found.holds("umbrella quartz lantern")
    assert found.holds("Straße 12")
    assert not found.holds("umbrella quartz")


def test_a_line_that_is_no_hash_among_hashes_is_refused(tmp_path):
    with pytest.raises(Invalid, match="line 2"):
        built(tmp_path, lines=b"A" * 40 + b":3\nnot one\n")


def test_a_list_that_was_built_is_an_input_for_the_next(tmp_path):
    hashes = built(tmp_path, lines=hashlib.sha1(b"pwned").hexdigest().encode() + b":9\n", into="hashes.bin")
    more = tmp_path / "more.txt"
    more.write_text("another one\n")
    blocklist_building.build([built(tmp_path), hashes, more], tmp_path / "all.bin")
    found = blocklist.read(tmp_path / "all.bin")

    assert all(found.holds(word) for word in (*WORDS, "pwned", "another one"))


def test_a_list_in_use_is_replaced_in_one_step(tmp_path):
    path = built(tmp_path)
    before = blocklist.read(path)
    built(tmp_path, lines=["something else"])

    assert before.holds("velvet oak rope")
    assert not blocklist.read(path).holds("velvet oak rope")
    assert sorted(found.name for found in tmp_path.iterdir()) == ["list.bin", "words.txt"]


def test_a_missing_list_is_refused(tmp_path):
    with pytest.raises(BlocklistFault, match="is not there"):
        blocklist.read(tmp_path / "none.bin")


@pytest.mark.parametrize("length", [0, 4, 20, 43, 44, 60, -9, -1])
def test_a_list_that_was_cut_short_is_refused(tmp_path, length):
    path = built(tmp_path)
    path.write_bytes(path.read_bytes()[:length])

    with pytest.raises(BlocklistFault):
        blocklist.read(path)


def test_a_list_that_was_altered_anywhere_is_refused(tmp_path):
    path = built(tmp_path)
    whole = path.read_bytes()
    for at in range(len(whole)):
        path.write_bytes(whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1 :])
        with pytest.raises(BlocklistFault):
            blocklist.read(path)


@pytest.mark.parametrize(
    ("header", "body"),
    [
        (b'{"version":"1","source":"","licence":"","normalisation":"NFC, casefold, NFC","passwords":2,"sha1":0}', 1),
        (b'{"version":"1","source":"","licence":"","normalisation":"NFC, casefold, NFC","passwords":-1,"sha1":2}', 1),
        (b'{"version":"1","source":"","licence":"","normalisation":"NFC, casefold, NFC","passwords":true,"sha1":0}', 1),
        (b'{"version":"1","source":"","licence":"","normalisation":"NFKC","passwords":1,"sha1":0}', 1),
        (b'{"version":"1"}', 0),
        (b"[]", 0),
        (b"{", 0),
        (b"\xff", 0),
    ],
)
def test_a_list_that_says_what_it_does_not_hold_is_refused(tmp_path, header, body):
    sealed = len(header).to_bytes(4, "big") + header + bytes(8 * body)
    path = tmp_path / "list.bin"
    path.write_bytes(blocklist.MAGIC + hashlib.sha256(sealed).digest() + sealed)

    with pytest.raises(BlocklistFault):
        blocklist.read(path)


def test_an_empty_list_holds_nothing(tmp_path):
    assert not blocklist.read(built(tmp_path, lines=b"")).holds("x")


def test_the_list_that_ships_is_whole_small_and_not_too_small():
    found = blocklist.read(blocklist.SHIPPED)

    assert found.description.passwords == 809_124
    assert blocklist.SHIPPED.stat().st_size < 7_000_000
    assert "SecLists" in found.description.source
    assert (blocklist.SHIPPED.parent / "NOTICE").read_text().count("MIT License") == 3


def test_a_look_up_takes_less_than_50_microseconds():
    found = blocklist.read(blocklist.SHIPPED)
    typed = [f"a password that is not listed {n}" for n in range(2000)]
    before = time.thread_time()

    for one in typed:
        found.holds(one)

    assert (time.thread_time() - before) / len(typed) < 50e-6
