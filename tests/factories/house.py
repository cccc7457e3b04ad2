"""One of everything, so that every address of the app can be opened by every kind of person."""

from dataclasses import dataclass
from datetime import date

from sqlalchemy import select

from fundapp import clock
from fundapp.accounts.actions import ask_to_sign_in, begin_session, declare_conflict
from fundapp.accounts.memberships import Rights, accept, invite
from fundapp.accounts.models import Account, Organisation
from fundapp.accounts.rules import hashed
from fundapp.applications.models import Application, ApplicationKind, Signature
from fundapp.applications.signing import ask
from fundapp.candidates.models import Candidate
from fundapp.db import db, new_public_id
from fundapp.decisions.models import Decision
from fundapp.delegations.actions import add_point
from fundapp.holidays.actions import change
from fundapp.intake.correcting import propose_particulars
from fundapp.mail import Message, MessageStatus
from fundapp.meetings import comings
from fundapp.meetings.actions import add_item, plan_meeting
from fundapp.meetings.disqualifying import disqualify
from fundapp.meetings.minutes import BoardNotice, Minutes
from fundapp.meetings.models import Meeting, MinuteItem
from fundapp.meetings.noticing import publish
from fundapp.meetings.proceedings import Disqualification
from fundapp.messages.actions import write
from fundapp.permissions import Role
from fundapp.projects.changes import ask_for_change
from fundapp.projects.models import ChangeRequest, Project
from fundapp.registry import making, saved
from fundapp.registry.queries import FiledDocument
from fundapp.registry.secrecy import mark
from fundapp.reports.models import Repayment
from fundapp.seats.models import Seat
from fundapp.workflow import MeetingStatus
from tests.factories import interests, minutes, papers, referrals, reviews, two_persons
from tests.factories.applications import draft
from tests.factories.assessments import under_assessment
from tests.factories.candidates import gathered, nomination
from tests.factories.decisions import granted, translated
from tests.factories.factors import with_passkey, with_password
from tests.factories.force import announced, appealed
from tests.factories.intake import entered, received
from tests.factories.meetings import board, on_agenda, planned
from tests.factories.people import applicant, official, organisation
from tests.factories.projects import paid
from tests.factories.registry import registered
from tests.factories.reports import approved, reported
from tests.factories.seats import seated

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
    places = _seats(seated(people["member"])) | _cases(owner) | _around(owner, people) | _together(owner, ours)
    places["accounts.end_conflict"] = {"public_id": conflict.public_id}
    places |= _stipend(owner, ours) | reviews.places(owner, people) | interests.places(people["conflicted"])
    prepared = under_assessment(by=owner, officer=people["officer"])
    places |= referrals.places(prepared, officer=people["officer"], asked=people["stranger"])
    places |= _on_paper(ours)
    places |= two_persons.places(owner)
    places["record.entry"] = {"number": 0}
    places |= _lists(people["officer"])
    places |= _notice() | _delegations() | minutes.places(people["member"])
    db.session.flush()
    return House({name: begin_session(person) for name, person in people.items()}, places, _posts())


