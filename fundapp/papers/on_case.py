"""What stands on the case page: papers that are being written, and the page where one begins."""

from typing import Any

from flask import url_for
from sqlalchemy import Select, bindparam, select

from fundapp.accounts.models import Account
from fundapp.applications.models import Application
from fundapp.languages import Lazy, _dl
from fundapp.papers.models import WrittenPaper
from fundapp.permissions import Permission, Person, is_allowed


def lists() -> dict[str, Select[*tuple[Any, ...]]]:
    """Queries by name, with bindparam("application"), ("case") or ("person"); columns need own names."""
    paper = WrittenPaper
    return {
        "papers_begun": select(
            paper.public_id, paper.kind, paper.heading, paper.saved_at, Account.name.label("saved_by")
        )
        .join(Account, Account.id == paper.saved_by_id)
        .where(paper.application_id == bindparam("application"), paper.finished_at.is_(None))
        .order_by(paper.id)
    }


def works(application: Application, person: Person) -> list[tuple[Lazy, str]]:
    """What this person may do here, as (label, address)."""
    if application.case is None or not is_allowed(person, Permission.FILE_DOCUMENT, application):
        return []
    return [(_dl("Write a letter or another paper"), url_for("papers.new", public_id=application.public_id))]
