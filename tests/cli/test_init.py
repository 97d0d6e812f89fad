"""`idp init`: from an empty folder to an installation; again and again; never over something that is there."""

import shutil

import pytest


def test_an_empty_folder_becomes_an_installation(idp, here):
    done = idp("init")

    assert done.code == 0, done.err
    assert (here / "config.yaml").exists()
    assert (here / "keys" / "keyring.yaml").exists()
    assert (here / "data" / "ostiary.db").exists()
    assert idp("doctor").code == 0


def test_i11_keys_are_for_their_owner_only(idp, here):
    idp("init")

    assert (here / "keys").stat().st_mode & 0o777 == 0o700
    assert all(file.stat().st_mode & 0o777 == 0o600 for file in (here / "keys").iterdir())
    assert (here / "data").stat().st_mode & 0o077 == 0


def test_a_second_time_changes_nothing(installed, here):
    before = {f: f.read_bytes() for f in sorted(here.rglob("*")) if f.is_file() and f.parent.name != "data"}

    done = installed("init")

    assert done.code == 0
    assert "nothing was changed" in done.out
    assert {f: f.read_bytes() for f in sorted(here.rglob("*")) if f.is_file() and f.parent.name != "data"} == before


def test_what_is_there_is_kept(idp, here):
    (here / "config.yaml").write_text("base_url: http://localhost:9999\n")

    assert idp("init").code == 0
    assert (here / "config.yaml").read_text() == "base_url: http://localhost:9999\n"


def test_r14_no_new_keys_for_a_database_that_was_initialised(installed, here):
    shutil.rmtree(here / "keys")

    refused = installed("init")

    assert refused.code == 78
    assert "backup" in refused.err
    assert not (here / "keys").exists()


@pytest.mark.parametrize("command", ["doctor", "serve", "init", "migrate"])
def test_r14_foreign_keys_are_refused_before_anything_is_served(installed, here, command):
    shutil.rmtree(here / "keys")
    other = here / "other"
    other.mkdir()
    installed("init", "--config", str(other / "config.yaml"))
    shutil.copytree(other / "keys", here / "keys")
    (here / "keys").chmod(0o700)

    refused = installed(command)

    assert refused.code == 78
    assert "not the ones that this database was made with" in refused.err + refused.out


def test_i11_loose_permissions_are_refused_with_the_command_to_run(installed, here):
    (here / "keys").chmod(0o755)

    refused = installed("doctor")

    assert refused.code == 78
    assert f"chmod 700 {here / 'keys'}" in refused.out


def test_r15_a_damaged_key_is_refused_by_name(installed, here):
    key = next((here / "keys").glob("*.key"))
    key.write_text("not hexadecimal\n")

    refused = installed("organization", "list")

    assert refused.code == 78
    assert key.name in refused.err


def test_json_says_what_was_made(idp):
    assert len(idp("init", "--json").json["made"]) == 3
    assert idp("--json", "init").json["made"] == []
