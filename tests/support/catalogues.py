"""
The catalogues of translations: what our pages, mails, errors and audit entries say in English, and what is missing.

    python -m tests.support.catalogues           bring every catalogue up to date with the sentences that there are
    python -m tests.support.catalogues missing   print what each catalogue lacks
"""

import ast
import io
import sys
from collections.abc import Iterator
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.pofile import read_po, write_po
from jinja2 import Environment

from idp.base.catalogues import ENGLISH, FOLDER, LANGUAGES
from idp.oidc import errors as oauth_errors

ROOT = Path(__file__).resolve().parent.parent.parent
FOREIGN = tuple(language for language in LANGUAGES if language != ENGLISH)
_ERRORS = frozenset(
    {"NotFound", "Conflict", "Invalid", "PageError", "Forbidden", "Unavailable", "IdpError", "SignOnLost"}
)
_SAID = frozenset({"_", "gettext", "phrase", "joined"})
_AT: dict[str, tuple[int, ...]] = {
    "Kind": (3,),  # of findings: evidence, what it means, what to change, and what a fix does and risks
    "found": (0,),
    "Fix": (0, 2),
    "amend": (0, 1),
    "change": (1,),
    "remedy": (0,),
    "Remedy": (0,),
    "failed": (2, 3),  # of attempts: why a step failed
    "MessageRefused": (1,),
    "StatusError": (2,),
    "name_id_policy": (1,),
    "other_principal": (1,),
    "not_among": (1,),
    "unsupported": (1,),
    "unreadable": (0,),
    "not_proven": (0,),
    "Unverified": (0,),
    "Wrong": (0,),
    "Rejected": (0,),
    "Verdict": (1,),
    "_Refused": (0,),
    "_fault": (1, 2),
    "_stale": (0,),
    "Unreadable": (0,),
    "NotUnderstood": (0,),
    "_unavailable": (1,),
}
"""Where else sentences stand: the places of the arguments, by the name of what is called."""
_NAMED = frozenset({"advice", "cause", "here"})
_OAUTH = frozenset(
    name
    for name, one in vars(oauth_errors).items()
    if isinstance(one, type) and issubclass(one, oauth_errors.OAuthError)
)
"""What OAuth peers are told in English; where no cause is given, it is the cause, and administrators read it."""
_COUNTED = frozenset({"ngettext", "counted"})
Message = str | tuple[str, str]


def messages() -> set[Message]:
    """Return every sentence that can be translated: a text, or those for one and for several."""
    return {*_of_templates(), *_of_python()}


def _of_templates() -> Iterator[Message]:
    environment = Environment(extensions=["jinja2.ext.i18n"], trim_blocks=True, lstrip_blocks=True)
    for file in sorted((ROOT / "templates").rglob("*")):
        if file.suffix not in (".html", ".txt"):
            continue
        for _, function, found in environment.extract_translations(file.read_text(encoding="utf-8")):
            texts = [text for text in (found if isinstance(found, tuple) else (found,)) if text]  # values are None
            if function == "ngettext":
                yield texts[0], texts[1]
            elif texts:
                yield texts[0]


def _of_python() -> Iterator[Message]:
    for file in sorted((ROOT / "idp").rglob("*.py")):
        if "samples" in file.parts or "cli" in file.parts:
            continue
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call):
                yield from _of_call(node)
            elif isinstance(node, ast.ClassDef) and "audit" in file.parts:
                yield from _of_event(node)


def _of_call(node: ast.Call) -> Iterator[Message]:
    name = called(node)
    if name in _SAID or name in _ERRORS or name.endswith("Fault"):
        said = (text for argument in node.args[:2] for text in _texts(argument))
        yield from (text for text in said if " " in text or name in _SAID)
    yield from (text for place in sentences_of(node) for text in _texts(place) if " " in text)
    if name in _COUNTED and len(node.args) > 1:
        one, several = (_text(argument) for argument in node.args[:2])
        if one and several:
            yield (one, several)  # type: ignore[misc]


