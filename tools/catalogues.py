"""The catalogues of translations: what the code says, what translations/ has, and how they differ.

`update` brings the .po files up to date, `check` names every fault, `missing` and `fill` are for translators. There are
two domains: `messages` (applicant, public, mail) and `desk` (officials, board, administration); a language without a
catalogue is the language of the source. Faults are texts; the commands end with 1 where there are any.
"""

import ast
import json
import re
import sys
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click
from babel import Locale
from babel.messages.catalog import Catalog, Message
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po, write_po
from babel.plural import to_gettext

from fundapp.languages import LANGUAGES, TRANSLATIONS, Language

ROOT = Path(__file__).parent.parent
KEYWORDS: dict[str, dict[str, tuple[int, ...] | None]] = {
    "messages": {"_": None, "_n": (1, 2), "_l": None},
    "desk": {"_d": None, "_dn": (1, 2), "_dl": None},
}
_CALLED = {name for keywords in KEYWORDS.values() for name in keywords}
PLACEHOLDER = re.compile(r"%\((\w+)\)s")
HEADER = "# {language}, {domain}: made and kept in order by `make catalogues`."


@dataclass(frozen=True)
class Place:
    """One .po file: a language and a domain."""

    language: Language
    domain: str
    path: Path

    @property
    def locale(self) -> str:
        return str(self.language.catalogue).partition("@")[0]

    @property
    def label(self) -> str:
        return f"{self.language.code}/{self.domain}"


def places(translations: Path = TRANSLATIONS) -> Iterator[Place]:
    """Every .po file there must be."""
    for language in LANGUAGES.values():
        for domain in KEYWORDS:
            if language.catalogue and (domain == "messages" or language.is_for_desk):
                yield Place(language, domain, translations / language.catalogue / "LC_MESSAGES" / f"{domain}.po")


def extract(domain: str, root: Path = ROOT) -> Catalog:
    """The texts of a domain as the code under `root` has them now; where to look is said in pyproject.toml."""
    mappings = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["babel"]["mappings"]
    template = Catalog(domain=domain, fuzzy=False)
    found = extract_from_dir(
        root,
        method_map=[(mapping["pattern"], mapping["method"]) for mapping in mappings],
        options_map={mapping["pattern"]: mapping for mapping in mappings},
        keywords=KEYWORDS[domain],
        directory_filter=lambda folder: Path(folder).is_relative_to(root / "fundapp"),
    )
    for filename, line, text, _comments, _context in found:
        template.add(text, locations=[(filename, line)])
    return template


def read(place: Place) -> Catalog:
    """The catalogue as it lies in its file; an empty one where there is no file."""
    if not place.path.exists():
        empty = Catalog(place.locale, place.domain, creation_date=datetime.now(UTC), fuzzy=False)
        empty.mime_headers = [("Plural-Forms", plural_forms(place.language))]
        return empty
    with place.path.open("rb") as file:
        return read_po(file, locale=place.locale, domain=place.domain)


def plural_forms(language: Language) -> str:
    """CLDR's rule as the header writes it; Babel's own table gives Dari one form where CLDR has two."""
    return to_gettext(Locale.parse(language.formats).plural_form).removesuffix(";")


def write(place: Place, catalogue: Catalog) -> bool:
    """Write the file in its one order, without line numbers or obsolete texts; False where it was so already."""
    catalogue.header_comment = HEADER.format(language=place.language.own_name, domain=place.domain)
    catalogue.project, catalogue.version = "fundapp", "1"
    catalogue.msgid_bugs_address, catalogue.last_translator, catalogue.language_team = "", "", ""
    if catalogue.revision_date == "YEAR-MO-DA HO:MI+ZONE":
        catalogue.revision_date = catalogue.creation_date
    place.path.parent.mkdir(parents=True, exist_ok=True)
    before = place.path.read_bytes() if place.path.exists() else b""
    with place.path.open("wb") as file:
        write_po(file, catalogue, width=0, no_location=True, sort_output=True, ignore_obsolete=True)
    return place.path.read_bytes() != before


def updated(place: Place, template: Catalog) -> Catalog:
    """The catalogue with the template's texts and no others; a new text is empty, never guessed from a like one."""
    catalogue = read(place)
    template.creation_date = catalogue.creation_date  # a date that changes at every run hides what changed
    catalogue.update(template, no_fuzzy_matching=True)
    catalogue.obsolete.clear()
    return catalogue


# --- faults ------------------------------------------------------------------------------------------------------


def faults(template: Catalog, catalogue: Catalog) -> list[str]:
    """What is wrong with a catalogue beside what the code says; empty when a reader may rely on it."""
    needed, kept = _ids(template), _ids(catalogue)
    found = [f"not in the catalogue (run `make catalogues`): {text!r}" for text in sorted(needed - kept, key=str)]
    found += [f"no longer in the code (run `make catalogues`): {text!r}" for text in sorted(kept - needed, key=str)]
    for message in catalogue:
        if message.id and message.id in needed:
            found += [f"{fault}: {_key(message)!r}" for fault in _faults_of(message, catalogue)]
    return found


def _ids(catalogue: Catalog) -> set[Any]:
    return {message.id for message in catalogue if message.id}


def _key(message: Message) -> str:
    return message.id[0] if isinstance(message.id, (tuple, list)) else str(message.id)


def _forms(message: Message) -> tuple[str, ...]:
    return tuple(message.string or ()) if isinstance(message.id, (tuple, list)) else (str(message.string or ""),)


