"""Texts that are data: of funds, plans and boards. Swedish governs; a translation lies beside the file it belongs to.

A folder of data may have `translations/<anything>.<language>.json`: {"Swedish text": "its translation"}. The Swedish
text is the key, so a text that was changed falls back to Swedish by itself until somebody translates it anew.
"""

import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path

from markupsafe import Markup, escape

from fundapp.languages import AUTHORITY_LANGUAGE, LANGUAGES, current

HERE = Path(__file__).parent
FOLDERS = tuple(HERE / place / "translations" for place in ("funds/data", "goals/plans", "boards/data"))


@cache
def translations(code: str, folders: tuple[Path, ...] = FOLDERS) -> Mapping[str, str]:
    """Every translation into a language, by its Swedish text."""
    known: dict[str, str] = {}
    for folder in folders:
        for path in sorted(folder.glob(f"*.{code}.json")):
            known |= json.loads(path.read_text(encoding="utf-8"))
    return known


def translation(swedish: str, code: str) -> str | None:
    """The text in a language, or None where nobody has translated it; Swedish is no translation."""
    return None if code == AUTHORITY_LANGUAGE else translations(code).get(swedish)


def chosen(texts: Mapping[str, str], code: str | None = None) -> tuple[str, str]:
    """The language a text can be given in, and the text: the one asked for (None: the one spoken now), else Swedish.

    `texts`: {"sv": …, "en": …}, as terms keep them; other languages come from the translations.
    """
    code = code or current().code
    text = texts.get(code) or translation(texts[AUTHORITY_LANGUAGE], code)
    return (code, text) if text else (AUTHORITY_LANGUAGE, texts[AUTHORITY_LANGUAGE])


def as_read(texts: Mapping[str, str] | str) -> Markup:
    """The text in the language spoken now; where it falls back to Swedish it says so to whoever listens to the page."""
    code, text = chosen({AUTHORITY_LANGUAGE: texts} if isinstance(texts, str) else texts)
    return escape(text) if code == current().code else marked(text, code)


def marked(text: str, code: str) -> Markup:
    """A text in its own language and direction."""
    language = LANGUAGES[code]
    return Markup('<span lang="{}" dir="{}">{}</span>').format(language.html_lang, language.direction, text)


def with_swedish(swedish: str, *, is_below: bool = False) -> Markup:
    """The translation, where there is one, and the Swedish name beside it, always: for plan, fund and board.
    `is_below`: whole sentences, with the Swedish on a line of its own.
    """
    if current().code == AUTHORITY_LANGUAGE:
        return escape(swedish)
    text, name = translation(swedish, current().code), marked(swedish, AUTHORITY_LANGUAGE)
    if text is None:
        return name
    if is_below:
        return Markup('{} <small class="in-swedish">{}</small>').format(text, name)
    # Isolated as a whole: the translation may end in Latin letters, which would take the bracket to their own side.
    return Markup('<bdi dir="{}">{} ({})</bdi>').format(current().direction, text, name)


def titled(swedish: str) -> Markup:
    """The text as the reader's language has it, as attributes: what shows where the pointer rests, and its language."""
    code, text = chosen({AUTHORITY_LANGUAGE: swedish})
    return Markup('title="{}" lang="{}"').format(text, LANGUAGES[code].html_lang)


def shortened(swedish: str, most: int) -> Markup:
    """As `as_read`, cut at a word after so many characters."""
    code, text = chosen({AUTHORITY_LANGUAGE: swedish})
    if len(text) > most:
        text = text[:most].rpartition(" ")[0] + "\N{HORIZONTAL ELLIPSIS}"
    return escape(text) if code == current().code else marked(text, code)
