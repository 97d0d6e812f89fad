"""The pages about application templates in docs/integrate, made from the templates themselves: `make docs`."""

from collections.abc import Iterable
from pathlib import Path

from idp.base import placeholders
from idp.oidc import templates as client_templates
from idp.policy.release import DEFAULT_RELEASE
from idp.policy.rules import ATTRIBUTE, CONSTANT
from idp.saml import own_metadata, templates, vendor_values
from idp.saml.names import EMAIL, PERSISTENT, TRANSIENT, UNSPECIFIED
from idp.saml.templates.model import Field, Give, Registration, Template, Value

GENERATED = "<!-- Generated from idp/saml/templates by `make docs`. Do not edit. -->"
BASE_URL = "https://id.acme.example"
ISSUER = f"{BASE_URL}/sites/acme"
PICTURES = "../pictures/applications"

FORMATS = {PERSISTENT: "persistent", TRANSIENT: "transient", EMAIL: "emailAddress", UNSPECIFIED: "unspecified"}
_CERTIFICATES = {
    Give.CERTIFICATE: "the certificate that the command prints",
    Give.CERTIFICATE_BASE64: "the certificate that the command prints, in one line without BEGIN and END",
    Give.CERTIFICATE_SHA256: "the SHA-256 fingerprint that the command prints",
}
# What may go wrong with any of them, by the codes of attempts.
_EVERYWHERE = (
    ("saml-unknown-application", "another entity ID asks than the one that was registered", "compare the two letter for letter, or give the request's own"),
    ("saml-address", "the answer is wanted at another address than the registered one", "compare the two letter for letter"),
    ("saml-signature", "the request is signed, and no certificate of the application is known", "register it with `--metadata`"),
    ("saml-stale", "the request is too old, or a clock is wrong", "set both clocks by NTP"),
    ("saml-invalidnameidpolicy", "there is no value for the NameID that is wanted", "give the person the attribute, or let it leave"),
    ("saml-requestdenied", "the person may not open the application", "`idp application grant APP --group …`"),
)  # fmt: skip


def pages(folder: Path) -> dict[Path, str]:
    """Return the page of every template, and their index, as files of *folder* and what they must hold."""
    every = templates.every()
    return {folder / "README.md": index(every), **{folder / f"{one.name}.md": page(one) for one in every}}


def index(every: Iterable[Template]) -> str:
    """Return the page that lists them."""
    rows = [f"| [{of.name}]({of.name}.md) | {of.about} |" for of in every]
    return "\n".join(
        [
            "# Connect applications",
            "",
            GENERATED,
            "",
            "How applications are connected in general: [SAML](saml.md), [OpenID Connect](openid-connect.md); what they receive:",
            "[attributes](attributes.md). When it does not work: `idp application saml check APP`",
            "([more](troubleshooting.md)). For these there is a template: a file that knows what the vendor wants (NameID,",
            "attributes, addresses, what is signed) and what the vendor calls the values that it needs of us.",
            "",
            "```",
            "idp application templates               # lists them",
            "idp application templates slack         # what one asks for, sends, and what to do at the vendor",
            "idp application create-saml --site acme --template slack --field workspace=acme",
            "idp application saml vendor-values APP  # prints the values for the vendor again",
            "```",
            "",
            "| Template | For |",
            "|---|---|",
            *rows,
            "",
            "With OpenID Connect, on **Add an application** in the console, or by `idp application oidc from-template NAME`",
            "(`idp application oidc templates` lists them with their fields). The page **Values for the vendor** then has the",
            "configuration to copy:",
            "",
            "| Template | For | Redirect URIs |",
            "|---|---|---|",
            *(
                f"| `{of.name}` | {of.about} | {' '.join(f'`{one}`' for one in of.redirect_uris)} |"
                for of in client_templates.every()
            ),
            "",
            "A vendor changes its pages without asking us. Where a page here says *not certain*, or yours looks different, the",
            "vendor's own page (its name is at the end) is right; tell us.",
            "",
        ]
    )


