"""Templates and text blocks as they are kept, and the papers being written in a case."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from flask_login import current_user
from sqlalchemy import select
from sqlalchemy.orm import joinedload

from fundapp.accounts.queries import visible_to
from fundapp.applications.models import Application
from fundapp.db import db
from fundapp.funds.models import Fund
from fundapp.languages import LANGUAGES
from fundapp.papers.filling import newest
from fundapp.papers.keeping import current_template
from fundapp.papers.models import PaperKind, PaperTemplate, TextBlock, WrittenPaper
from fundapp.registry.models import Case


def paper(public_id: str) -> WrittenPaper | None:
    """A paper of a case that the signed-in official may see, written or finished."""
    return db.session.scalar(
        select(WrittenPaper)
        .join(Application, Application.id == WrittenPaper.application_id)
        .where(WrittenPaper.public_id == public_id, visible_to(current_user))
    )


@dataclass(frozen=True)
class Place:
    """Which template is meant: of what, in which language, for one fund or for every one."""

    kind: PaperKind
    language: str
    fund: Fund | None

    @property
    def address(self) -> dict[str, Any]:
        """What names it in an address."""
        told = {"kind": self.kind.name, "language": self.language}
        return told | ({"fund": self.fund.code} if self.fund is not None else {})

    @property
    def current(self) -> PaperTemplate | None:
        return current_template(self.kind, self.language, self.fund)


def place_of(args: Mapping[str, str]) -> Place | None:
    """The place an address names; None where there is no such kind, language or fund."""
    kind, language = PaperKind.__members__.get(args.get("kind", "")), args.get("language", "sv")
    code = args.get("fund", "")
    fund = db.session.scalar(select(Fund).where(Fund.code == code[:60])) if code else None
    if kind is None or language not in LANGUAGES or (code and fund is None):
        return None
    return Place(kind, language, fund)


def templates() -> dict[PaperKind, list[PaperTemplate]]:
    """The newest version of every template in use, by kind; that of every fund first, Swedish first."""
    found = db.session.scalars(
        newest()
        .where(PaperTemplate.is_in_use)
        .options(joinedload(PaperTemplate.fund), joinedload(PaperTemplate.made_by))
        .order_by(PaperTemplate.fund_id.is_not(None), PaperTemplate.fund_id, PaperTemplate.language != "sv")
    ).unique()
    lists: dict[PaperKind, list[PaperTemplate]] = {kind: [] for kind in PaperKind}
    for template in found:
        lists[template.kind].append(template)
    return lists


def versions_of(place: Place) -> list[PaperTemplate]:
    """Every version of a template, the newest first."""
    fund_id = place.fund.id if place.fund is not None else None
    return list(
        db.session.scalars(
            select(PaperTemplate)
            .where(
                PaperTemplate.kind == place.kind,
                PaperTemplate.language == place.language,
                PaperTemplate.fund_id.is_not_distinct_from(fund_id),
            )
            .options(joinedload(PaperTemplate.made_by))
            .order_by(PaperTemplate.version.desc())
        ).unique()
    )


def version(public_id: str) -> PaperTemplate | None:
    """One version of a template."""
    return db.session.scalar(select(PaperTemplate).where(PaperTemplate.public_id == public_id))


def case_numbered(diary_number: str) -> Application | None:
    """The case with this diary number, where the signed-in person may see it."""
    return db.session.scalar(
        select(Application)
        .join(Case, Case.id == Application.case_id)
        .where(Case.diary_number == diary_number, visible_to(current_user))
    )


def funds() -> list[Fund]:
    """Every fund, for a choice."""
    return list(db.session.scalars(select(Fund).order_by(Fund.name, Fund.id)))


def block(public_id: str) -> TextBlock | None:
    """A text block that is still offered."""
    return db.session.scalar(select(TextBlock).where(TextBlock.public_id == public_id, TextBlock.removed_at.is_(None)))


def blocks() -> list[TextBlock]:
    """Every text block that is offered, by topic and title."""
    return list(
        db.session.scalars(
            select(TextBlock)
            .where(TextBlock.removed_at.is_(None))
            .options(joinedload(TextBlock.fund), joinedload(TextBlock.changed_by))
            .order_by(TextBlock.topic, TextBlock.title, TextBlock.id)
        ).unique()
    )


def blocks_for(application: Application, kind: PaperKind) -> list[TextBlock]:
    """The text blocks that fit a case and what is written in it, by topic and title."""
    return list(
        db.session.scalars(
            select(TextBlock)
            .where(
                TextBlock.removed_at.is_(None),
                TextBlock.kind.is_(None) | (TextBlock.kind == kind),
                TextBlock.fund_id.is_(None) | (TextBlock.fund_id == application.round.fund_id),
            )
            .order_by(TextBlock.topic, TextBlock.title, TextBlock.id)
        )
    )


def beginnings(place: Place) -> Any:
    """What a new template starts from: that of every fund in the language, else the Swedish one."""
    for fund, language in ((None, place.language), (None, "sv")):
        found = current_template(place.kind, language, fund)
        if found is not None and found.is_in_use:
            return found
    return None
