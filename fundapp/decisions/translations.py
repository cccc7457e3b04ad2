"""A decision in another language: asked for by the applicant, translated by an official, sent as a letter in both.

Source: lag (2009:724) 8 § gives a right to it in Finnish and Meänkieli; for other languages it is a service.
"""

from dataclasses import replace

from sqlalchemy import select

from fundapp import clock
from fundapp.accounts.models import Account
from fundapp.db import db, reread
from fundapp.decisions import emails, papers
from fundapp.decisions.models import Decision, DecisionTranslation
from fundapp.history.actions import record
from fundapp.languages import AUTHORITY_LANGUAGE, LANGUAGES, _d, _dl, _l, speaking
from fundapp.permissions import Permission, why_not
from fundapp.projects.models import Project
from fundapp.registry.actions import file_document
from fundapp.registry.models import Direction
from fundapp.workflow import NotAllowed, StepNotPossible


def latest(decision: Decision, language: str) -> DecisionTranslation | None:
    """The newest version, asked for or made."""
    found = select(DecisionTranslation).where(
        DecisionTranslation.decision_id == decision.id, DecisionTranslation.language == language
    )
    return db.session.scalar(found.order_by(DecisionTranslation.number.desc()).limit(1))


def ask_for_translation(decision: Decision, language: str, *, by: Account) -> DecisionTranslation:
    """Ask for the decision in a language. Asked for or made already: gives what there is.

    Errors: NotAllowed, StepNotPossible (no such language, or the decision is not final).
    """
    _demand(by, Permission.READ_APPLICATION, decision)
    _hold(decision, language)
    known = latest(decision, language)
    if known is not None:
        return known
    asked = DecisionTranslation(
        decision_id=decision.id, language=language, number=1, asked_at=clock.now(), asked_by_id=by.id
    )
    db.session.add(asked)
    record(decision, "ask_for_translation", by=by, language=language)
    db.session.flush()
    return asked


def translate_decision(
    decision: Decision, language: str, *, reasons: str, conditions: str, seen: int, by: Account
) -> DecisionTranslation:
    """Keep the translation, file the letter in both languages and send it. What was made before stays as it was.

    `seen`: the number of the version on the page, 0 for none. Errors: NotAllowed, StepNotPossible.
    """
    _demand(by, Permission.TRANSLATE, decision)
    _hold(decision, language)
    known = latest(decision, language)
    if known is not None and known.is_made and known.number > seen:
        raise StepNotPossible(_dl("Somebody else has translated the decision meanwhile. Open the page again."))
    if known is None or known.is_made:
        known = DecisionTranslation(decision_id=decision.id, language=language, number=known.number + 1 if known else 1)
    known.reasons, known.conditions = reasons, conditions
    _send(decision, known, by=by)
    record(decision, "translate_decision", by=by, language=language)
    db.session.flush()
    return known


def _demand(by: Account, permission: Permission, decision: Decision) -> None:
    reason = why_not(by, permission, decision.application)
    if reason is not None:
        raise NotAllowed(reason)


def _hold(decision: Decision, language: str) -> None:
    """Two at once come one after the other."""
    reread(decision, with_for_update={"of": Decision})
    if not decision.is_final:
        raise StepNotPossible(_l("The decision is not final yet."))
    if language not in LANGUAGES or language == AUTHORITY_LANGUAGE:
        raise StepNotPossible(_l("Choose a language of the menu, other than Swedish."))


def _send(decision: Decision, translation: DecisionTranslation, *, by: Account) -> None:
    """The letter in both languages: drawn up, filed and mailed to the applicant."""
    language = translation.language
    receiver = replace(papers.receivers(decision)[0], language=language)
    project = db.session.scalar(select(Project).where(Project.decision_id == decision.id))
    paper = papers.letter(decision, project, receiver, translation)
    db.session.flush()
    translation.made_at, translation.made_by_id, translation.paper = clock.now(), by.id, paper
    db.session.add(translation)
    with speaking(AUTHORITY_LANGUAGE):
        subject = _d("The decision in translation: %(language)s", language=LANGUAGES[language].own_name)
    file_document(
        decision.case,
        direction=Direction.DISPATCHED,
        subject=subject,
        counterpart=receiver.name,
        paper=paper,
        by=by,
    )
    emails.send_letter(decision, receiver, paper)
