"""Mails between colleagues, in Swedish. They name the case by its number alone; the rest is read at the desk."""

from typing import Any

from flask import current_app

from fundapp import mail
from fundapp.accounts.models import Account
from fundapp.applications.models import Application
from fundapp.config import settings
from fundapp.languages import AUTHORITY_LANGUAGE, _d, speaking
from fundapp.permissions import Permission, is_allowed
from fundapp.reviews.models import SecondLook


def ask(to: Account, application: Application, what: str) -> None:
    """That one is asked: for an assessment of one's own (`review`), or to look at the report (`look`)."""
    with speaking(AUTHORITY_LANGUAGE):
        number = _number(application)
        subject = {
            "review": _d("Your assessment is asked for: %(number)s", number=number),
            "look": _d("Please look at the report: %(number)s", number=number),
        }[what]
        place = {"review": "reviews.write", "look": "reviews.second_look"}[what]
        _write(to, application, subject, f"reviews/emails/{what}.txt", place)


def tell_answer(look: SecondLook) -> None:
    """To who asked: the colleague agrees, or sends the case back. Who has a conflict of interest by now is not told."""
    if not look.asked_by.is_active or not is_allowed(look.asked_by, Permission.READ_CASE, look.application):
        return
    with speaking(AUTHORITY_LANGUAGE):
        facts = {"number": _number(look.application), "name": look.asked_of.name or look.asked_of.email}
        subject = (
            _d("%(name)s agrees: %(number)s", **facts)
            if look.agrees
            else _d("%(name)s sends the case back: %(number)s", **facts)
        )
        _write(
            look.asked_by, look.application, subject, "reviews/emails/answer.txt", "reviews.second_look",
            agrees=look.agrees, name=facts["name"],
        )  # fmt: skip


def _number(application: Application) -> str:
    return application.case.diary_number if application.case is not None else application.reference


def _write(to: Account, application: Application, subject: str, template: str, place: str, **facts: Any) -> None:
    path = current_app.url_map.bind("").build(
        place, {"language": AUTHORITY_LANGUAGE, "public_id": application.public_id}
    )
    body = current_app.jinja_env.get_template(template).render(
        number=_number(application), link=settings().base_url + path, **facts
    )
    mail.write(to=to.email, language=AUTHORITY_LANGUAGE, subject=subject, body=body)
