"""Which facts each kind of paper knows, and what is wrong with a text that names them."""

import difflib
import re
from collections.abc import Mapping

from fundapp.languages import Lazy, _dl, listed
from fundapp.papers import markup
from fundapp.papers.models import PaperKind

K = PaperKind

# Names of facts are data, in Swedish like the papers. What each one is, as the list beside the field says it.
OF_CASE: Mapping[str, Lazy] = {
    "sökande": _dl("who applies, or is nominated"),
    "kontaktperson": _dl("the contact person that the application names"),
    "organisationsnummer": _dl("the applicant's organisation number"),
    "rubrik": _dl("the project's title"),
    "projekttid": _dl("the project's first and last day"),
    "sökt belopp": _dl("the sum that is sought"),
    "inkom": _dl("the day the application came in"),
    "diarienummer": _dl("the case's diary number"),
    "ärendemening": _dl("what the case is called in the diary"),
    "fond": _dl("the fund's name"),
    "omgång": _dl("the round, for example 2017"),
    "nämnd": _dl("the body that decides"),
    "förvaltning": _dl("the body's administration"),
    "kommun": _dl("the municipality"),
    "handläggare": _dl("the case's officer, or whoever writes where there is none"),
    "den som skriver": _dl("whoever writes the paper"),
    "dagens datum": _dl("the day it is written"),
}
# Whole parts of a paper, which stand on a line of their own.
PARTS: Mapping[PaperKind, Mapping[str, Lazy]] = {
    K.OFFICER_REPORT: {
        "förslag till beslut": _dl("the proposal, with its conditions"),
        "sammanfattning": _dl("the summary"),
        "beskrivning": _dl("the applicant, the project and its summary"),
        "bedömning": _dl("the assessment, the formal check and the plan's objectives"),
        "ekonomi": _dl("the sums, and what is left of the frame"),
        "beslutsunderlag": _dl("the documents that the decision rests on"),
        "beslutet skickas till": _dl("who gets the decision"),
    },
    K.REFERRAL: {
        "fråga": _dl("what is asked"),
        "om ärendet": _dl("the fund, the applicant, the project and the sum"),
        "bilagor": _dl("the documents that go along"),
        "så svarar ni": _dl("where the answer is sent"),
    },
}
_OWN: Mapping[PaperKind, Mapping[str, Lazy]] = {
    K.COMPLETION: {
        "vad som saknas": _dl("what the officer asks for"),
        "delar": _dl("the sections that open, each on its line"),
        "sista dag": _dl("the last day for the completion"),
        "länk": _dl("the address of the application"),
    },
    K.REFERRAL: {
        "svar senast": _dl("the last day for the answer"),
        "remissinstans": _dl("who is asked"),
    },
}
# Without these the paper would not say what it is for.
_NEEDED: Mapping[PaperKind, tuple[str, ...]] = {
    K.OFFICER_REPORT: ("förslag till beslut", "bedömning", "beslutsunderlag"),
    K.COMPLETION: ("vad som saknas", "sista dag", "länk"),
    K.REFERRAL: ("fråga", "så svarar ni"),
}


def facts_of_kind(kind: PaperKind | None) -> dict[str, Lazy]:
    """Every fact that a paper of the kind knows, with what it is; None: those of every kind."""
    if kind is None:
        return dict(OF_CASE)
    return {**PARTS.get(kind, {}), **_OWN.get(kind, {}), **OF_CASE}


def faults(text: str, kind: PaperKind | None) -> list[Lazy]:
    """What is wrong with the facts a text names: unknown ones, braces that do not close, parts within a line."""
    known, parts = facts_of_kind(kind), PARTS.get(kind, {}) if kind else {}
    found = [_unknown(name, list(known)) for name in markup.facts_in(text) if name not in known]
    if markup.has_loose_brace(text):
        found.append(_dl("A brace stands alone. Write a fact like this: {diarienummer}."))
    for line in text.split("\n"):
        inside = [name for name in markup.facts_in(line) if name in parts]
        if inside and not markup.FACT.fullmatch(line.strip()):
            found.append(_dl("Let %(fact)s stand on a line of its own.", fact=_braced(inside[0])))
    return found


def missing(text: str, kind: PaperKind) -> list[Lazy]:
    """The facts that the kind cannot do without and the text does not name, as one sentence."""
    named = markup.facts_in(text)
    absent = [_braced(name) for name in _NEEDED.get(kind, ()) if name not in named]
    return [_dl("The paper needs %(facts)s.", facts=listed(absent))] if absent else []


def _unknown(name: str, known: list[str]) -> Lazy:
    near = difflib.get_close_matches(name, known, n=1, cutoff=0.6)
    if near:
        return _dl(
            "%(fact)s is not a fact we know. Perhaps you mean %(other)s.", fact=_braced(name), other=_braced(near[0])
        )
    return _dl("%(fact)s is not a fact we know. Choose one from the list.", fact=_braced(name))


def left_open(text: str) -> list[Lazy]:
    """What an official must still write: facts that this case has no value for."""
    return [
        _dl("This case has no value for %(fact)s. Write it yourself, or take it out.", fact=_braced(name))
        for name in markup.facts_in(text)
    ]


def _braced(name: str) -> str:
    return f"{{{name}}}"


def sections_of(text: str) -> list[tuple[str, str]]:
    """A template's parts: the heading, and the text under it. What stands before the first heading has none."""
    pieces = re.split(r"(?m)^[ \t]*# (.*)$", text)
    found = [("", pieces[0].strip())] if pieces[0].strip() else []
    return found + [(pieces[i].strip(), pieces[i + 1].strip()) for i in range(1, len(pieces), 2)]
