"""Text in one of Unicode's own forms, in a time that grows with its length.

To order the marks over one letter takes the square of their number: a million of them in one form would hold a worker
for minutes. So no letter gets more than thirty in a row before a joiner that is not seen comes between them. Source:
Unicode Standard Annex 15, section 13, Stream-Safe Text Format.
"""

import re
import unicodedata
from functools import cache
from typing import Literal

MOST_MARKS = 30
_LAST = 0x20000  # no mark lies beyond the letters of these planes
JOINER = "\N{COMBINING GRAPHEME JOINER}"


def composed(text: str, form: Literal["NFC", "NFD", "NFKC", "NFKD"] = "NFC") -> str:
    """The text in Unicode's `form`; where more marks stand in a row than any language has, with JOINER between them."""
    if text.isascii():
        return text
    return unicodedata.normalize(form, _too_many().sub(rf"\g<0>{JOINER}", text))


@cache
def _too_many() -> re.Pattern[str]:
    """Thirty marks that another follows."""
    marks = "".join(letter for letter in map(chr, range(0x300, _LAST)) if unicodedata.combining(letter))
    return re.compile(f"[{marks}]{{{MOST_MARKS}}}(?=[{marks}])")
