"""Papers written in a case, templates and text blocks, by the real actions."""

from typing import Any

from sqlalchemy import select

from fundapp.accounts.models import Account
from fundapp.applications.models import Application
from fundapp.db import db
from fundapp.papers import actions, keeping
from fundapp.papers.models import PaperKind, PaperTemplate, TextBlock, WrittenPaper
from fundapp.permissions import Role
from tests.factories.people import official


def written(
    application: Application, *, by: Account | None = None, kind: PaperKind = PaperKind.LETTER, **fields: Any
) -> WrittenPaper:
    """A letter that is being written; `fields` are saved over what the template gave."""
    who = by or official(Role.OFFICER)
    paper = actions.begin(application, kind, by=who)
    if fields:
        kept = {name: getattr(paper, name) for name in ("heading", "text", "other_text", "to_name", "to_email", "way")}
        actions.save(paper, version=paper.version, by=who, **(kept | fields))
    return paper


def block(title: str = "Saknad bilaga", text: str = "Skicka bilagan till {diarienummer}.", **fields: Any) -> TextBlock:
    """A text block; `fields`: topic, kind, fund_id."""
    told = {"topic": "Prov", "kind": None, "fund_id": None} | fields
    return keeping.add_block(by=official(Role.OFFICER), title=title, text=text, **told)


def places(application: Application) -> dict[str, dict[str, object]]:
    """What fills the addresses of these pages."""
    here: dict[str, object] = {"public_id": written(application).public_id}
    version = db.session.scalars(select(PaperTemplate.public_id).where(PaperTemplate.kind == PaperKind.LETTER)).first()
    template: dict[str, object] = {"kind": "LETTER", "fund": "kalix-integration-fund"}
    return {
        "papers.new": {"public_id": application.public_id},
        **{f"papers.{name}": here for name in ("show", "edit", "preview", "finish", "throw_away")},
        **{f"paper_templates.{name}": template for name in ("edit", "end")},
        "paper_templates.version": {"public_id": version},
        **{f"text_blocks.{name}": {"public_id": block().public_id} for name in ("edit", "remove")},
    }
