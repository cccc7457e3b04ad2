"""Where an organisation's signatories sign together: each confirms the application by an own mailed link, or a page
that all have signed is attached. A confirmation is bound to what was confirmed: a later change withdraws it.
"""

import hashlib
import json
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select, update

from fundapp import clock
from fundapp.accounts.models import Account
from fundapp.accounts.rules import hashed, new_token
from fundapp.applications import answers as reading
from fundapp.applications import emails, rules
from fundapp.applications.models import Application, Attachment, Signature
from fundapp.applications.questions.shared import SIGNED_PAGE
from fundapp.db import db
from fundapp.history.actions import record
from fundapp.languages import _l
from fundapp.permissions import Permission, why_not
from fundapp.workflow import ApplicationStatus, NotAllowed, StepNotPossible

LINK_LASTS = timedelta(days=30)  # assumption: a board meets within a month


class NotSigned(StepNotPossible):
    """Not all signatories have confirmed, and no signed page is attached."""

    def __init__(self) -> None:
        super().__init__(
            _l("Not all signatories have confirmed the application as it is now. Ask them, or attach a signed page.")
        )


@dataclass(frozen=True)
class Signer:
    """One signatory. `state`: 'not_asked', 'asked', 'too_old', 'confirmed', or 'changed' (confirmed, and changed
    afterwards); `at` is when that came about, `email` where the link was sent, or what the organisation has noted.
    """

    position: int
    name: str
    email: str
    state: str
    at: datetime | None = None


def is_needed(application: Application) -> bool:
    """Whether several must confirm before the draft can be sent."""
    organisation = application.organisation
    return application.status is ApplicationStatus.DRAFT and organisation is not None and organisation.signs_jointly


def signed_page(application: Application) -> Attachment | None:
    """The page that all have signed, where it is attached; the officer looks at what it says."""
    return next((each for each in application.attachments if each.kind == SIGNED_PAGE), None)


def content_hash(application: Application) -> str:
    """SHA-256 of what is sent: the answers as typed, the organisation's particulars and the files (no signed page)."""
    organisation = application.organisation
    content = {
        "round": application.round_id,
        "kind": application.kind.value,
        "sections": {
            section.code: {name: texts for name, texts in section.answers.items() if any(texts)}
            for section in application.sections
        },
        "organisation": reading.particulars(organisation) if organisation is not None else None,
        "attachments": sorted(
            [each.kind, each.file.sha256] for each in application.attachments if each.kind != SIGNED_PAGE
        ),
    }
    return hashlib.sha256(json.dumps(content, sort_keys=True, ensure_ascii=False).encode()).hexdigest()


def signers(application: Application) -> list[Signer]:
    """Every signatory of the organisation, and how far each has come."""
    if application.organisation is None:
        return []
    asked = {(each.position, each.name): each for each in _asked(application)}
    now_hash = content_hash(application)
    return [
        _signer(n, each.name, each.contact, asked.get((n, each.name)), now_hash)
        for n, each in enumerate(application.organisation.signatories)
    ]


def _asked(application: Application) -> list[Signature]:
    found = select(Signature).where(Signature.application_id == application.id, Signature.replaced_at.is_(None))
    return list(db.session.scalars(found.order_by(Signature.id)))


def held_addresses(found: Iterable[Signer], anew: Collection[int]) -> set[str]:
    """The addresses that have confirmed, or have a link that can, but for those of the positions asked anew: their
    earlier link is then worth nothing. Nobody else may have one there: who holds two links could sign for two.
    """
    return {
        each.email
        for each in found
        if each.state == "confirmed" or (each.state == "asked" and each.position not in anew)
    }


def _signer(position: int, name: str, contact: str, asked: Signature | None, now_hash: str) -> Signer:
    if asked is None:
        return Signer(position, name, contact if "@" in contact else "", "not_asked")
    if asked.confirmed_at is not None:
        state = "confirmed" if asked.content_hash == now_hash else "changed"
        return Signer(position, name, asked.email, state, asked.confirmed_at)
    state = "asked" if asked.expires_at > clock.now() else "too_old"
    return Signer(position, name, asked.email, state, asked.asked_at)


def is_signed(application: Application) -> bool:
    """Whether nothing more is needed of the signatories."""
    if not is_needed(application) or signed_page(application) is not None:
        return True
    return all(each.state == "confirmed" for each in signers(application))