def _faults_of(message: Message, catalogue: Catalog) -> Iterator[str]:
    is_counted = isinstance(message.id, (tuple, list))
    forms = _forms(message)
    if message.fuzzy:
        yield "marked fuzzy"
    if not any(forms):
        yield "without translation"
        return
    if is_counted and (len(forms) != catalogue.num_plurals or not all(forms)):
        yield f"has not all {catalogue.num_plurals} plural forms"
        return
    for form in forms:
        yield from _unfillable(message, form)
    for error in message.check(catalogue):
        yield str(error)


def _unfillable(message: Message, form: str) -> Iterator[str]:
    """A form that names other placeholders than the source; a count may be left out, as in `one reply`."""
    sources = message.id if isinstance(message.id, (tuple, list)) else (str(message.id),)
    wanted = {name for source in sources for name in PLACEHOLDER.findall(source)}
    named = set(PLACEHOLDER.findall(form))
    free = {"n"} if len(sources) > 1 else set()
    if named - free != wanted - free:
        yield f"placeholders {sorted(named)} in place of {sorted(wanted)}"
    elif wanted or len(sources) > 1:
        try:
            form % dict.fromkeys(wanted | free, "x")
        except (ValueError, TypeError, KeyError) as fault:
            yield f"cannot be filled ({fault}); a per cent sign is written %%"


# --- commands ----------------------------------------------------------------------------------------------------


@click.group(help=__doc__)
def main() -> None:
    pass


@main.command()
def update() -> None:
    """Bring every .po file up to date with the code."""
    for place in places():
        catalogue = updated(place, extract(place.domain))
        changed = write(place, catalogue)
        empty = sum(1 for message in catalogue if message.id and not all(_forms(message)))
        click.echo(f"{place.label}: {len(catalogue)} texts, {empty} without translation{', changed' * changed}")


@main.command()
def check() -> None:
    """Name every fault of every catalogue; ends with 1 where there is one."""
    found = all_faults()
    for fault in found:
        click.echo(fault, err=True)
    click.echo(f"The catalogues have {len(found)} faults." if found else "The catalogues are complete.")
    sys.exit(1 if found else 0)


def unseen(root: Path = ROOT) -> list[str]:
    """Texts within an f-string, where Python 3.11's extraction does not look: they would stay English everywhere."""
    found = []
    for path in sorted((root / "fundapp").rglob("*.py")):
        strings = [each for each in ast.walk(ast.parse(path.read_text())) if isinstance(each, ast.JoinedStr)]
        calls = [each for string in strings for each in ast.walk(string) if isinstance(each, ast.Call)]
        found += [
            f"{path.relative_to(root)}:{call.lineno}: a text within an f-string is not found; give it a name first"
            for call in calls
            if isinstance(call.func, ast.Name) and call.func.id in _CALLED
        ]
    return found


def all_faults(root: Path = ROOT, translations: Path = TRANSLATIONS) -> list[str]:
    """The faults of every catalogue, each with its language and domain."""
    templates = {domain: extract(domain, root) for domain in KEYWORDS}
    found = unseen(root)
    for place in places(translations):
        if place.path.exists() or _ids(templates[place.domain]):
            found += [f"{place.label}: {fault}" for fault in faults(templates[place.domain], read(place))]
    return found


def _place(language: str, domain: str) -> Place:
    for place in places():
        if (place.language.code, place.domain) == (language, domain):
            return place
    raise click.BadParameter(f"There is no catalogue {language}/{domain}.")


@main.command()
@click.argument("language")
@click.argument("domain", type=click.Choice(list(KEYWORDS)))
def missing(language: str, domain: str) -> None:
    """Print, as JSON for `fill`, the texts LANGUAGE lacks in DOMAIN: {"text": ""} or {"one": ["", ""]}."""
    catalogue = updated(_place(language, domain), extract(domain))
    gaps = [message for message in catalogue if message.id and (message.fuzzy or not all(_forms(message)))]
    empty = {_key(m): [""] * catalogue.num_plurals if isinstance(m.id, (tuple, list)) else "" for m in gaps}
    many = {_key(message): message.id[1] for message in gaps if isinstance(message.id, (tuple, list))}
    for one, other in sorted(many.items()):
        click.echo(f"counted: {one!r} / {other!r}", err=True)
    click.echo(json.dumps(dict(sorted(empty.items())), ensure_ascii=False, indent=1))


@main.command()
@click.argument("language")
@click.argument("domain", type=click.Choice(list(KEYWORDS)))
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
def fill(language: str, domain: str, file: Path) -> None:
    """Write the translations of FILE (JSON as `missing` prints it) into LANGUAGE's DOMAIN; unknown texts end with 1."""
    place = _place(language, domain)
    catalogue = updated(place, extract(domain))
    unknown = fill_in(catalogue, json.loads(file.read_text()))
    write(place, catalogue)
    for text in unknown:
        click.echo(f"{place.label}: not in the code: {text!r}", err=True)
    sys.exit(1 if unknown else 0)


def fill_in(catalogue: Catalog, translations: dict[str, str | list[str]]) -> list[str]:
    """Put translations in by their (first) English text; gives the texts that the catalogue does not have."""
    known = {_key(message): message for message in catalogue if message.id}
    for text, translation in translations.items():
        if text in known:
            known[text].string = tuple(translation) if isinstance(translation, list) else translation
            known[text].flags.discard("fuzzy")
    return [text for text in translations if text not in known]


if __name__ == "__main__":
    main()
