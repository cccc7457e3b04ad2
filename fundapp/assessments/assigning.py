"""Give a case to an officer: at the desk, many at once. Nobody gets mail of it; the case tells."""

from fundapp.accounts.models import Account
from fundapp.applications.models import Application
from fundapp.db import db, reread
from fundapp.history.actions import record
from fundapp.languages import _dl
from fundapp.permissions import Permission, is_allowed, why_not
from fundapp.reviews.falling import stays_blind
from fundapp.workflow import ApplicationStatus, NotAllowed, StepNotPossible

# What nobody will work on any more; after a decision there is still the project to follow.
_LEFT = frozenset({ApplicationStatus.DRAFT, ApplicationStatus.WITHDRAWN, ApplicationStatus.MERGED})


def assign(application: Application, officer: Account, *, by: Account) -> None:
    """Make `officer` the case's officer; who had it has it no more. Never somebody who must not read the officer's
    assessment yet (`stays_blind`): an officer reads it. Errors: NotAllowed, StepNotPossible.
    """
    reason = why_not(by, Permission.ASSIGN_OFFICER, application)
    if reason is not None:
        raise NotAllowed(reason)
    reread(application, with_for_update={"of": Application})
    if application.status in _LEFT:
        raise StepNotPossible(_dl("Nobody works on it any more. The status is “%(s)s”.", s=application.status.label))
    if application.officer_id == officer.id:
        raise StepNotPossible(_dl("%(name)s has the case already.", name=officer.name or officer.email))
    if not officer.is_active or not is_allowed(officer, Permission.ASSESS_APPLICATION, application):
        raise StepNotPossible(_dl("%(name)s cannot work on this case.", name=officer.name or officer.email))
    if stays_blind(application, officer):
        raise StepNotPossible(
            _dl(
                "%(name)s is asked for an assessment of their own here, and can get the case when all are sent.",
                name=officer.name or officer.email,
            )
        )
    application.officer_id = officer.id
    record(application, "assign_officer", by=by, officer=officer.name or officer.email)
    db.session.flush()
    db.session.expire(application, ["officer"])
