"""One of everything, so that every address of the app can be opened by every kind of person."""

from dataclasses import dataclass

from sqlalchemy import select

from fundapp.accounts.actions import ask_to_sign_in, begin_session, declare_conflict
from fundapp.accounts.memberships import Rights, accept, invite
from fundapp.accounts.models import Account, Organisation
from fundapp.accounts.rules import hashed
from fundapp.applications.models import Application, Signature
from fundapp.applications.signing import ask
from fundapp.db import db, new_public_id
from fundapp.mail import Message, MessageStatus
from fundapp.meetings.models import Meeting, MinuteItem
from fundapp.messages.actions import write
from fundapp.permissions import Role
from fundapp.projects.changes import ask_for_change
from fundapp.projects.models import ChangeRequest, Project
from fundapp.reports.models import Repayment
from fundapp.workflow import MeetingStatus
from tests.factories.applications import draft
from tests.factories.decisions import granted, translated
from tests.factories.meetings import on_agenda
from tests.factories.people import applicant, official, organisation
from tests.factories.projects import paid
from tests.factories.reports import approved, reported

Place = dict[str, object]
TOKEN = "the house's own sign-in link"


@dataclass(frozen=True)
class House:
    """`sessions` maps a kind of person to a session's token; `places` an endpoint to what fills its address; `posts`
    an endpoint to what must be posted for the page to find what it is about.
    """

    sessions: dict[str, str]
    places: dict[str, Place]
    posts: dict[str, dict[str, str]]


def build() -> House:
    """Everything, by the real steps; call `on_day` and open an app context first."""
    owner = applicant("Owner", "owner@forening.example")
    ours = organisation(owner)
    people = {
        "owner": owner,
        "stranger": applicant("Stranger", "stranger@annan.example"),
        **{role.value: official(role, name=role.value) for role in Role if role is not Role.APPLICANT},
        "conflicted": official(Role.OFFICER, name="conflicted"),
    }
    organisation(people["stranger"], name="Annan förening", org_number="8024001128")
    conflict = declare_conflict(by=people["conflicted"], reason="Min bror är kassör.", organisation=ours)
    places = _cases(owner) | _around(owner, people) | _together(owner, ours)
    places["accounts.end_conflict"] = {"public_id": conflict.public_id}
    db.session.flush()
    return House({name: begin_session(person) for name, person in people.items()}, places, _posts())


def _cases(owner: Account) -> dict[str, Place]:
    mine = draft(by=owner)
    pending = on_agenda(by=owner)
    decision = translated(granted(by=owner))
    project = _project_of(decision.application)
    repayment = _repayment(owner)
    attachment = decision.application.attachments[0]
    case = {"public_id": decision.application.public_id}
    of_project = {"public_id": project.public_id}
    meeting = {"public_id": pending.meeting.public_id}
    assert decision.application.case is not None
    places: dict[str, Place] = {
        f"applications.{name}": {"public_id": mine.public_id}
        for name in ("show", "check", "submit", "attach", "attach_later", "text_language")
    }
    places |= {
        "applications.section": {"public_id": mine.public_id, "code": "project"},
        "applications.keep": {"public_id": mine.public_id, "code": "project"},
        "applications.detach": {"public_id": mine.public_id, "attachment_id": mine.attachments[0].public_id},
        "applications.attachment": case | {"attachment_id": attachment.public_id},
        "registry.attachment": case | {"attachment_id": attachment.public_id},
        "registry.document": {"public_id": decision.application.case.documents[0].public_id},
        "decisions.record_outcome": {
            "item": pending.public_id,
            "public_id": pending.cases[0].application.public_id,
        },
        "decisions.letter": {"public_id": decision.public_id},
        "decisions.translated_letter": {"public_id": decision.public_id, "code": "fi"},
        "decisions.translate": {"public_id": decision.public_id, "code": "fi"},
        "decisions.ask_for_translation": {"public_id": decision.public_id},
        "projects.pay": {"public_id": project.instalments[0].public_id},
        "reports.repaid": {"public_id": repayment.public_id},
        **{f"public.{name}": {"code": "kalix-integration-fund"} for name in ("fund", "questions", "eligibility")},
        "public.project": of_project,
        "public.paragraph": {"board": "KS", "year": 2017, "number": decision.item.number},
    }
    places["copying.copy"] = case
    places |= {f"applications.{name}": case for name in ("receipt", "receipt_pdf", "withdraw")}
    places |= {f"registry.{name}": case for name in ("show", "register", "file_document", "submission_pdf")}
    places["registry.send_again"] = {"public_id": _letter(decision.application).public_id}
    places |= {f"projects.{name}": of_project for name in ("show", "plan", "ask_for_change")}
    places["projects.answer_change"] = {"public_id": _change_asked(project, owner).public_id}
    places |= {f"messages.{name}": case for name in ("show", "write", "mark_read")}
    places |= {f"registry.{name}": case for name in ("messages", "messages_read")}
    write(decision.application, "När får vi veta mer?", by=owner, as_applicant=True, key=new_public_id())
    places |= {f"reports.{name}": of_project for name in ("edit", "check", "submit")}
    places["reports.review"] = {
        "public_id": reported(_project_of(granted(by=owner).application), by=owner).project.public_id
    }
    places |= {
        f"meetings.{name}": meeting
        for name in ("show", "add_item", "put_on_agenda", "take_off", "move", "open", "approve")
    }
    stations = (
        "translate take_up formal_check request_completion go_on_without objectives assess report reopen reconsider"
    )
    places |= {f"assessments.{name}": case for name in (*stations.split(), "declare_conflict")}
    return places