def called(node: ast.Call) -> str:
    """Return the name of what is called, without what it is of."""
    return node.func.id if isinstance(node.func, ast.Name) else getattr(node.func, "attr", "")


def sentences_of(node: ast.Call) -> Iterator[ast.expr]:
    """Yield the arguments of a call that are sentences for an administrator: of findings, of causes, of advice."""
    name, named = called(node), {given.arg for given in node.keywords}
    places = (0,) if name in _OAUTH and "cause" not in named else _AT.get(name, ())
    yield from (node.args[place] for place in places if place < len(node.args))
    yield from (given.value for given in node.keywords if given.arg in _NAMED)


def _texts(node: ast.expr) -> Iterator[str]:
    if isinstance(node, ast.IfExp):
        yield from (*_texts(node.body), *_texts(node.orelse))
    elif isinstance(node, ast.BoolOp):
        yield from (text for one in node.values for text in _texts(one))
    elif _text(node):
        yield _text(node)


def _of_event(node: ast.ClassDef) -> Iterator[str]:
    for line in node.body:
        if isinstance(line, ast.Assign) and isinstance(line.targets[0], ast.Name) and line.targets[0].id == "sentence":
            text = _text(line.value)
            if text:
                yield text


def _text(node: ast.expr) -> str:
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else ""


def file_of(language: str) -> Path:
    """Return where the catalogue of *language* is."""
    return FOLDER / language / "LC_MESSAGES" / "messages.po"


def read(language: str) -> Catalog:
    """Return the catalogue of *language* as it is; an empty one where there is none."""
    file = file_of(language)
    if not file.is_file():
        return _empty(language)
    with file.open("rb") as content:
        return read_po(content, locale=language)


def _empty(language: str) -> Catalog:
    return Catalog(
        locale=language,
        header_comment=f"# What Ostiary says in the language {language}: python -m tests.support.catalogues",
        project="Ostiary",
        version="1",
        last_translator="Ostiary",
        language_team=language,
        fuzzy=False,
    )


def missing(language: str, *, known: set[Message] | None = None) -> list[Message]:
    """Return what the catalogue of *language* has no translation for, in order."""
    catalogue = read(language)
    lacking = []
    for message in known if known is not None else messages():
        found = catalogue.get(message if isinstance(message, str) else message[0])
        said = None if found is None else found.string
        if not said or (isinstance(said, tuple | list) and not all(said)):
            lacking.append(message)
    return sorted(lacking, key=str)


def update(language: str) -> None:
    """Write the catalogue of *language* anew: every sentence that there is, with what is known of it."""
    write(language, {})


def write(language: str, translations: dict[str, str | tuple[str, ...]]) -> None:
    """Write the catalogue of *language* anew, with *translations* added to what is known."""
    before, after = read(language), _empty(language)
    for message in sorted(messages(), key=str):
        key = message if isinstance(message, str) else message[0]
        found = before.get(key)
        said = translations.get(key) or (found.string if found is not None else None)
        after.add(message, said or ("" if isinstance(message, str) else ()))
    file = file_of(language)
    file.parent.mkdir(parents=True, exist_ok=True)
    written = io.BytesIO()
    write_po(written, after, no_location=True, omit_header=False, width=0)
    lines = [
        line
        for line in written.getvalue().splitlines(keepends=True)
        if not any(mark in line for mark in (b"-Date:", b"-Bugs-To:"))
    ]
    file.write_bytes(b"".join(lines))


def main() -> int:
    if "missing" in sys.argv[1:]:
        for language in FOREIGN:
            for message in missing(language):
                sys.stdout.write(f"{language}: {message}\n")
        return 0
    for language in FOREIGN:
        update(language)
        sys.stdout.write(f"{file_of(language).relative_to(ROOT)}: {len(missing(language))} missing\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