def page(of: Template) -> str:
    """Return the page of the template *of*."""
    values = _examples(of)
    return (
        "\n".join(
            [
                f"# {of.title}" if of.title not in ("SAML application",) else "# Any other SAML application",
                "",
                GENERATED,
                "",
                of.about,
                "",
                f'<img src="{PICTURES}/{of.name}-sign-in.png" width="380" alt="The sign-in page, to continue to {of.title}">',
                f'<img src="{PICTURES}/{of.name}-tile.png" width="300" alt="The tile of {of.title} in the launcher">',
                "",
                *_needs(of, values),
                *(_there(of, values) if of.vendor.first else _here(of, values)),
                *(_here(of, values) if of.vendor.first else _there(of, values)),
                *_receives(of),
                *_people(of, values),
                *_troubles(of, values),
                *_notes(of, values),
            ]
        ).rstrip()
        + "\n"
    )


def _examples(of: Template) -> dict[str, str]:
    made: dict[str, str] = {}
    for field in of.fields:
        filled = placeholders.fill(field.default, made) if field.default else ""
        made[field.name] = filled or field.example
    return made


def _needs(of: Template, values: dict[str, str]) -> list[str]:
    lines = ["## What you need", "", *(f"- {placeholders.shown(one, values)}" for one in of.needs), ""]
    lines += ["| Field | What it is at the vendor | For example |", "|---|---|---|"]
    if of.registration is Registration.METADATA:
        lines.append("| `--metadata` | its metadata, as a file or an address | `metadata.xml` |")
    return [*lines, *(_field(one) for one in of.fields), ""]


def _field(field: Field) -> str:
    default = ""
    if field.default is not None:
        default = f" (default `{field.default}`)" if field.default else " (may be left out)"
    return f"| `{field.name}` | **{field.label}**: {field.help}{default} | `{field.example}` |"


def _here(of: Template, values: dict[str, str]) -> list[str]:
    given = [f"--field '{one.name}={one.example}'" for one in of.fields if one.default is None]
    if of.registration is Registration.METADATA:
        given.insert(0, "--metadata metadata.xml")
    command = f"idp application create-saml --site acme --template {of.name}"
    lines = ["## On our side", "", "```", " \\\n    ".join([command, *given]), "```", ""]
    place = "above" if of.vendor.first else "below"
    lines += [
        f"prints our id of the application, and the values {place} with the addresses and the certificate of the site. Then say",
        "who may open it:",
        "",
        "```",
        f"idp application grant '{placeholders.fill(of.entity_id, values)}' --group Staff",
        "```",
        "",
    ]
    others = [name for name in of.reads() if name not in DEFAULT_RELEASE]
    if others:
        options = " ".join(f"--attribute {name}" for name in dict.fromkeys([*DEFAULT_RELEASE, *others]))
        lines += [
            f"From the beginning only email, name and groups may leave an organization; {of.title} needs {_listed(others)}:",
            "",
            "```",
            f"idp organization release acme {options}",
            "```",
            "",
        ]
    return lines


def _there(of: Template, values: dict[str, str]) -> list[str]:
    ours = vendor_values.values_of(
        ISSUER,
        BASE_URL,
        "",
        "",
        entity_id=placeholders.fill(of.entity_id, values),
        own_address="" if of.vendor.first else own_metadata.address_for(ISSUER, "app_…", "…"),
    )
    lines = [f"## At {_vendor(of)}", ""]
    if of.vendor.first:
        lines += [f"Begin there: `idp application templates {of.name} --site acme` prints our values.", ""]
    lines += [
        placeholders.shown(of.vendor.where, values),
        "",
        "| Setting | Value |",
        "|---|---|",
    ]
    lines += [f"| {one.label} | {_value(one, ours, values)} |" for one in of.vendor.values]
    steps = (f"{number}. {placeholders.shown(text, values)}" for number, text in enumerate(of.vendor.steps, 1))
    return [*lines, "", *steps, ""]


def _value(one: Value, ours: vendor_values.Ours, values: dict[str, str]) -> str:
    if one.give is None:
        return f"`{placeholders.shown(one.enter, values)}`"
    return _CERTIFICATES.get(one.give) or f"`{ours[one.give]}`"


