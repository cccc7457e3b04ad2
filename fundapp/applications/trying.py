"""An administrator goes an applicant's way through a fund before it opens. The try-out is a draft of its own, of an
invented organisation: nobody else sees it, it is never sent and never gets a number, and it goes when the fund opens.
"""

from sqlalchemy import delete, select

from fundapp import clock
from fundapp.accounts.found import FoundAnswer, NamedPerson
from fundapp.accounts.models import Account, Invitation, Membership, Organisation, OrganisationKind, Signatory
from fundapp.applications import answers as reading
from fundapp.applications import reminders, rules
from fundapp.applications.models import Application, ApplicationKind
from fundapp.applications.questions import FORM_VERSION
from fundapp.db import db
from fundapp.funds import checklist, editing
from fundapp.funds.models import Fund, FundKind, Round
from fundapp.history.actions import record
from fundapp.languages import Lazy, _dl
from fundapp.workflow import NotAllowed, StepNotPossible

NO_NUMBER = "0000000000"  # no organisation has it


def try_outs(fund: Fund, *, by: Account) -> list[Application]:
    """The person's own try-outs of the fund."""
    found = select(Application).join(Round, Round.id == Application.round_id)
    found = found.where(Round.fund_id == fund.id, Application.is_try_out, Application.created_by_id == by.id)
    return list(db.session.scalars(found.order_by(Application.id)))


def begin(fund: Fund, kind: OrganisationKind, *, by: Account, language: str) -> Application:
    """A try-out of the fund's form in its newest round, as an organisation of the kind; an earlier one of the same
    person goes. Errors: NotAllowed, StepNotPossible (no round, or the kind may not apply).
    """
    editing.demand(by)
    if not fund.rounds:
        raise StepNotPossible(_dl("Add a round first: the form asks for days within it."))
    reason = rules.why_not_apply(fund.terms, kind)
    if reason is not None:
        raise StepNotPossible(reason)
    for earlier in try_outs(fund, by=by):
        remove(earlier, by=by)
    application = Application(
        kind=ApplicationKind.GRANT if fund.kind is FundKind.FUND else ApplicationKind.AWARD,
        round=fund.rounds[-1],
        organisation=_invented(kind, by),
        created_by=by,
        created_at=clock.now(),
        language=language,
        text_language=language,
        form_version=FORM_VERSION,
        terms_version=fund.version,
        is_try_out=True,
    )
    db.session.add(application)
    db.session.flush()
    db.session.refresh(by, attribute_names=["memberships"])
    record(fund, "begin_try_out", by=by, kind=kind)
    return application


def _invented(kind: OrganisationKind, by: Account) -> Organisation:
    is_unit = kind is OrganisationKind.MUNICIPAL_UNIT
    organisation = Organisation(
        kind=kind,
        name="Provorganisationen",
        org_number=None if is_unit else NO_NUMBER,
        administration="Provförvaltningen" if is_unit else "",
        address="Provgatan 1",
        postal_code="95281",
        city="Kalix",
        email=by.email,
        phone=by.phone or "+46923",
        created_at=clock.now(),
    )
    db.session.add(organisation)
    db.session.flush()
    db.session.add(Membership(account_id=by.id, organisation_id=organisation.id, since=clock.now()))
    return organisation


def finish(application: Application, *, by: Account) -> None:
    """Come to the end of the form: all that sending looks at is looked at, and nothing is sent.

    Errors: NotAllowed, rules.NotComplete.
    """
    _demand_own(application, by)
    sections = reading.all_sections(application)
    missing = rules.missing_parts(reading.states_of(sections))
    if missing:
        raise rules.NotComplete(missing)
    reading.frozen(application, sections, by=by)
    editing.mark_tried(application.round.fund, by=by)


def remove(application: Application, *, by: Account) -> None:
    """Take the try-out away with its invented organisation. Errors: NotAllowed."""
    _demand_own(application, by)
    _remove(application, by)
    db.session.refresh(by, attribute_names=["memberships"])


def _demand_own(application: Application, by: Account) -> None:
    editing.demand(by)
    if not application.is_try_out or application.created_by_id != by.id:
        raise NotAllowed(_dl("This is not your try-out."))


def _remove(application: Application, by: Account) -> None:
    organisation = application.organisation
    reminders.remove(application, by=by)
    if organisation is not None:
        _remove_organisation(organisation)


def _remove_organisation(organisation: Organisation) -> None:
    """With whatever the person has written of it on the organisation's own pages."""
    named = select(NamedPerson.id).where(NamedPerson.organisation_id == organisation.id)
    db.session.execute(delete(FoundAnswer).where(FoundAnswer.named_person_id.in_(named)))
    for table in (NamedPerson, Signatory, Invitation, Membership):
        db.session.execute(delete(table).where(table.organisation_id == organisation.id))
    db.session.execute(delete(Organisation).where(Organisation.id == organisation.id))
    db.session.expunge(organisation)


def why_not_open(fund: Fund) -> Lazy | None:
    """Why the fund cannot open yet; None where it can."""
    return checklist.why_not_open(checklist.checklist(fund))


def open_fund(fund: Fund, *, seen: int, by: Account) -> None:
    """Open the fund; every try-out of it goes, whoever made it. Errors: NotAllowed, StepNotPossible."""
    editing.open_fund(fund, why_not_open=why_not_open(fund), seen=seen, by=by)
    found = select(Application).join(Round, Round.id == Application.round_id)
    for application in db.session.scalars(found.where(Round.fund_id == fund.id, Application.is_try_out)).all():
        _remove(application, by)
    db.session.refresh(by, attribute_names=["memberships"])