def _together(owner: Account, ours: Organisation) -> dict[str, Place]:
    """An organisation's people, and one whose signatories sign together."""
    colleague, invited = applicant("Colleague", "colleague@forening.example"), "invited@forening.example"
    rights = Rights(edit=True, submit=True, manage=True)
    accept(invite(ours, colleague.email, rights, language="sv", by=owner), by=colleague)
    # The invited one waits behind a link whose token is known here.
    waiting = invite(ours, invited, rights, language="sv", by=owner)
    waiting.token_hash = hashed(TOKEN)
    joint = organisation(owner, name="Samarbetsföreningen", org_number="8024001128")
    joint.signs_jointly = True
    theirs = draft(by=owner, organisation=joint)
    ask(theirs, {0: "amina@sprakkafe.example", 1: "per@sprakkafe.example"}, by=owner)
    db.session.scalars(select(Signature)).first().token_hash = hashed(TOKEN)
    here: Place = {"public_id": ours.public_id}
    return {
        **{f"accounts.{name}": here for name in ("members", "invite", "leave")},
        **{f"accounts.{name}": here | {"member_id": colleague.public_id} for name in ("member", "remove_member")},
        **{
            f"accounts.{name}": here | {"invitation_id": waiting.public_id}
            for name in ("invite_again", "withdraw_invitation")
        },
        "accounts.invitation": {"token": TOKEN},
        "signing.ask": {"public_id": theirs.public_id},
        "signing.confirm": {"token": TOKEN},
    }


def _around(owner: Account, people: dict[str, Account]) -> dict[str, Place]:
    attempt = ask_to_sign_in("nobody@forening.example")
    attempt.token_hash = hashed(TOKEN)
    of_owner = owner.memberships[0].organisation.public_id
    person = {"public_id": people["stranger"].public_id}
    return {
        "accounts.open_link": {"token": TOKEN},
        "accounts.organisation": {"public_id": of_owner},
        "accounts.person": person,
        "accounts.take_role": {"public_id": people["member"].public_id, "role": "MEMBER"},
        "funds.show": {"public_id": "kalix-integration-fund"},
        "funds.change_frame": {"public_id": 1},
        "goals.objective": {"code": "2.3"},
        "goals.plan": {"code": "gallivare"},
        "goals.answer": {"code": "2.3", "board": "KS"},
    }


def _posts() -> dict[str, dict[str, str]]:
    item = db.session.scalars(select(MinuteItem).join(Meeting).where(Meeting.status == MeetingStatus.OPENED)).one()
    return {
        "meetings.take_off": {"case": item.cases[0].application.public_id},
        "meetings.move": {"item": item.public_id, "way": "up"},
    }


def _letter(application: Application) -> Message:
    """A letter of the application's that its receiver's server refused."""
    letter = db.session.scalars(select(Message).where(Message.thread == application.public_id).limit(1)).one()
    letter.status, letter.fault = MessageStatus.FAILED, "550 5.1.1 No such mailbox here"
    return letter


def _project_of(application: Application) -> Project:
    return db.session.scalars(select(Project).where(Project.application_id == application.id)).one()


def _change_asked(project: Project, owner: Account) -> ChangeRequest:
    return ask_for_change(project, what="En annan lokal.", why="Den första är stängd.", new_ends_on=None, by=owner)


def _repayment(owner: Account) -> Repayment:
    project = _project_of(granted(by=owner).application)
    paid(project, len(project.instalments))
    approved(project, by=owner, used="30 000")
    return db.session.scalars(select(Repayment)).one()
