"""A search that found nothing tries again among words that are spelled almost so: a letter wrong, missing, swapped."""

from collections.abc import Iterable

from sqlalchemy import ColumnElement, select, text

from fundapp.applications.models import Application
from fundapp.db import PLANNED_ANEW, db
from fundapp.search import distance, holds, near_words

NEWEST = 2_000  # cases that are looked through, where no index knows what is alike
ALIKE = 2_000  # cases that PostgreSQL's index finds alike, of which the nearest are taken
LIKENESS = 0.3  # of trigrams: two letters that changed places in a short word leave as few


def nearest(typed: str, conditions: list[ColumnElement[bool]], *, most: int) -> list[int]:
    """Keys of the cases that meet the conditions and hold every word that was typed, or nearly, the nearest first."""
    near, exact = near_words(typed)
    if not near:
        return []
    asked = [*conditions, *(holds(Application.search_text, word) for word in exact)]
    query = select(Application.id, Application.search_text).where(*asked)
    if db.engine.dialect.name == "postgresql":
        db.session.execute(text(f"SET LOCAL pg_trgm.word_similarity_threshold = {LIKENESS}"))
        alike = (Application.search_text.op("%>", is_comparison=True)(word) for word in near)
        query = query.where(*alike).limit(ALIKE)
    else:
        query = query.order_by(Application.id.desc()).limit(NEWEST)
    found = db.session.execute(query, execution_options={PLANNED_ANEW: True})
    known: dict[tuple[str, str], int | None] = {}
    wrong = [(_wrong(near, row.search_text or "", known), -row.id) for row in found]
    return [-key for count, key in sorted((count, key) for count, key in wrong if count is not None)[:most]]


def _wrong(near: Iterable[str], kept: str, known: dict[tuple[str, str], int | None]) -> int | None:
    """How many letters are wrong in all; None where a word is not near to any of the text's."""
    total = 0
    for typed in near:
        counts = [count for word in kept.split() if (count := _known(typed, word, known)) is not None]
        if not counts:
            return None
        total += min(counts)
    return total


def _known(typed: str, word: str, known: dict[tuple[str, str], int | None]) -> int | None:
    if (typed, word) not in known:
        known[typed, word] = distance(typed, word)
    return known[typed, word]