def _lists(officer: Account) -> dict[str, Place]:
    """A view and a file of the list, which are the officer's own."""
    view = saved.save("Mina", "mine=1", is_shared=True, by=officer)
    export = making.ask(kind="xlsx", query="mine=1", chosen=None, total=1, by=officer)
    assert view is not None
    return {
        "registry.export": {"kind": "csv"},
        **{f"lists.{name}": {"public_id": view.public_id} for name in ("change_view", "remove_view")},
        **{f"lists.{name}": {"public_id": export.public_id} for name in ("exported", "export_again", "file")},
    }


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
    somebody = comings.presences_of(pending.meeting)[4]
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
        **_public_record(decision),
        "public.paragraph": {"board": "KS", "year": 2017, "number": decision.item.number},
    }
    names = "show roll arrive leave chair other checker end resume"
    places |= {f"attendance.{name}": meeting for name in names.split()}
    places |= {f"attendance.{name}": meeting | {"row_id": somebody.public_id} for name in ("correct", "strike")}
    places["copying.copy"] = case
    places |= _secrecy(decision.application)
    places |= {f"applications.{name}": case for name in ("receipt", "receipt_pdf", "withdraw")}
    places |= {f"registry.{name}": case for name in ("show", "versions", "register", "file_document", "submission_pdf")}
    places |= papers.places(decision.application)
    places["registry.send_again"] = {"public_id": _letter(decision.application).public_id}
    places |= {f"projects.{name}": of_project for name in ("show", "plan", "ask_for_change")}
    places["projects.answer_change"] = {"public_id": _change_asked(project, owner).public_id}
    places |= {f"messages.{name}": case for name in ("show", "write", "mark_read")}
    places |= {f"registry.{name}": case for name in ("messages", "messages_read")}
    write(decision.application, "När får vi veta mer?", by=owner, as_applicant=True, key=new_public_id())
    places |= {f"reports.{name}": of_project for name in ("edit", "check", "submit")}
    to_review = reported(_project_of(granted(by=owner).application), by=owner).project
    places["reports.review"] = {"public_id": to_review.public_id}
    places["announcing.announce"] = {"public_id": decision.item.meeting.public_id}
    places |= {f"appeals.{name}": {"public_id": decision.public_id} for name in ("new", "allow_early_payment")}
    places["appeals.end"] = {"public_id": appealed(to_review.decision).public_id}
    places |= {
        f"meetings.{name}": meeting for name in ("show", "add_item", "put_on_agenda", "take_off", "move", "open")
    }
    at_table = {"public_id": pending.meeting.public_id, "item": pending.public_id}
    steps = "show as_proposed take_back outcomes disqualify lift move put_propositions vote remark resolve"
    places |= {f"proceedings.{name}": at_table for name in steps.split()}
    disqualify(pending, None, name="Eva Ek", by=official(Role.SECRETARY))
    stations = (
        "translate take_up formal_check request_completion go_on_without objectives assess report reopen reconsider"
    )
    places |= {f"assessments.{name}": case for name in (*stations.split(), "declare_conflict")}
    return places


def _secrecy(application: Application) -> dict[str, Place]:
    """A document that nobody has marked yet, and another that is."""
    assert application.case is not None
    free, marked = application.case.documents[:2]
    found = FiledDocument(marked, application)
    mark(found, paragraph="OSL 26:1", reason="Uppgift om hälsa.", hides_case=False, by=official(Role.REGISTRAR))
    here: Place = {"public_id": free.public_id}
    places = {f"secrecy.{name}": here for name in ("show", "mark", "copy", "give_out")}
    return places | {"secrecy.lift": {"public_id": marked.public_id}}


def _stipend(owner: Account, ours: Organisation) -> dict[str, Place]:
    """A candidate that has applied itself, one that is nominated, and one that was awarded."""
    awarded = granted(by=owner, organisation=ours, kind=ApplicationKind.AWARD, amount=5_000)
    applied = registered(by=owner, organisation=ours, kind=ApplicationKind.AWARD)
    candidate, _nominated = gathered(applied, nomination("Mossens Kulturförening", "802400-1128"))
    candidate.token_hash, candidate.asked_at = hashed(TOKEN), clock.now()
    names = "show correct confirm split merge ask note_answer finish"
    here: Place = {"public_id": candidate.public_id}
    year: Place = {"public_id": applied.round_id}
    return {
        **{f"candidates.{name}": here for name in names.split()},
        **{f"candidates.{name}": year for name in ("gather", "divide", "ceremony", "ceremony_list")},
        "candidates.diploma": {"public_id": awarded.public_id},
        "candidates.answer": {"token": TOKEN},
    }


def _on_paper(ours: Organisation) -> dict[str, Place]:
    """What came on paper, begun and received; its letter for the post; a correction that waits."""
    here: Place = {"public_id": entered(ours).application.public_id}
    case = received(ours)
    letter = db.session.scalars(select(Message).where(Message.status == MessageStatus.BY_POST)).first()
    assert letter is not None
    of_case: Place = {"public_id": case.public_id}
    waits = propose_particulars(case, {"city": "Töre"}, reason="Ringde.", by=official(Role.OFFICER))
    posted: Place = {"public_id": letter.public_id}
    return {
        **{f"intake.{name}": here for name in ("show", "attach", "scan", "receive", "additions", "remove")},
        "intake.part": here | {"code": "project"},
        "intake.merge": of_case,
        **{f"posting.{name}": posted for name in ("show", "letter_pdf")},
        "posting.enclosed": posted | {"number": 1},
        "correcting.propose": of_case,
        "correcting.change": of_case | {"kind": "particulars"},
        **{f"correcting.{name}": {"public_id": waits.public_id} for name in ("show", "approve", "decline")},
    }


