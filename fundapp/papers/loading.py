"""Load the templates and text blocks that come with the program. Idempotent: what was changed here is left alone."""

import tomllib

from sqlalchemy import select
from sqlalchemy.orm import Session

from fundapp import clock
from fundapp.languages import AUTHORITY_LANGUAGE
from fundapp.papers.filling import DATA, newest
from fundapp.papers.models import PaperKind, PaperTemplate, TextBlock


def load_papers(session: Session) -> None:
    """Add what is missing, in the running transaction. A newer text of ours follows ours, never one made here."""
    with (DATA / "templates.toml").open("rb") as file:
        for told in tomllib.load(file)["template"]:
            _load_template(session, PaperKind[told["kind"]], told["heading"], told["body"].strip())
    with (DATA / "blocks.toml").open("rb") as file:
        known = set(session.scalars(select(TextBlock.code).where(TextBlock.code.is_not(None))))
        for block in tomllib.load(file)["block"]:
            if block["code"] not in known:
                session.add(_block(block))
    session.flush()


def _load_template(session: Session, kind: PaperKind, heading: str, body: str) -> None:
    of_every_fund = newest().where(
        PaperTemplate.kind == kind, PaperTemplate.language == AUTHORITY_LANGUAGE, PaperTemplate.fund_id.is_(None)
    )
    before = session.scalar(of_every_fund)
    if before is not None and (before.made_by_id is not None or (before.heading, before.body) == (heading, body)):
        return
    session.add(
        PaperTemplate(
            kind=kind,
            language=AUTHORITY_LANGUAGE,
            version=before.version + 1 if before is not None else 1,
            is_in_use=True,
            heading=heading,
            body=body,
            made_at=clock.now(),
        )
    )


def _block(told: dict[str, str]) -> TextBlock:
    return TextBlock(
        code=told["code"],
        topic=told["topic"],
        title=told["title"],
        kind=PaperKind[told["kind"]],
        text=told["text"].strip(),
        changed_at=clock.now(),
    )
