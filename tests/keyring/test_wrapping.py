"""I11, R15: the wrapping keys: refused when loose, missing, damaged or foreign; never made anew."""

import os

import pytest

from idp.base.errors import Conflict, Unavailable
from idp.keyring import wrapping
from tests.conftest import NOON


@pytest.fixture
def folder(tmp_path):
    wrapping.create(tmp_path / "keys", NOON)
    return tmp_path / "keys"


def key_file(folder):
    return next(folder.glob("*.key"))


def test_what_was_sealed_opens_after_a_restart(folder):
    sealed = wrapping.load(folder).seal(b"secret", "table:column:row")

    assert wrapping.load(folder).open_(sealed, "table:column:row") == b"secret"


def test_the_folder_and_the_files_are_the_owners_alone(folder):
    assert folder.stat().st_mode & 0o777 == 0o700
    assert all(file.stat().st_mode & 0o777 == 0o600 for file in folder.iterdir())


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o666, 0o644])
def test_i11_a_key_file_open_to_others_is_refused_with_the_command_to_run(folder, mode):
    os.chmod(key_file(folder), mode)

    with pytest.raises(wrapping.KeyFault) as refusal:
        wrapping.load(folder)

    assert "chmod 600" in refusal.value.advice


def test_i11_a_folder_open_to_others_is_refused(folder):
    folder.chmod(0o755)

    with pytest.raises(wrapping.KeyFault):
        wrapping.load(folder)


def test_an_existing_keyring_is_never_overwritten(folder):
    before = key_file(folder).read_bytes()

    with pytest.raises(Conflict):
        wrapping.create(folder, NOON)

    assert key_file(folder).read_bytes() == before


@pytest.mark.parametrize(
    "damage", ["missing key", "short key", "no hexadecimal", "missing list", "broken list", "list of something else"]
)
def test_r15_damage_is_named_with_its_file_and_nothing_is_made_anew(folder, damage):
    listing = folder / "keyring.yaml"
    if damage == "missing key":
        key_file(folder).unlink()
    elif damage == "short key":
        key_file(folder).write_text("00ff")
    elif damage == "no hexadecimal":
        key_file(folder).write_text("zz" * 32)
    elif damage == "missing list":
        listing.unlink()
    elif damage == "broken list":
        listing.write_text("wrapping: [")
    else:
        listing.write_text("other: 1")
    before = sorted(file.name for file in folder.iterdir())

    with pytest.raises(wrapping.KeyFault) as refusal:
        wrapping.load(folder)

    assert str(folder) in refusal.value.message
    assert sorted(file.name for file in folder.iterdir()) == before


def test_a_foreign_wrapping_key_opens_nothing(folder, tmp_path):
    sealed = wrapping.load(folder).seal(b"secret", "place")
    wrapping.create(tmp_path / "others", NOON)

    with pytest.raises(Unavailable):
        wrapping.load(tmp_path / "others").open_(sealed, "place")


def test_d14_a_sealed_value_opens_in_its_own_place_only(folder):
    vault = wrapping.load(folder)
    sealed = vault.seal(b"secret", "signing_keys:private_sealed:key_1")

    with pytest.raises(Unavailable):
        vault.open_(sealed, "signing_keys:private_sealed:key_2")


def test_t18_a_vault_does_not_show_its_keys(folder):
    assert key_file(folder).read_text().strip() not in repr(wrapping.load(folder))
    assert "bytes" not in repr(wrapping.load(folder))
