"""Who is written to about an application: the applicant's side, as it is on the day of the mail."""

from fundapp.accounts.models import Account
from fundapp.applications.models import Application
from fundapp.db import db
from fundapp.permissions import acts_for


def last_sender(application: Application) -> Account:
    """Who sent the application or its additions last; of a draft, who began it."""
    submission = application.last_submission
    return db.session.get_one(Account, submission.submitted_by_id if submission else application.created_by_id)


def receivers(application: Application, sender: Account) -> dict[str, str]:
    """Addresses, each with its language: `sender`, as long as they act for the applicant, and the organisation.

    Who has left the organisation, or was removed, gets no more of its letters, nor does a closed account. Somebody
    always gets them: without an address of the organisation those who manage its people do.
    """
    organisation = application.organisation
    found = {sender.email: sender.language} if is_written_to(sender, application) else {}
    if organisation is not None and organisation.email:
        found.setdefault(organisation.email.lower(), application.language)
    if organisation is not None and not found:
        managers = (row.account for row in organisation.memberships if row.may_manage and row.account.is_active)
        found = {account.email: account.language for account in managers}
    return found or {sender.email: sender.language}


def is_written_to(sender: Account, application: Application) -> bool:
    """Who wrote on paper never acted for anybody here, and is answered where the letter came from."""
    is_known = sender.is_active and acts_for(sender, application)
    return is_known or (application.is_entered and sender.id == application.created_by_id)
