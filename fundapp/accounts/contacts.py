"""How an organisation is reached: what stood there before, and the word of a change.

Who has got hold of one member's mail may write their own number and address there, and then ask for the money. So the
old contact hears of it at once, and what was known first stays known.
"""

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime

from sqlalchemy import select

from fundapp import mail
from fundapp.accounts import emails
from fundapp.accounts.models import Account, Organisation
from fundapp.applications.models import Application, Submission
from fundapp.db import db
from fundapp.history.actions import record
from fundapp.history.models import HistoryEntry
from fundapp.intake.models import Correction, CorrectionKind
from fundapp.languages import AUTHORITY_LANGUAGE, _l
from fundapp.permissions import is_own_organisation
from fundapp.workflow import NotAllowed

REACHED_BY = ("email", "phone")
MOST_TOLD = 10  # old addresses: whoever changes them over and over must not make us a sender of mail to anybody
Known = dict[str, dict[str, datetime]]


def contact_of(organisation: Organisation) -> dict[str, str]:
    """The e-mail and the telephone as they are now."""
    return {name: str(getattr(organisation, name)) for name in REACHED_BY}


def correct_organisation(organisation: Organisation, *, before: Mapping[str, str], by: Account) -> None:
    """Note that the organisation's particulars were changed by one of its people. `before`: `contact_of` it then; of
    another e-mail or telephone the old address is told, and all who manage the people. Errors: NotAllowed.
    """
    if not is_own_organisation(by, organisation):
        raise NotAllowed(_l("Only people of the organisation can do this."))
    record(organisation, "correct_organisation", by=by)
    now = contact_of(organisation)
    changed = {name: (_read(old), _read(now[name])) for name, old in before.items() if old != now[name]}
    for name, (old, new) in changed.items():
        record(organisation, "correct_field", by=by, field=name, old=old, new=new)
    if changed:
        emails.send_contact_changed(organisation, changed, by=by, to=told(organisation, [before["email"]]))


def _read(contact: str) -> str:
    """An address that only stands for the post is none."""
    return "" if mail.is_by_post(contact) else contact


def told(organisation: Organisation, addresses: Iterable[str]) -> dict[str, str]:
    """The addresses and all who manage the organisation's people, each with its language; no account that is closed."""
    spoken = db.session.scalar(
        select(Application.language)
        .where(Application.organisation_id == organisation.id)
        .order_by(Application.id.desc())
        .limit(1)
    )
    found = {address.lower(): spoken or AUTHORITY_LANGUAGE for address in addresses if address}
    managers = (row.account for row in organisation.memberships if row.may_manage and row.account.is_active)
    return found | {account.email: account.language for account in managers}


def known(organisation: Organisation, *, until: datetime) -> Known:
    """Every telephone, e-mail and signatory in what was sent before `until`, and what stood on the organisation before
    it was changed; each with the instant since when it is known, the oldest first. What stands there now may be the
    work of whoever asks for money, and counts for nothing.
    """
    found: Known = {"phone": {}, "email": {}, "signatories": {}}
    for since, name, text in sorted([*_sent(organisation, until), *_stood(organisation)]):
        if text:
            found[name].setdefault(text, since)
    return found


def _sent(organisation: Organisation, until: datetime) -> Iterator[tuple[datetime, str, str]]:
    copies = (
        select(Submission.submitted_at, Submission.content)
        .join(Submission.application)
        .where(Application.organisation_id == organisation.id, Submission.submitted_at < until)
    )
    for at, content in db.session.execute(copies):
        kept = content.get("organisation") or {}
        yield from ((at, name, kept.get(name) or "") for name in REACHED_BY)
        for each in kept.get("signatories", ()):
            yield at, "signatories", ": ".join(part for part in (each["name"], each["contact"]) if part)


def _stood(organisation: Organisation) -> Iterator[tuple[datetime, str, str]]:
    """What a later change took away, since the change before that one."""
    since = dict.fromkeys(REACHED_BY, organisation.created_at)
    for at, name, old in sorted([*_changed(organisation), *_corrected(organisation)]):
        if name in since:
            yield since[name], name, old
            since[name] = at


def _changed(organisation: Organisation) -> Iterator[tuple[datetime, str, str]]:
    """By the organisation's own people."""
    entries = select(HistoryEntry.at, HistoryEntry.facts).where(
        HistoryEntry.thread == organisation.thread,
        HistoryEntry.subject == Organisation.__tablename__,
        HistoryEntry.event == "correct_field",
    )
    return ((at, facts["field"], facts["old"]) for at, facts in db.session.execute(entries))


def _corrected(organisation: Organisation) -> Iterator[tuple[datetime, str, str]]:
    """By two officials."""
    rows = select(Correction.decided_at, Correction.before).where(
        Correction.organisation_id == organisation.id,
        Correction.kind == CorrectionKind.PARTICULARS,
        Correction.is_approved.is_(True),
    )
    return ((at, name, old) for at, before in db.session.execute(rows) if at for name, old in before.items())
