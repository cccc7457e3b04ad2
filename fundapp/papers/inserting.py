"""Text blocks beside a form: one is chosen, its text goes into a field, the form comes back. Nothing is saved by it.

A view makes the panel before it looks at its form, and saves nothing where `is_asked`. The template calls the macro
`panel` of text_blocks/macros.html with it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from flask import request

from fundapp.applications.models import Application
from fundapp.languages import _d
from fundapp.papers import filling, markup, queries
from fundapp.papers.models import PaperKind
from fundapp.web.fields import Form

BUTTON = "insert_block"
# What is written elsewhere is plain text, where signs of markup would be read as they stand.
_WITH_MARKUP = frozenset({PaperKind.LETTER, PaperKind.CONFIRMATION})


@dataclass(frozen=True)
class Offered:
    """A text block with the case's facts in place."""

    public_id: str
    title: str
    text: str


@dataclass(frozen=True)
class Panel:
    """`topics`: the blocks under each topic; `fields`: name and label of each field; `said`: what was done, or not."""

    topics: dict[str, list[Offered]]
    fields: list[tuple[str, str]]
    is_asked: bool = False
    chosen: str = ""
    field: str = ""
    said: str = ""
    is_done: bool = False


def panel(form: Form, application: Application, kind: PaperKind, fields: Sequence[str], *, by: Any) -> Panel:
    """What can be inserted into these fields of the form; where that is what was asked for, the field has it now."""
    topics: dict[str, list[Offered]] = {}
    facts = filling.facts_of(application, by=by)
    for block in queries.blocks_for(application, kind):
        text = block.text if kind in _WITH_MARKUP else markup.plain(block.text)
        offered = Offered(block.public_id, block.title, markup.filled(text, facts))
        topics.setdefault(block.topic, []).append(offered)
    labels = [(name, str(form[name].label.text)) for name in fields]
    if request.method != "POST" or BUTTON not in request.form:
        return Panel(topics, labels)
    chosen, field = request.form.get("block", "")[:12], request.form.get("block_field", fields[0])
    found = next((each for blocks in topics.values() for each in blocks if each.public_id == chosen), None)
    if found is None or field not in fields:
        return Panel(topics, labels, is_asked=True, said=_d("Choose a text block first."))
    before = (form[field].data or "").rstrip()
    form[field].data = f"{before}\n\n{found.text}" if before else found.text
    words = {"title": found.title, "field": dict(labels)[field]}
    said = _d("“%(title)s” stands in the field “%(field)s” now. It is not saved yet.", **words)
    return Panel(topics, labels, is_asked=True, chosen=chosen, field=field, said=said, is_done=True)


def status_of(form: Any, panel: Panel) -> int:
    """The answer's status: a form that was only added to is not one that was refused."""
    return 200 if panel.is_asked else int(form.status)