def _notice() -> dict[str, Place]:
    """A sitting to come, whose notice is published."""
    secretary = official(Role.SECRETARY)
    meeting = planned(secretary=secretary)
    add_item(meeting, "Upprop", by=secretary)
    here: Place = {"public_id": publish(meeting, after=0, by=secretary).meeting.public_id}
    places = {f"notices.{name}": here for name in ("show", "publish", "send_again", "order", "change")}
    places |= {f"ranking.{name}": here for name in ("show", "lay")}
    return places | {"notices.pack": here | {"version": 1}}


def _public_record(decision: Decision) -> dict[str, Place]:
    """A notice on the noticeboard, and the sitting's public minutes."""
    meeting = decision.item.meeting
    here: Place = {"board": meeting.board.abbreviation, "held_on": meeting.held_on}
    version = db.session.scalars(select(Minutes).where(Minutes.meeting_id == meeting.id)).first()
    notice = db.session.scalars(select(BoardNotice).where(BoardNotice.meeting_id == meeting.id)).first()
    assert version is not None
    return {
        "record_pages.notice": {"public_id": (notice or announced(decision)).public_id},
        "record_pages.meeting": here,
        "record_pages.minutes": here | {"version": version.public_id},
        "masking.show": {"public_id": meeting.public_id},
    }


def _delegations() -> dict[str, Place]:
    """A point of the register, and a sitting that reports what was decided under it."""
    secretary = official(Role.SECRETARY)
    point = add_point(
        board(),
        number="4.2",
        what="Godkänna redovisning",
        delegate="Utvecklingschef",
        role=Role.OFFICER,
        begins_on=clock.today(),
        by=secretary,
    )
    sitting = plan_meeting(board=board(), held_on=clock.today(), by=secretary)
    return {
        "delegations.end_point": {"public_id": point.public_id},
        "delegations.report": {"public_id": sitting.public_id},
    }


def _seats(seat: Seat) -> dict[str, Place]:
    body: Place = {"code": seat.board.code}
    return {
        **{f"seats.{name}": body for name in ("show", "keep")},
        **{f"seats.{name}": body | {"seat_id": seat.public_id} for name in ("change", "remove")},
    }


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
    with_password(owner)
    return {
        "factors.remove_passkey": {"public_id": with_passkey(owner)},
        **dict.fromkeys(("factors.clear", "people.sign_out", "people.close", "people.reopen"), person),
        "accounts.open_link": {"token": TOKEN},
        "accounts.organisation": {"public_id": of_owner},
        "accounts.person": person,
        "accounts.take_role": {"public_id": people["member"].role_rows[0].public_id},
        "accounts.role": {"public_id": people["member"].role_rows[0].public_id},
        "holidays.take_back": {
            "public_id": change(
                date(2017, 9, 4), is_holiday=True, source="en lag", by=people["administrator"]
            ).public_id,
        },
        "funds.show": {"public_id": "kalix-integration-fund"},
        "funds.change_frame": {"public_id": 1},
        **_of_administrators({"public_id": "kalix-integration-fund"}),
        "goals.objective": {"code": "2.3"},
        "goals.plan": {"code": "gallivare"},
        "goals.answer": {"code": "2.3", "board": "KS"},
    }


def _of_administrators(fund: Place) -> dict[str, Place]:
    names = ("show", "questions", "new_round", "confirm", "try_out", "remove_try_out", "open", "history")
    return {f"fund_editing.{name}": fund for name in names} | {
        "fund_editing.part": fund | {"part": "eligibility"},
        "fund_editing.texts": fund | {"code": "ar"},
        "fund_editing.own_question": fund | {"code": "new"},
        "fund_editing.edit_round": {"public_id": 1},
    }


def _posts() -> dict[str, dict[str, str]]:
    item = db.session.scalars(select(MinuteItem).join(Meeting).where(Meeting.status == MeetingStatus.OPENED)).one()
    candidate, other = db.session.scalars(select(Candidate).order_by(Candidate.id))
    called = db.session.scalars(select(Message).where(Message.occasion.startswith("notice "))).first()
    assert called is not None
    return {
        "notices.publish": {"after": "1"},
        "notices.send_again": {"message": called.public_id},
        "candidates.split": {"case": candidate.lead.public_id},
        "candidates.merge": {"other": other.public_id},
        "meetings.take_off": {"case": item.cases[0].application.public_id},
        "meetings.move": {"item": item.public_id, "way": "up"},
        "proceedings.take_back": {"case": item.cases[0].application.public_id},
        "proceedings.lift": {"row": db.session.scalars(select(Disqualification.public_id)).one()},
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