def _receives(of: Template) -> list[str]:
    source = f"from `{of.name_id.source}`" if of.name_id.source else "made here, at random"
    lines = [
        "## What it receives",
        "",
        f"NameID: **{FORMATS[of.name_id.format]}**, {source}. {of.name_id.says}",
        "",
    ]
    if of.wanted:
        lines += ["| Attribute | Name format | From |", "|---|---|---|"]
        lines += [
            f"| `{one.rule.name}` | {one.rule.name_format} | {_source(one.rule.source, one.rule.value)}"
            f"{', if there is one' if one.optional else ''} |"
            for one in of.wanted
        ]
    elif of.unruled:
        lines.append("Attributes: whatever may leave, under our own names, until rules say otherwise.")
    else:
        lines.append("Attributes: none.")
    signed = [what for what, is_so in (("response", of.sign_response), ("assertion", of.sign_assertion)) if is_so]
    encrypted = "The assertion is encrypted." if of.encrypt_assertion else "Nothing is encrypted."
    return [*lines, "", f"Signed with RSA-SHA256: {_listed(signed)}. {encrypted}", ""]


def _source(source: str, value: str) -> str:
    return {ATTRIBUTE: f"`{value}`", CONSTANT: f"always `{value}`"}.get(source, f"`{value}`")


def _people(of: Template, values: dict[str, str]) -> list[str]:
    if of.idp_initiated:
        how = f"They begin at the tile in the launcher; {of.title} sends nobody here itself."
    else:
        start = placeholders.shown(of.start_url, values) if of.start_url else ""
        leads = f" The tile leads to {start}" if start else " The tile leads to the application"
        how = f"They begin at {of.title}, which sends them here.{leads}."
    return [
        "## What people see",
        "",
        f"{how} Who is signed in here already sees nothing of us and is in at once; otherwise it is the page above, and the",
        "second step. Who may not open it is told whom to ask.",
        "",
        f"Signing out: {placeholders.shown(of.logout, values)}",
        "",
    ]


def _troubles(of: Template, values: dict[str, str]) -> list[str]:
    lines = ["## When it does not work", "", "| What you see | Do |", "|---|---|"]
    for one in of.troubles:
        code = f" (`{one.code}`)" if one.code else ""
        lines.append(f"| {one.sign}{code} | {placeholders.shown(one.remedy, values)} |")
    lines += [
        "",
        f"`idp application saml check '{placeholders.fill(of.entity_id, values)}'` looks at everything that is registered, "
        "and says what is wrong and who changes what; give it the reference of an error page with `--attempt`, or a request "
        "with `--request` ([more](troubleshooting.md)).",
        "",
        f"What a person would receive: `idp application saml preview '{placeholders.fill(of.entity_id, values)}' "
        "--account ann@acme.example`. Whatever is refused here has a reference: `idp attempt show att_…`, or "
        "`idp attempt list --refused`.",
        "",
        "| Code | Means | Do |",
        "|---|---|---|",
    ]
    own = {one.code for one in of.troubles}
    lines += [f"| `{code}` | {means} | {do} |" for code, means, do in _EVERYWHERE if code not in own]
    return [*lines, ""]


def _notes(of: Template, values: dict[str, str]) -> list[str]:
    lines = ["## Notes", "", *(f"- {placeholders.shown(one, values)}" for one in of.notes)]
    if any("(name, " in one.rule.value for one in of.wanted):
        lines.append(
            "- First and last name are what stands before and after the first space of a person's name. Where your accounts "
            "have attributes of their own for them, let the rules read those."
        )
    lines += [f"- *Not certain:* {placeholders.shown(one, values)}" for one in of.uncertain]
    return [*lines, "", f"Made by: {'; '.join(f'*{one}*' for one in of.documentation)}.", ""]


def _vendor(of: Template) -> str:
    return "the application" if of.name == "generic" else of.title


def _listed(words: list[str]) -> str:
    return " and ".join(filter(None, [", ".join(words[:-1]), words[-1]])) if words else "nothing"
