"""Write a paper in a case and let it leave."""

from typing import Any

from fundapp import clock, documents, mail
from fundapp.applications.models import Application, ApplicationKind
from fundapp.db import db, reread
from fundapp.history.actions import record
from fundapp.languages import AUTHORITY_LANGUAGE, LANGUAGES, _dl
from fundapp.papers import filling, letters, markup, rules
from fundapp.papers.models import PaperKind, Way, WrittenPaper
from fundapp.permissions import Permission, why_not
from fundapp.registry.actions import demand_case, file_document, sender_of
from fundapp.registry.models import Direction, Document
from fundapp.workflow import NotAllowed, StepNotPossible

WRITTEN_HERE = (PaperKind.LETTER, PaperKind.CONFIRMATION)


class ChangedMeanwhile(StepNotPossible):
    """Somebody saved the paper after this page was opened; `paper` is what is there now."""

    def __init__(self, paper: WrittenPaper) -> None:
        super().__init__(_dl("Somebody else saved the paper while you wrote. Compare, and save again."))
        self.paper = paper


def _demand(application: Application, by: Any) -> None:
    reason = why_not(by, Permission.FILE_DOCUMENT, application)
    if reason is not None:
        raise NotAllowed(reason)
    demand_case(application)


def _open(paper: WrittenPaper, version: int, by: Any) -> None:
    """Wait for whoever changes the case, and see that the paper is still being written, as it was read."""
    reread(paper.application, with_for_update={"of": Application})
    reread(paper)
    _demand(paper.application, by)
    if paper.finished_at is not None:
        raise StepNotPossible(_dl("The paper has been finished and filed. Write a new one."))
    if version != paper.version:
        raise ChangedMeanwhile(paper)


def begin(application: Application, kind: PaperKind, *, by: Any) -> WrittenPaper:
    """A paper from the template, with the case's facts in place. Errors: NotAllowed, StepNotPossible."""
    _demand(application, by)
    fund_id, language = application.round.fund_id, application.language
    template = filling.template_for(kind, fund_id)
    other = filling.template_for(kind, fund_id, language) if language != AUTHORITY_LANGUAGE else None
    email = _email_of(application)
    paper = WrittenPaper(
        application=application,
        template_id=template.id if template is not None else None,
        kind=kind,
        heading=markup.filled(template.heading, filling.facts_of(application, by=by))[:200] if template else "",
        text=markup.filled(template.body, filling.facts_of(application, by=by)) if template else "",
        other_language=language if language != AUTHORITY_LANGUAGE and language in LANGUAGES else "",
        other_text=markup.filled(other.body, filling.facts_of(application, by=by, language=language)) if other else "",
        to_name=sender_of(application)[:200],
        to_email=email,
        way=Way.MAIL if email else Way.POST,
        saved_at=clock.now(),
        saved_by_id=by.id,
    )
    db.session.add(paper)
    db.session.flush()
    return paper


def _email_of(application: Application) -> str:
    """Where the applicant reads mail; empty for somebody who has no e-mail and gets letters by post."""
    organisation = application.organisation
    email = organisation.email.lower() if organisation is not None else ""
    if application.kind is ApplicationKind.NOMINATION:
        email = application.created_by.email
    return "" if mail.is_by_post(email) else email


def save(paper: WrittenPaper, *, version: int, by: Any, **fields: Any) -> None:
    """Keep the paper as it stands; `version` is the one that was read.

    `fields`: heading, text, other_text, to_name, to_email, way. Errors: ChangedMeanwhile, StepNotPossible, NotAllowed.
    """
    _open(paper, version, by)
    if not paper.other_language:
        fields["other_text"] = ""
    for name, value in fields.items():
        setattr(paper, name, value)
    paper.version, paper.saved_at, paper.saved_by_id = paper.version + 1, clock.now(), by.id
    db.session.flush()


def throw_away(paper: WrittenPaper, *, version: int, by: Any) -> None:
    """Remove a paper that never left. Errors: ChangedMeanwhile, StepNotPossible, NotAllowed."""
    _open(paper, version, by)
    db.session.delete(paper)
    db.session.flush()


def finish(paper: WrittenPaper, *, version: int, by: Any) -> Document:
    """File the paper, as dispatched or as drawn up here, and send it where it goes by mail.

    Errors: ChangedMeanwhile, NotAllowed, StepNotPossible with what is still to be written.
    """
    _open(paper, version, by)
    for sentence in left_to_write(paper):
        raise StepNotPossible(sentence)
    application = paper.application
    drawn_up = documents.draw_up(
        letters.TEMPLATE, letters.content(paper, by=by), file_name=letters.file_name(paper), language=AUTHORITY_LANGUAGE
    )
    paper.document = file_document(
        demand_case(application),
        direction=Direction.DRAWN_UP if paper.way is Way.KEPT else Direction.DISPATCHED,
        subject=paper.heading,
        counterpart="" if paper.way is Way.KEPT else paper.to_name,
        paper=drawn_up,
        by=by,
    )
    if paper.way is Way.MAIL:
        mail.write(
            to=paper.to_email,
            language=AUTHORITY_LANGUAGE,
            subject=letters.mail_subject(paper),
            body=letters.mail_body(paper),
            thread=application.thread,
            papers=[drawn_up],
        )
    paper.finished_at, paper.saved_by_id = clock.now(), by.id
    event = "file_paper" if paper.way is Way.KEPT else "dispatch_paper"
    record(application, event, by=by, kind=paper.kind, way=paper.way, number=paper.document.number)
    db.session.flush()
    return paper.document


def left_to_write(paper: WrittenPaper) -> list[Any]:
    """What must be there before the paper leaves, each as a sentence."""
    wanted = [
        (paper.heading.strip(), _dl("Write a heading.")),
        (paper.text.strip(), _dl("Write the text of the paper.")),
        (paper.to_name.strip() or paper.way is Way.KEPT, _dl("Write who it goes to.")),
        (paper.to_email or paper.way is not Way.MAIL, _dl("Write the e-mail address, or choose another way.")),
    ]
    absent = [sentence for is_there, sentence in wanted if not is_there]
    return absent + rules.left_open("\n".join((paper.heading, paper.text, paper.other_text)))
