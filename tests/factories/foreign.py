"""The house, with a canary in everything of the owner's that is not public, and people whom none of it concerns.

A canary is a word that stands nowhere else: whoever reads one in an answer has read what is not theirs.
"""

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from sqlalchemy import func, select

from fundapp import clock, files
from fundapp.accounts.actions import begin_session, declare_conflict
from fundapp.accounts.memberships import Rights, accept, invite, remove
from fundapp.accounts.models import Account, Organisation, RoleGiven
from fundapp.applications import actions as applying
from fundapp.applications.models import Application, Attachment
from fundapp.db import Base, db, new_public_id
from fundapp.messages.actions import write
from fundapp.permissions import Role
from fundapp.projects.models import Project
from fundapp.remarks import actions as remarking
from fundapp.remarks.models import FlagKind
from fundapp.reports.actions import save_report
from tests.factories.applications import PDF, draft
from tests.factories.assessments import assess, under_assessment
from tests.factories.decisions import granted
from tests.factories.house import House, build
from tests.factories.meetings import on_agenda
from tests.factories.people import applicant, official, organisation
from tests.factories.registry import registered
from tests.factories.reports import answers_for

CANARY = "Kanariefågel"
# Of an application that nobody has decided on, none of these is public; of one that was granted, the first are not.
NEVER_PUBLIC = ("contact_name", "signatory_name", "earlier_grants", "risks", "reach", "afterwards")
NOT_YET = ("summary", "background", "purpose", "results", "integration", "measuring", "place")


@dataclass(frozen=True)
class Foreign:
    """`wrong` maps who has no business with the owner's things to a session's token ("" for nobody), and `accounts`
    to the key of their own account. `ours` is the owner's organisation's key; `first_own` tells, per table, from which
    key on the rows are the strangers' own.
    """

    house: House
    wrong: dict[str, str]
    accounts: dict[str, int]
    ours: int
    first_own: dict[str, int]


def build_foreign() -> Foreign:
    """By the real steps; call `on_day` and open an app context first."""
    house = build()
    owner = _account("owner@forening.example")
    ours = owner.memberships[0].organisation
    _canaries(owner, ours)
    people = _people(owner, ours)
    db.session.flush()
    first_own = {mapper.local_table.name: _newest(mapper.class_) + 1 for mapper in Base.registry.mappers}
    _own_things(people["stranger"])
    db.session.flush()
    wrong = {"nobody": ""} | {name: begin_session(person) for name, person in people.items()}
    return Foreign(house, wrong, {name: person.id for name, person in people.items()}, ours.id, first_own)


def _account(email: str) -> Account:
    return db.session.scalars(select(Account).where(Account.email == email)).one()


def _newest(table: Any) -> int:
    return db.session.scalar(select(func.max(table.id))) or 0 if hasattr(table, "id") else 0


def _words(names: tuple[str, ...], where: str) -> dict[str, str]:
    return {name: f"{CANARY} {where} {name}" for name in names}


def _canaries(owner: Account, ours: Organisation) -> None:
    """A draft, a registered case, one under assessment, one on an agenda and one granted, each with its canaries."""
    own: dict[str, Any] = {"by": owner, "organisation": ours}
    begun = draft(title=f"{CANARY} utkast", **own, **_words(NEVER_PUBLIC + NOT_YET, "utkast"))
    paper = PDF.replace(b"xref\n0 4", b"%" + b"Kanariefagel\nxref\n0 4").replace(b"startxref\n165", b"startxref\n179")
    kind = applying.attachment_kinds(begun)[0]["code"]
    applying.attach(begun, kind, files.check("kanariefagel.pdf", paper), by=owner)
    sent = registered(**own, **_words(NEVER_PUBLIC + NOT_YET, "inkommen"))
    write(sent, f"{CANARY} i ett meddelande.", by=owner, as_applicant=True, key=new_public_id())
    officer = official(Role.OFFICER)
    assessed = under_assessment(officer=officer, **own, **_words(NEVER_PUBLIC + NOT_YET, "handläggs"))
    remarking.raise_flag(assessed, kind=FlagKind.LOOK, reason=f"{CANARY} som flagga.", by=officer)
    remarking.write_note(assessed, f"{CANARY} som anteckning.", by=officer)
    tabled = under_assessment(officer=officer, **own, **_words(NEVER_PUBLIC + NOT_YET, "bereds"))
    assess(tabled, by=officer, reasons=f"{CANARY} som motivering.")
    on_agenda(tabled)
    final = granted(**own, **_words(NEVER_PUBLIC, "beviljad")).application
    project = _project_of(final)
    save_report(project, answers_for(project, what_was_done=f"{CANARY} i en redovisning"), by=owner)
    of_ours = select(Attachment).join(Application).where(Application.organisation_id == ours.id)
    for attachment in db.session.scalars(of_ours):
        attachment.file.name = "kanariefagel.pdf"


def _project_of(application: Application) -> Project:
    return db.session.scalars(select(Project).where(Project.application_id == application.id)).one()


def _people(owner: Account, ours: Organisation) -> dict[str, Account]:
    """Whom it does not concern (any longer): a stranger, an official with a conflict, one whose role has ended, a
    member without a seat, an administrator, one who was removed from the organisation.
    """
    removed = applicant("Removed", "removed@annan.example")
    everything = Rights(edit=True, submit=True, manage=True)
    accept(invite(ours, removed.email, everything, language="sv", by=owner), by=removed)
    remove(next(row for row in removed.memberships if row.organisation_id == ours.id), by=owner)
    ended = official(Role.OFFICER, Role.SECRETARY, Role.REGISTRAR, name="Ended")
    for row in db.session.scalars(select(RoleGiven).where(RoleGiven.account_id == ended.id)):
        row.ends_on = _yesterday()
    partial = official(Role.OFFICER, Role.SECRETARY, Role.REGISTRAR, name="Partial")
    declare_conflict(by=partial, reason="Min syster är ordförande.", organisation=ours)
    return {
        "stranger": _account("stranger@annan.example"),
        "removed": removed,
        "ended": ended,
        "partial": partial,
        "seatless": official(Role.MEMBER, name="Seatless"),
        "administrator": official(Role.ADMINISTRATOR, name="Another Administrator"),
    }


def _yesterday() -> date:
    return clock.today() - timedelta(days=1)


def _own_things(stranger: Account) -> None:
    """What the stranger has by right: a draft, a case, a granted project with a report begun."""
    own: dict[str, Any] = {"by": stranger, "organisation": organisation(stranger, name="Den andra", org_number="")}
    draft(**own)
    registered(**own)
    project = _project_of(granted(**own).application)
    save_report(project, answers_for(project), by=stranger)
