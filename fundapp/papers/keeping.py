"""Keep templates and text blocks: each version of a template stays, and an old page never overwrites a newer one."""

from typing import Any

from sqlalchemy import select

from fundapp import clock
from fundapp.db import db, reread
from fundapp.funds.models import Fund
from fundapp.history.actions import record
from fundapp.languages import Lazy, _dl
from fundapp.papers import rules
from fundapp.papers.filling import newest
from fundapp.papers.models import PaperKind, PaperTemplate, TextBlock
from fundapp.permissions import Permission, why_not
from fundapp.workflow import NotAllowed, StepNotPossible


class TemplateChanged(StepNotPossible):
    """Somebody kept a newer version after this page was opened; `template` is that version."""

    def __init__(self, template: PaperTemplate | None) -> None:
        super().__init__(_dl("Somebody else changed the template while you wrote. Compare, and save again."))
        self.template = template


class BlockChanged(StepNotPossible):
    """Somebody changed or removed the text block after this page was opened; `block` is what is there now."""

    def __init__(self, block: TextBlock) -> None:
        super().__init__(_dl("Somebody else changed the text block while you wrote. Compare, and save again."))
        self.block = block


class BadText(StepNotPossible):
    """The text names facts that are not known, or lacks some; `faults` says each as a sentence."""

    def __init__(self, faults: list[Lazy]) -> None:
        super().__init__(faults[0])
        self.faults = faults


def _demand(by: Any, permission: Permission) -> None:
    reason = why_not(by, permission)
    if reason is not None:
        raise NotAllowed(reason)


def current_template(kind: PaperKind, language: str, fund: Fund | None) -> PaperTemplate | None:
    """The newest version of exactly this template, in use or not."""
    return db.session.scalar(
        newest().where(
            PaperTemplate.kind == kind,
            PaperTemplate.language == language,
            PaperTemplate.fund_id.is_not_distinct_from(fund.id if fund is not None else None),
        )
    )


def keep_template(
    kind: PaperKind, language: str, fund: Fund | None, *, heading: str, body: str, version: int, by: Any
) -> PaperTemplate:
    """Keep a new version; `version` is the one that was read (0 where there was none).

    Errors: BadText, TemplateChanged, NotAllowed.
    """
    _demand(by, Permission.KEEP_TEMPLATES)
    faults = rules.faults(heading, None) + rules.faults(body, kind) + rules.missing(body, kind)
    if faults:
        raise BadText(faults)
    return _add(kind, language, fund, heading=heading, body=body, version=version, is_in_use=True, by=by)


def end_template(kind: PaperKind, language: str, fund: Fund | None, *, version: int, by: Any) -> PaperTemplate:
    """Go back to the template of every fund, or to our own words; the versions stay.

    Errors: TemplateChanged, NotAllowed, StepNotPossible for the Swedish template of every fund.
    """
    _demand(by, Permission.KEEP_TEMPLATES)
    if fund is None and language == "sv":
        raise StepNotPossible(_dl("The Swedish template of every fund cannot be taken out of use. Change it instead."))
    return _add(kind, language, fund, heading="", body="", version=version, is_in_use=False, by=by)


def _add(
    kind: PaperKind, language: str, fund: Fund | None, *, version: int, is_in_use: bool, by: Any, **texts: str
) -> PaperTemplate:
    # The Swedish template of every fund is always there: whoever keeps one of its kind waits for its row.
    db.session.execute(
        select(PaperTemplate.id)
        .where(PaperTemplate.kind == kind, PaperTemplate.version == 1, PaperTemplate.fund_id.is_(None))
        .order_by(PaperTemplate.id)
        .with_for_update()
    ).all()
    before = current_template(kind, language, fund)
    if version != (before.version if before is not None else 0):
        raise TemplateChanged(before)
    template = PaperTemplate(
        kind=kind,
        language=language,
        fund_id=fund.id if fund is not None else None,
        version=version + 1,
        is_in_use=is_in_use,
        made_at=clock.now(),
        made_by_id=by.id,
        **texts,
    )
    db.session.add(template)
    db.session.flush()
    event = "keep_template" if is_in_use else "end_template"
    facts = {"kind": kind, "language": language, "fund": fund.code if fund is not None else ""}
    record(template, event, by=by, old_version=version, new_version=version + 1, **facts)
    return template


def add_block(*, by: Any, **fields: Any) -> TextBlock:
    """A new text block. `fields`: topic, title, text, fund_id, kind. Errors: BadText, NotAllowed."""
    _demand(by, Permission.KEEP_TEXT_BLOCKS)
    _demand_facts(fields["text"])
    block = TextBlock(changed_at=clock.now(), changed_by_id=by.id, **fields)
    db.session.add(block)
    record(block, "add_text_block", by=by, topic=block.topic, title=block.title)
    return block


def change_block(block: TextBlock, *, version: int, by: Any, **fields: Any) -> None:
    """Errors: BadText, BlockChanged, NotAllowed."""
    _demand(by, Permission.KEEP_TEXT_BLOCKS)
    _demand_facts(fields["text"])
    _hold(block, version)
    before = {name: getattr(block, name) for name in ("topic", "title")}
    for name, value in fields.items():
        setattr(block, name, value)
    _touch(block, by)
    new = {"topic": block.topic, "title": block.title}
    changed = {f"old_{name}": before[name] for name in new if new[name] != before[name]}
    record(block, "change_text_block", by=by, **new, **changed)


def remove_block(block: TextBlock, *, version: int, by: Any) -> None:
    """Offer it no more; what was written with it stays. Errors: BlockChanged, NotAllowed."""
    _demand(by, Permission.KEEP_TEXT_BLOCKS)
    _hold(block, version)
    block.removed_at = clock.now()
    _touch(block, by)
    record(block, "remove_text_block", by=by, topic=block.topic, title=block.title)


def _demand_facts(text: str) -> None:
    faults = rules.faults(text, None)
    if faults:
        raise BadText(faults)


def _hold(block: TextBlock, version: int) -> None:
    reread(block, with_for_update={"of": TextBlock})
    if block.removed_at is not None or block.version != version:
        raise BlockChanged(block)


def _touch(block: TextBlock, by: Any) -> None:
    block.version, block.changed_at, block.changed_by_id = block.version + 1, clock.now(), by.id
    db.session.flush()
