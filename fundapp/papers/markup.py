"""The small markup of templates and letters, and the facts named in braces. Plain Python: text in, blocks out.

    # A heading
    A paragraph, which may have **bold words**
    and runs to the next empty line.
    - an item of a list
    1. an item of a numbered list

A block is {"kind": "heading" | "text" | "list" | "numbered" | "runs", …} as assessments/papers.py describes; "runs" is
a paragraph with bold words in it: "runs" [[words, is bold]]. An item of a list is a text, or such runs.
"""

import re
from collections.abc import Callable, Mapping
from typing import Any

Block = dict[str, Any]
Runs = list[list[Any]]

FACT = re.compile(r"\{([^{}\n]*)\}")
_ITEM = re.compile(r"[-*•]\s+(.*)")
_NUMBER = re.compile(r"\d{1,3}[.)]\s+(.*)")
_BOLD = re.compile(r"\*\*(?=\S)((?:(?!\*\*).)+?)(?<=\S)\*\*")


def fact_name(written: str) -> str:
    """A fact's name as it is known: `{ Diarienummer }` is `diarienummer`."""
    return " ".join(written.split()).lower()


def facts_in(text: str) -> list[str]:
    """The names in braces, each once, as they are known, in the order they come."""
    return list(dict.fromkeys(fact_name(found) for found in FACT.findall(text)))


def has_loose_brace(text: str) -> bool:
    """Whether a brace is left that opens or ends no fact."""
    rest = FACT.sub("", text)
    return "{" in rest or "}" in rest


def filled(text: str, facts: Mapping[str, str]) -> str:
    """The text with its facts in place. What is not known, or empty, keeps its braces, so that it is seen."""
    return FACT.sub(lambda found: facts.get(fact_name(found[1])) or found[0], text)


def blocks_of(text: str, fill: Callable[[str], str] = str, lang: str = "sv") -> list[Block]:
    """The blocks of a text. `fill` is asked for each piece of words after the markup is read, so that nothing it puts
    in is taken for markup.
    """
    blocks: list[Block] = []
    rows: list[str] = []

    def end_paragraph() -> None:
        if rows:
            blocks.append(_paragraph("\n".join(rows), fill, lang))
            rows.clear()

    for line in text.split("\n"):
        row = line.strip()
        kind, words = _kind_of(row)
        if kind == "text":
            rows.append(row)
            continue
        end_paragraph()
        if kind == "heading":
            blocks.append({"kind": kind, "text": fill(words)})
        elif kind and blocks and blocks[-1]["kind"] == kind:
            blocks[-1]["items"].append(_item(words, fill))
        elif kind:
            blocks.append({"kind": kind, "items": [_item(words, fill)]})
    end_paragraph()
    return blocks


def _kind_of(row: str) -> tuple[str, str]:
    """What a line is, and its words; an empty line is nothing."""
    if not row:
        return "", ""
    if row.startswith("# "):
        return "heading", row[2:].strip()
    item = _ITEM.fullmatch(row)
    if item is not None:
        return "list", item[1]
    number = _NUMBER.fullmatch(row)
    return ("numbered", number[1]) if number is not None else ("text", row)


def runs_of(text: str, fill: Callable[[str], str] = str) -> Runs:
    """Words and whether they are bold, in turn."""
    pieces = _BOLD.split(text)
    return [[fill(words), place % 2 == 1] for place, words in enumerate(pieces) if words]


def _item(words: str, fill: Callable[[str], str]) -> str | Runs:
    runs = runs_of(words, fill)
    return runs if any(is_bold for _words, is_bold in runs) else fill(words)


def _paragraph(text: str, fill: Callable[[str], str], lang: str) -> Block:
    runs = runs_of(text, fill)
    if any(is_bold for _words, is_bold in runs):
        return {"kind": "runs", "runs": runs, "lang": lang}
    return {"kind": "text", "text": fill(text), "lang": lang}


def plain(text: str) -> str:
    """The text as a mail says it: headings and bold words without their signs."""
    lines = (re.sub(r"^\s*# ", "", line) for line in text.split("\n"))
    return _BOLD.sub(r"\1", "\n".join(lines))
