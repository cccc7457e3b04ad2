"""The mails to a body that is asked for its comment, in Swedish: they go between authorities (spraklagen 2009:600).
And the word to the officer that it has answered.
"""

from collections.abc import Iterable
from typing import Any

from flask import current_app

from fundapp import mail
from fundapp.config import settings
from fundapp.documents import Paper
from fundapp.languages import _d, long_day, speaking
from fundapp.permissions import has_conflict
from fundapp.referrals.models import Referral


def send_referral(referral: Referral) -> None:
    """The question, its paper, and the papers that go along."""
    along = [document.paper for document in referral.sent_along if document.paper is not None]
    papers = [referral.document.paper, *along] if referral.document.paper is not None else along
    with speaking("sv"):
        subject = _d(
            "Referral for comment: %(number)s, answer by %(day)s",
            number=_number(referral),
            day=long_day(referral.answer_by),
        )
        _write(referral, subject, _render("referral.txt", referral), papers=papers)


def send_reminder(referral: Referral, *, is_late: bool) -> bool:
    """That the day is near, or has passed; once each. Gives whether it was written."""
    occasion = f"referral {referral.public_id} {'late' if is_late else 'soon'}"
    if not referral.email or mail.has_written(occasion):
        return False
    with speaking("sv"):
        number, day = _number(referral), long_day(referral.answer_by)
        subject = (
            _d("Your comment on %(number)s is late", number=number)
            if is_late
            else _d("Answer the referral %(number)s by %(day)s", number=number, day=day)
        )
        _write(referral, subject, _render("reminder.txt", referral, is_late=is_late), occasion=occasion)
    return True


def send_withdrawal(referral: Referral, paper: Paper, reason: str) -> None:
    with speaking("sv"):
        subject = _d("The referral is withdrawn: %(number)s", number=_number(referral))
        _write(referral, subject, _render("withdrawn.txt", referral, reason=reason), papers=[paper])


def tell_officer(referral: Referral) -> None:
    """That the body has answered here: to the case's officer, or who asked. What it says is read on the page alone."""
    application = referral.application
    officer = application.officer or referral.asked_by
    if has_conflict(officer, application) or not officer.is_active:
        return
    with speaking(officer.language) as language:
        place = {"language": language.code, "public_id": application.public_id}
        path = current_app.url_map.bind("").build("registry.show", place)
        body = current_app.jinja_env.get_template("referrals/emails/answered.txt").render(
            body=referral.body, number=_number(referral), link=f"{settings().base_url}{path}#referrals"
        )
        mail.write(
            to=officer.email,
            language=language.code,
            subject=_d("A referral is answered: %(number)s", number=_number(referral)),
            body=body,
            thread=referral.thread,
        )


def _write(
    referral: Referral, subject: str, body: str, *, papers: Iterable[Paper] = (), occasion: str | None = None
) -> None:
    mail.write(
        to=referral.email,
        language="sv",
        subject=subject,
        body=body,
        thread=referral.thread,
        papers=papers,
        occasion=occasion,
    )


def _number(referral: Referral) -> str:
    application = referral.application
    return application.case.diary_number if application.case else application.reference


def _render(template: str, referral: Referral, **more: Any) -> str:
    # A command may write it too, so the link is built without a request.
    place = {"language": "sv", "public_id": referral.public_id}
    path = current_app.url_map.bind("").build("referrals.reply", place)
    officer, case = referral.asked_by, referral.application.case
    return current_app.jinja_env.get_template(f"referrals/emails/{template}").render(
        number=_number(referral),
        day=long_day(referral.answer_by),
        subject=case.subject if case else "",
        question=referral.question,
        sent_along=referral.sent_along,
        link=settings().base_url + path,
        officer=officer.name or officer.email,
        officer_email=officer.email,
        **more,
    )
