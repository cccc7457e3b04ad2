"""Keep what somebody tells us."""

from datetime import timedelta

from sqlalchemy import select

from fundapp import clock
from fundapp.db import db
from fundapp.feedback.models import Feedback
from fundapp.languages import current

SAME_WITHIN = timedelta(hours=1)


def leave(text: str, *, page: str, email: str) -> Feedback:
    """Keep a message. The same words within an hour are one message: a reply was lost, or a button pressed twice."""
    same = select(Feedback).where(
        Feedback.at > clock.now() - SAME_WITHIN,
        Feedback.text == text,
        Feedback.page == page,
        Feedback.email == email,
    )
    found = db.session.scalar(same.limit(1))
    if found is None:
        found = Feedback(at=clock.now(), language=current().code, text=text, page=page, email=email)
        db.session.add(found)
    return found
