"""How a template looks with a case's facts, or invented ones, and how two versions of it differ."""

from typing import Any

from fundapp import clock
from fundapp.applications.models import Application
from fundapp.goals.rules import municipality_named
from fundapp.languages import AUTHORITY_LANGUAGE, LANGUAGES, _d, speaking
from fundapp.papers import filling, rules
from fundapp.papers.models import PaperKind, PaperTemplate
from fundapp.registry.versions import Piece, pieces

TEMPLATE = "assessments/documents/officer_report.typ"


def content(
    kind: PaperKind, heading: str, body: str, language: str, application: Application | None, *, by: Any
) -> dict[str, Any]:
    """A paper as assessments/papers.py describes it. What only the paper itself would know is invented."""
    facts = dict(filling.example())
    if application is not None:
        facts |= filling.facts_of(application, by=by, language=language)
    lang = LANGUAGES[language].html_lang
    parts: dict[str, list[dict[str, Any]]] = {
        name: [{"kind": "text", "text": facts[name], "lang": AUTHORITY_LANGUAGE}] for name in rules.PARTS.get(kind, {})
    }
    sections = filling.sections(body, parts, facts)
    for block in (block for section in sections for block in section["blocks"] if "lang" in block):
        block["lang"] = lang
    with speaking(AUTHORITY_LANGUAGE):
        meta = [
            [_d("Date"), clock.today().isoformat()],
            [_d("Diary number"), facts["diarienummer"]],
            [_d("To"), facts["sökande"]],
        ]
    return {
        "title": heading,
        "municipality": municipality_named(application.round.fund.municipality).name
        if application is not None
        else facts["kommun"],
        "meta": meta,
        "sections": [{**section, "lang": lang} for section in sections],
        "signed": "",
    }


def changes(older: PaperTemplate, newer: PaperTemplate) -> dict[str, list[Piece]]:
    """Heading and body, with the words that went and came, older to newer."""
    return {"heading": pieces(older.heading, newer.heading), "body": pieces(older.body, newer.body)}
