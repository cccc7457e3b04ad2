"""The frozen copy of what was sent, with its receipt."""

from datetime import datetime
from typing import Any

from fundapp import documents
from fundapp.accounts.models import Account
from fundapp.applications import papers
from fundapp.applications.models import Application, Submission


def freeze(application: Application, content: dict[str, Any], *, at: datetime, by: Account) -> Submission:
    """Keep `content` (`reading.frozen`) as the application's next submission by `by` at the UTC instant `at`.

    The application's row must be held, so that nobody else takes the same number.
    """
    number = len(application.submissions) + 1
    paper = documents.draw_up(
        "applications/documents/receipt.typ",
        papers.receipt(application, content, at=at),
        file_name=f"{application.reference}-{number}.pdf",
        language=application.language,
    )
    submission = Submission(
        number=number,
        language=application.language,
        content=content,
        submitted_at=at,
        submitted_by_id=by.id,
        paper=paper,
    )
    application.submissions.append(submission)
    return submission
