"""What people have told us, for whoever looks after the site."""

from sqlalchemy import select

from fundapp.feedback.models import Feedback
from fundapp.paging import Beyond, Page, page_of

PAGE = 25


def messages(beyond: Beyond) -> Page:
    """A page of messages, the newest first: rows of public_id, at, language, text, page and email."""
    query = select(Feedback.public_id, Feedback.at, Feedback.language, Feedback.text, Feedback.page, Feedback.email)
    return page_of(query, (Feedback.at, Feedback.id), beyond, Feedback.public_id, size=PAGE, is_falling=True)
