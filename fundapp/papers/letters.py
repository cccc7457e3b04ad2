"""A written paper as its PDF and its mail say it: Swedish first, then the applicant's language where it has a text.

A paper's content is {"title", "municipality", "meta": [[label, value]], "parts": [{"lang", "dir", "heading",
"blocks"}]}; the blocks are those of markup.py.
"""

from typing import Any

from fundapp import clock
from fundapp.goals.rules import municipality_named
from fundapp.languages import AUTHORITY_LANGUAGE, LANGUAGES, _d, direction_of, language_name, plain_lines, speaking
from fundapp.papers import markup
from fundapp.papers.models import Way, WrittenPaper

TEMPLATE = "papers/documents/letter.typ"


def content(paper: WrittenPaper, *, by: Any) -> dict[str, Any]:
    """All that the PDF shows."""
    application = paper.application
    officer = application.officer if application.officer is not None else by
    with speaking(AUTHORITY_LANGUAGE):
        meta = [
            [_d("To"), "" if paper.way is Way.KEPT else paper.to_name],
            [_d("Date"), clock.today().isoformat()],
            [_d("Diary number"), application.case.diary_number if application.case is not None else ""],
            [_d("Case officer"), officer.name],
        ]
    return framed(
        paper.heading,
        municipality_named(application.round.fund.municipality).name,
        [row for row in meta if row[1]],
        paper.text,
        (paper.other_language, paper.other_text),
    )


def framed(
    title: str, municipality: str, meta: list[list[str]], text: str, other: tuple[str, str] = ("", "")
) -> dict[str, Any]:
    """The content of a paper from its texts; `other`: a language and the text in it."""
    parts = [{"lang": AUTHORITY_LANGUAGE, "dir": "ltr", "heading": "", "blocks": markup.blocks_of(text)}]
    code, words = other
    if code and words.strip():
        lang = LANGUAGES[code].html_lang if code in LANGUAGES else code
        blocks = markup.blocks_of(words, lang=lang)
        turned = direction_of(code)
        parts.append({"lang": lang, "dir": turned, "heading": language_name(code), "blocks": blocks})
    return {"title": title, "municipality": municipality, "meta": meta, "parts": parts}


def file_name(paper: WrittenPaper) -> str:
    """`angaende-er-ansokan-ks-2017-4.pdf` without what a disk may not like."""
    case = paper.application.case
    mark = case.diary_number if case is not None else paper.application.reference
    kept = "".join(c if c.isalnum() else "-" for c in f"{paper.heading[:80]} {mark}".lower())
    return "-".join(part for part in kept.split("-") if part) + ".pdf"


def mail_subject(paper: WrittenPaper) -> str:
    case = paper.application.case
    return f"{paper.heading} ({case.diary_number})" if case is not None else paper.heading


def mail_body(paper: WrittenPaper) -> str:
    """The paper's words as plain text, the applicant's language below the Swedish."""
    first = markup.plain(paper.text).strip()
    if not paper.other_text.strip():
        return f"{first}\n"
    name = language_name(paper.other_language)
    own = plain_lines(markup.plain(paper.other_text), paper.other_language).strip()
    return f"{LANGUAGES[AUTHORITY_LANGUAGE].own_name} | {name}\n\n{first}\n\n---------- {name} ----------\n\n{own}\n"
