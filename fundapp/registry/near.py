"""A search that found nothing tries again among words that are spelled almost so: a letter wrong, missing, swapped."""

from sqlalchemy import ColumnElement, select, text

from fundapp.applications.models import Application
from fundapp.db import PLANNED_ANEW, db
from fundapp.search import holds, near_among, near_words

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
    texts = {row.id: frozenset((row.search_text or "").split()) for row in found}
    known = [near_among(word, frozenset().union(*texts.values())) for word in near]
    wrong = [(count, -key) for key, words in texts.items() if (count := _wrong(known, words)) is not None]
    return [-key for _count, key in sorted(wrong)[:most]]


def _wrong(known: list[dict[str, int]], words: frozenset[str]) -> int | None:
    """How many letters are wrong in all; None where a typed word is not near to any of the text's."""
    total = 0
    for near in known:
        counts = [wrong for word, wrong in near.items() if word in words]
        if not counts:
            return None
        total += min(counts)
    return total
