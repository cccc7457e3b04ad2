"""Which letters our own texts in a language hold: its catalogue and the translations of fund, plan and board texts."""

from fundapp import data_texts
from fundapp.languages import LANGUAGES, catalogue


def letters_of(code: str) -> set[int]:
    """The code points of every text in the language, controls and line breaks left out."""
    known = catalogue(code, "messages")
    texts = [*known.texts.values(), *(form for forms in known.plurals.values() for form in forms)]
    texts += data_texts.translations(code).values()
    texts.append(LANGUAGES[code].own_name)
    return {ord(letter) for text in texts for letter in text if letter.isprintable()}