def settled(application: Application) -> dict[str, Any]:
    """What the frozen copy keeps, asked before the draft's status changes: {"signing": {"confirmations": [{"name",
    "email", "confirmed_at", "content_hash"}], "signed_page": a file's name or null}}; nothing where nobody else had
    to sign. Errors: NotSigned.
    """
    if not is_needed(application):
        return {}
    if not is_signed(application):
        raise NotSigned
    page, now_hash = signed_page(application), content_hash(application)
    return {
        "signing": {
            "confirmations": [
                {
                    "name": each.name,
                    "email": each.email,
                    "confirmed_at": each.confirmed_at.isoformat(),
                    "content_hash": each.content_hash,
                }
                for each in _asked(application)
                if each.confirmed_at is not None and each.content_hash == now_hash
            ],
            "signed_page": page.file.name if page is not None else None,
        }
    }


def ask(application: Application, addresses: dict[int, str], *, by: Account) -> int:
    """Mail a link to each signatory (position → address) who has not confirmed the application as it is; an earlier
    link is then worth nothing. Gives how many.

    Errors: NotAllowed, StepNotPossible, rules.NotComplete.
    """
    reason = why_not(by, Permission.EDIT_APPLICATION, application)
    if reason is not None:
        raise NotAllowed(reason)
    hold(application)
    if not is_needed(application):
        raise StepNotPossible(_l("Nobody else needs to sign this application."))
    missing = rules.missing_parts(reading.states(application))
    if missing:
        raise rules.NotComplete(missing)
    found = signers(application)
    waiting = [each for each in found if each.state != "confirmed" and each.position in addresses]
    wanted = {addresses[each.position] for each in waiting}
    if len(wanted) < len(waiting) or wanted & held_addresses(found, addresses):
        raise StepNotPossible(_l("Each signatory needs an address of their own."))
    for signer in waiting:
        _ask_one(application, signer, addresses[signer.position], by=by)
    return len(waiting)


def _ask_one(application: Application, signer: Signer, email: str, *, by: Account) -> None:
    now, token = clock.now(), new_token()
    db.session.execute(
        update(Signature)
        .where(
            Signature.application_id == application.id,
            Signature.position == signer.position,
            Signature.replaced_at.is_(None),
        )
        .values(replaced_at=now)
    )
    signature = Signature(
        application=application,
        position=signer.position,
        name=signer.name,
        email=email,
        language=application.language,
        token_hash=hashed(token),
        asked_at=now,
        asked_by_id=by.id,
        expires_at=now + LINK_LASTS,
    )
    db.session.add(signature)
    db.session.flush()
    record(application, "ask_signatory", by=by, signatory=signer.position + 1)
    emails.send_signing(signature, token=token, by=by)


def by_token(token: str) -> Signature | None:
    return db.session.scalar(select(Signature).where(Signature.token_hash == hashed(token)))


def why_not_confirm(signature: Signature) -> Any:
    """Why the link does not confirm anything now, as a sentence; None where it does."""
    if signature.confirmed_at is not None:
        return _l("You have confirmed this application. Thank you, there is nothing more to do.")
    if signature.replaced_at is not None or not _is_signatory(signature):
        return _l("This link no longer works. Perhaps a newer mail has been sent: look for the latest one.")
    if signature.application.status is not ApplicationStatus.DRAFT:
        return _l("The application has been sent already, or is no longer there. There is nothing more to do.")
    if signature.expires_at <= clock.now():
        return _l("This link is too old. Ask the organisation to send a new one.")
    return None


def _is_signatory(signature: Signature) -> bool:
    organisation = signature.application.organisation
    names = [each.name for each in organisation.signatories] if organisation is not None else []
    return dict(enumerate(names)).get(signature.position) == signature.name


def confirm(signature: Signature, seen: str) -> None:
    """The signatory confirms what they read, `seen` being its `content_hash`; once. Errors: StepNotPossible."""
    application = signature.application
    hold(application)
    db.session.refresh(signature)
    reason = why_not_confirm(signature)
    if reason is not None:
        raise StepNotPossible(reason)
    if content_hash(application) != seen:
        raise StepNotPossible(_l("The application was changed while you read it. Read it again, and then confirm."))
    signature.confirmed_at, signature.content_hash = clock.now(), seen
    record(application, "confirm_signature", by=None, signatory=signature.position + 1)
    db.session.flush()


def hold(application: Application) -> None:
    """Read the application anew, with all that is signed, and keep everybody else waiting."""
    db.session.flush()
    db.session.refresh(application, with_for_update={"of": Application})
    db.session.expire(application, ["sections", "attachments"])
    if application.organisation is not None:
        db.session.refresh(application.organisation)
        db.session.expire(application.organisation, ["signatories"])
