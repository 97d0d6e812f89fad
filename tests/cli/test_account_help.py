"""`idp account pass, reset-factors, unlock, devices, history`."""

import pytest

ANN = "ann@acme.example"


def test_a_pass_is_printed_once_and_can_be_taken_back(acme):
    given = acme("account", "pass", ANN, "--valid-for", "8h", "--json").json
    assert len(given["pass"]) == 29
    assert given["email"] == ANN
    assert given["valid_from"] < given["valid_to"]

    words = acme("account", "pass", ANN)
    assert (words.code, "shown only now" in words.out) == (0, True)

    assert acme("account", "pass", ANN, "--revoke").code == 0
    assert acme("account", "pass", ANN, "--revoke").code == 3
    assert given["pass"] not in acme("audit", "list").out
    assert f"gave {ANN} a temporary access pass" in acme("audit", "list").out


@pytest.mark.parametrize(
    ("words", "code", "error"),
    [
        (("--valid-for", "8d"), 2, "invalid"),
        (("--valid-for", "1m"), 2, "invalid"),
        (("--valid-for", "soon"), 2, "usage"),
        (("--valid-for", "٣h"), 2, "usage"),
        (("--from", "tomorrow"), 2, "invalid"),
        (("--from", "2020-01-01T00:00Z"), 2, "invalid"),
    ],
)
def test_what_is_no_time_is_refused(acme, words, code, error):
    told = acme("account", "pass", ANN, *words, "--json")

    assert (told.code, told.error["error"]) == (code, error)


def test_second_steps_are_reset_and_the_pass_is_printed(acme):
    told = acme("account", "reset-factors", ANN, "--json")
    assert told.code == 0
    assert len(told.json["pass"]) == 29

    assert acme("account", "show", ANN, "--json").json["has_second_step"] is False


def test_unlocking_says_so(acme):
    assert acme("account", "unlock", ANN).out == f"no wrong tries are counted for {ANN} any more\n"


def test_devices_and_history_of_somebody_who_never_signed_in(acme):
    assert acme("account", "devices", ANN, "--json").json == []
    assert "known on no device" in acme("account", "devices", ANN).out
    assert acme("account", "devices", ANN, "--forget", "dev_none").code == 3
    assert acme("account", "devices", ANN, "--forget", "dev_none", "--forget-all").code == 2
    assert acme("account", "devices", ANN, "--forget-all", "--json").json["forgotten"] == 0
    assert acme("account", "history", ANN, "--json").json == []


@pytest.mark.parametrize("command", ["pass", "reset-factors", "unlock", "devices", "history"])
def test_nobody_is_not_found(acme, command):
    assert acme("account", command, "nobody@acme.example").code == 3


def test_devices_and_history_of_somebody_who_signed_in(acme, at_the_door):
    acme("policy", "set", "--organization", "acme", "--second-step", "off")
    at_the_door.open("/").submit(username=ANN, password="wrong").submit(username=ANN, password="a quiet garden gate 7")
    assert at_the_door.path == "/"

    (device,) = acme("account", "devices", ANN, "--json").json
    assert device["remembered_until"] is None
    assert device["id"] in acme("account", "devices", ANN).out
    good, bad = acme("account", "history", ANN, "--json").json
    assert (good["outcome"], good["methods"], good["device_id"]) == ("succeeded", ["pwd"], device["id"])
    assert (bad["outcome"], bad["device_id"]) == ("failed", "")
    assert "unknown device" in acme("account", "history", ANN).out

    assert acme("account", "devices", ANN, "--forget", device["id"]).code == 0
    assert acme("account", "devices", ANN, "--json").json == []
    assert at_the_door.open("/").title == "Sign in"
