"""Signs that no font of the papers has: shown by their number, so that a sign somebody typed never stops a paper.

PDF/UA-1 forbids a sign that cannot be drawn, and typst then refuses the whole paper: an applicant's emoji would keep a
board from its minutes. What was typed stays as it is where it is kept; the paper alone shows `[U+1F600]`.
"""

import re
from collections.abc import Callable
from typing import Any

MOST_TRIES = 20  # a drawing takes less than a tenth of a second
_TOLD = ('the text `"', '"` could not be displayed')  # how typst begins and ends it
_ESCAPED = re.compile(r"\\u\{([0-9a-f]{1,6})\}")
# What the fonts are made for: Latin, Greek, Cyrillic, Arabic, Ethiopic, punctuation and signs of money.
_USUAL = re.compile(
    "[\\t\\n\\r -\u052f\u0600-\u06ff\u0750-\u077f\u1200-\u139f\u1e00-\u1fff\u2000-\u206f\u20a0-\u20bf\u2100-\u2122"
    "\ufeff]"
)


def told_of(fault: Exception) -> str:
    """The text that typst says it cannot draw; empty where the fault is another one."""
    begins, ends = _TOLD
    before, is_told, _after = str(fault).partition(ends)
    text = before.rpartition(begins)[2] if is_told and begins in before else ""
    return _ESCAPED.sub(lambda sign: chr(int(sign[1], 16)), text)


def by_number(text: str) -> str:
    return "".join(f"[U+{ord(sign):04X}]" for sign in text)


def numbered(told: str, text: str) -> str:
    """The text with `told` by its number wherever it stands."""
    return text.replace(told, by_number(told))


def usual(text: str) -> str:
    """The text with all that lies outside the scripts that the fonts are made for by number."""
    return "".join(sign if _USUAL.match(sign) else by_number(sign) for sign in text)


def everywhere(content: Any, change: Callable[[str], str]) -> Any:
    """`content` (plain JSON) with every text in it changed; names of fields stay."""
    if isinstance(content, str):
        return change(content)
    if isinstance(content, list):
        return [everywhere(part, change) for part in content]
    if isinstance(content, dict):
        return {name: everywhere(part, change) for name, part in content.items()}
    return content
