"""Templates of OpenID Connect applications: every file is right, makes a registration, and reaches nothing else."""

import copy
from dataclasses import replace
from importlib import resources

import pytest
import yaml

from idp.base.errors import Forbidden, Invalid, NotFound
from idp.base.template_files import TemplateFault
from idp.base.work import Actor
from idp.directory import queries
from idp.directory.models import AccessGrant
from idp.oidc import clients, from_template, provider, templates, vendor_values
from idp.oidc.templates.reading import template
from tests.oidc.support import BASE_URL

WANTED = {
    "grafana", "gitlab", "nextcloud", "argo-cd", "outline", "mattermost", "gitea", "oauth2-proxy",
    "web-application", "single-page-application", "native-application", "service",
}  # fmt: skip


def examples(of) -> dict[str, str]:
    return {field.name: field.example for field in of.fields}


@pytest.fixture
def grafana() -> dict:
    """What the file of Grafana's template says."""
    return yaml.safe_load(resources.files(templates).joinpath("grafana.yaml").read_text(encoding="utf-8"))


def test_every_application_of_the_list_has_a_template():
    assert set(templates.names()) == WANTED


@pytest.mark.parametrize("name", ["../grafana", "grafana.yaml", "", "__init__", "/etc/passwd", "slack"])
def test_a_name_never_becomes_a_path(name):
    with pytest.raises(NotFound):
        templates.find(name)


@pytest.mark.parametrize("of", [pytest.param(of, id=of.name) for of in templates.every()])
def test_a_template_registers_a_client_that_nobody_may_open_with_whole_values_for_the_vendor(place, of):
    with place.work() as work:
        application, client, secret = from_template.register_from_template(
            work, "acme", of, examples(of), base_url=BASE_URL
        )
        at = provider.at(work, BASE_URL, "acme")
        page = vendor_values.page(of, vendor_values.ours(at, client), client.made_from["fields"])

        assert work.tx.session.query(AccessGrant).filter_by(application_id=application.id).count() == 0
        assert client.made_from == {"template": of.name, "fields": examples(of)}
        assert (secret is None) == (of.method == "none")
        assert client.registration["redirect_uris"] == [uri.format_map(examples(of)) for uri in of.redirect_uris]
        assert client.pkce_required == of.pkce
        assert client.client_id in page.snippet
        assert secret is None or secret not in page.snippet
        assert "{" + "client_id}" not in page.snippet
        assert not application.first_party


def test_what_is_wrong_with_a_file_is_found_when_it_is_read(grafana):
    wrong = {
        "title": None,
        "method": "client_secret_jwt",
        "grant_types": ["password"],
        "redirect_uris": ["{url}/*"],
        "scope": ["a\u2028b"],
        "more": 1,
        "documentation": [],
        "claims": [{"name": "x"}],
        "notes": ["{nothing}"],
        "post_logout_redirect_uris": ["javascript:alert(1)"],
        "fields": [{"name": "url", "label": "x", "help": "x", "pattern": ".*", "example": "https://a.example"}],
    }
    taken = []
    for key, value in wrong.items():
        said = copy.deepcopy(grafana) | {key: value}
        try:
            template("grafana", said)
        except TemplateFault:
            continue
        taken.append(key)
    for key, value in {"snippet": {"file": "x", "text": "{nothing}"}, "values": [{"label": "x"}]}.items():
        said = copy.deepcopy(grafana)
        said["vendor"][key] = value
        try:
            template("grafana", said)
        except TemplateFault:
            continue
        taken.append(key)
    assert taken == []
    assert template("grafana", grafana)


def test_i14_no_value_of_a_field_breaks_out_of_a_configuration():
    """I14: what is typed stays one word: it ends no line and no quoted text, and is no placeholder."""
    odd = ['"', "'", "\n", " ", "\\", "`", "$(id)", "{client_secret}", "\u202e", "<!--", "#"]
    taken = []
    for of in templates.every():
        for field in of.fields:
            for one in odd:
                try:
                    from_template.answers(of, examples(of) | {field.name: field.example + one})
                except Invalid:
                    continue
                taken.append((of.name, field.name, one))
    assert taken == []


def test_a_field_that_is_missing_or_unknown_is_named():
    of = templates.find("nextcloud")
    with pytest.raises(Invalid, match="Identifier") as missing:
        from_template.answers(of, {"url": "https://cloud.example"})
    assert missing.value.field == "provider"
    with pytest.raises(Invalid, match="no field"):
        from_template.answers(of, examples(of) | {"tenant": "x"})


def test_t3_whoever_may_not_register_applications_there_does_not_by_a_template(place):
    with place.work() as work:
        of = templates.find("grafana")
        nobody = replace(work, actor=Actor("account", "acc_nobody"))
        with pytest.raises((NotFound, Forbidden)):
            from_template.register_from_template(nobody, "acme", of, examples(of))
        assert "Grafana" not in {one.name for one in queries.applications(work)}


def test_a_client_that_was_made_from_a_template_can_be_changed_as_any_other(place):
    of = templates.find("outline")
    with place.work() as work:
        made, _client, _secret = from_template.register_from_template(work, "acme", of, examples(of), base_url=BASE_URL)
        edited = clients.edit(work, made.id, {"scope": "openid"}, base_url=BASE_URL)
        assert edited.client.made_from["template"] == "outline"
