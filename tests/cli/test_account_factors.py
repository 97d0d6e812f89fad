"""The second steps of an account, on the command line."""

SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"


def _olga(acme):
    words = ("account", "create", "olga@acme.example", "--organization", "acme", "--name", "Olga")
    assert acme(*words, "--totp-secret", SECRET).code == 0


def test_list_and_remove(acme):
    _olga(acme)
    listed = acme("account", "factors", "olga@acme.example", "--json").json
    assert [(one["method"], one["name"]) for one in listed] == [("otp", "Authenticator app")]
    assert "authenticator app" in acme("account", "show", "olga@acme.example").out

    removed = acme("account", "remove-factor", "olga@acme.example", listed[0]["id"])

    assert removed.code == 0, removed.err
    assert "It was the last second step." in removed.out
    assert acme("account", "show", "olga@acme.example", "--json").json["factors"] == []
    assert "no second step" in acme("account", "factors", "olga@acme.example").out
    assert "removed a second step" in acme("audit", "list").out


def test_what_is_not_there_is_not_found(acme):
    _olga(acme)

    assert acme("account", "remove-factor", "olga@acme.example", "aut_nothing").code == 3
    assert acme("account", "factors", "nobody@acme.example").code == 3
