"""What was sent in about one association is one candidate, gets one assessment, one outcome and one sum."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from flask import Flask
from sqlalchemy import select

from fundapp import clock
from fundapp.accounts.actions import declare_conflict
from fundapp.accounts.models import Account
from fundapp.accounts.rules import hashed
from fundapp.applications.actions import withdraw
from fundapp.applications.models import ApplicationKind
from fundapp.assessments.actions import ChangedMeanwhile, NotReady
from fundapp.assessments.models import Assessment, OfficerReport
from fundapp.candidates import actions, asking, dividing, queries, rules
from fundapp.candidates.dividing import Share
from fundapp.candidates.models import Candidate, NomineeAnswer
from fundapp.db import db
from fundapp.decisions.actions import record_outcome
from fundapp.decisions.appeals import end_appeal, record_appeal
from fundapp.decisions.models import AppealEnd, Decision
from fundapp.files import check
from fundapp.funds.queries import ledger_faults
from fundapp.languages import speaking
from fundapp.mail import Message
from fundapp.meetings.actions import put_on_agenda
from fundapp.permissions import Role
from fundapp.registry.models import Document
from fundapp.workflow import ApplicationStatus, NotAllowed, Outcome, StepNotPossible
from tests.factories import on_day
from tests.factories.applications import PDF, STIPEND, open_round
from tests.factories.assessments import assessed, checked
from tests.factories.candidates import MOTIVATION, award, divided, gathered, nomination, ready, written
from tests.factories.decisions import approved, released
from tests.factories.meetings import opened
from tests.factories.people import applicant, official

FAR = "mallory@far.example"
MOSSEN = {"name": "Mossens Kulturförening", "number": "802400-1128"}


@pytest.fixture(autouse=True)
def inside(app: Flask):
    on_day()
    with app.test_request_context():
        yield


@pytest.fixture
def officer() -> Account:
    return official(Role.OFFICER)


@contextmanager
def refused(words: str) -> Iterator[None]:
    """What is done inside is refused, for a reason that says these words in English."""
    with speaking("en"), pytest.raises(StepNotPossible, match=words):
        yield


@pytest.mark.parametrize(
    ("name", "number", "other", "other_number", "same"),
    [
        ("Töre Framtid IF", "8020015577", "Framtid i Töre", "8020015577", True),
        ("Töre Framtid IF", None, "TORE FRAMTID I.F.", None, True),
        ("Töre Framtid IF", "8020015577", "töre framtid if", None, True),
        ("Töre Framtid IF", "8020015577", "Töre Framtid IF", "8024001128", False),
        ("Töre Framtid IF", None, "Töre IF", None, False),
    ],
)
def test_the_number_tells_who_is_the_same_and_else_the_name(
    name: str, number: str | None, other: str, other_number: str | None, same: bool
) -> None:
    assert rules.is_same(name, number, other, other_number) is same


def test_cases_about_the_same_association_become_one_candidate(officer: Account) -> None:
    first, second, own = nomination(), nomination("Framtid i Töre"), award()
    found = gathered(first, second, own, nomination(**MOSSEN), officer=officer)
    assert found[0].applications == [first, second, own]
    assert len(found) == 2
    assert found[0].lead is own  # the association's own application carries the sum
    assert found[0].followers == [first, second]
    assert (found[0].name, found[0].org_number, found[0].email) == (
        "Töre Framtid IF",
        "8020015577",
        "styrelsen@framtid.example",
    )
    assert gathered(first, second, own, officer=officer) == []  # twice is nothing more


def test_a_late_case_does_not_lead(officer: Account) -> None:
    first, second = nomination(), nomination()
    first.is_late = True
    (candidate,) = gathered(first, second, officer=officer)
    assert candidate.lead is second


def test_who_withdraws_leads_no_more(officer: Account) -> None:
    first, second = nomination(), nomination()
    (candidate,) = gathered(first, second, officer=officer)
    withdraw(first, by=first.created_by)
    assert (candidate.lead, candidate.followers) == (second, [])


def test_an_official_takes_a_case_out_and_puts_it_back(officer: Account) -> None:
    first, second = nomination(), nomination()
    (candidate,) = gathered(first, second, officer=officer)
    actions.confirm(candidate, by=officer)
    own = actions.split(candidate, second, by=officer)
    assert (candidate.applications, own.applications) == ([first], [second])
    with refused("only case"):
        actions.split(own, second, by=officer)
    asking.note_answer(own, NomineeAnswer.ACCEPTS, org_number=None, remarks="", statutes=None, by=officer)
    actions.merge(candidate, own, by=officer)
    assert candidate.applications == [first, second]
    assert candidate.confirmed_at is None  # it is another set of cases: to be confirmed anew
    assert candidate.answer is NomineeAnswer.ACCEPTS
    assert db.session.scalars(select(Candidate)).all() == [candidate]


def test_the_sum_is_divided_and_never_more_than_is_left(officer: Account) -> None:
    football, culture = gathered(nomination(), nomination(**MOSSEN), officer=officer)
    with refused(r"20\s001"):
        divided({football: 12_000, culture: 8_001}, officer=officer)
    divided({football: 12_000, culture: 8_000}, officer=officer)
    kept = {each.application_id: each for each in db.session.scalars(select(Assessment))}
    assert kept[football.lead.id].proposed_amount == 12_000
    assert kept[culture.lead.id].reasons == MOTIVATION
    divided({football: None, culture: None}, officer=officer)  # nobody at all is an answer too
    assert kept[football.lead.id].proposed_outcome is Outcome.REJECT
    # What is handed over to the board counts, though it is not in the form any more.
    ready(football, 15_000, officer=officer)
    with refused(r"20\s001"):
        divided({culture: 5_001}, officer=officer)
    divided({culture: 5_000}, officer=officer)


def test_what_another_saved_meanwhile_is_not_overwritten(officer: Account) -> None:
    (candidate,) = gathered(nomination(), officer=officer)
    divided({candidate: 5_000}, officer=officer)
    with pytest.raises(ChangedMeanwhile):
        dividing.divide(open_round(STIPEND), {candidate.public_id: Share(Outcome.GRANT, 6_000, "Nytt.", 0)}, by=officer)


def test_who_said_no_is_no_recipient(officer: Account) -> None:
    (candidate,) = gathered(nomination(), officer=officer)
    asking.note_answer(candidate, NomineeAnswer.DECLINES, org_number=None, remarks="", statutes=None, by=officer)
    with refused("does not want"):
        divided({candidate: 5_000}, officer=officer)
    divided({candidate: None}, officer=officer)


def test_reports_are_finished_together_and_only_the_lead_has_the_sum(officer: Account) -> None:
    first, second = nomination(), nomination()
    (candidate,) = gathered(first, second, officer=officer)
    divided({candidate: 12_000}, officer=officer)
    with refused("Confirm"):
        dividing.finish(candidate, by=officer)
    actions.confirm(candidate, by=officer)
    with pytest.raises(NotReady):
        dividing.finish(candidate, by=officer)
    checked(first, by=officer)
    written(candidate, officer=officer)
    dividing.finish(candidate, by=officer)
    assert {first.status, second.status} == {ApplicationStatus.ASSESSED}
    reports = {each.application_id: each.proposed_amount for each in db.session.scalars(select(OfficerReport))}
    assert reports == {first.id: 12_000, second.id: None}


def test_a_late_follower_needs_its_own_check(officer: Account) -> None:
    first, second = nomination(), nomination()
    second.is_late = True
    (candidate,) = gathered(first, second, officer=officer)
    with pytest.raises(NotReady):
        ready(candidate, officer=officer)


def test_all_of_a_candidate_comes_under_one_paragraph_once(officer: Account) -> None:
    first, second = nomination(), nomination()
    (candidate,) = gathered(first, second, officer=officer)
    secretary = official(Role.SECRETARY)
    meeting = opened(secretary=secretary)
    ready(candidate, officer=officer)
    items = put_on_agenda(meeting, [second, first], by=secretary)
    assert [[row.application for row in item.cases] for item in items] == [[first, second]]


def test_a_candidate_waits_for_its_last_report(officer: Account) -> None:
    first, second = assessed(kind=ApplicationKind.NOMINATION), nomination()
    gathered(first, second, officer=officer)
    secretary = official(Role.SECRETARY)
    with refused("not ready"):
        put_on_agenda(opened(secretary=secretary), [first], by=secretary)


def decided_together(officer: Account) -> tuple[Decision, Decision]:
    first, second = nomination(), nomination()
    (candidate,) = gathered(first, second, officer=officer)
    ready(candidate, officer=officer)
    secretary = official(Role.SECRETARY)
    (item,) = put_on_agenda(opened(secretary=secretary), [first], by=secretary)
    with refused("same outcome"):
        record_outcome(item, second, outcome=Outcome.GRANT, amount=1_000, reasons="Nej.", by=secretary)
    lead = record_outcome(item, first, outcome=Outcome.GRANT, amount=12_000, reasons=MOTIVATION, by=secretary)
    follower = db.session.scalars(select(Decision).where(Decision.application_id == second.id)).one()
    return lead, follower


def test_the_outcome_of_the_lead_is_everybodys_and_the_sum_is_its_own(officer: Account) -> None:
    lead, follower = decided_together(officer)
    assert (follower.outcome, follower.amount, follower.reasons) == (Outcome.GRANT, None, MOTIVATION)
    assert follower.follows is lead
    assert open_round(STIPEND).reserved == 12_000
    secretary = official(Role.SECRETARY)
    record_outcome(lead.item, lead.application, outcome=Outcome.REJECT, reasons="Ändrat.", by=secretary)
    assert (follower.outcome, follower.reasons) == (Outcome.REJECT, "Ändrat.")
    assert open_round(STIPEND).reserved == 0
    assert ledger_faults(db.session) == []


def test_the_final_decision_reaches_every_nominator_and_the_association_once(officer: Account) -> None:
    lead, follower = decided_together(officer)
    approved(lead.item.meeting)
    released(lead.item.meeting)
    assert {lead.application.status, follower.application.status} == {ApplicationStatus.GRANTED}
    assert (lead.amount, lead.grant_entry is not None) == (12_000, True)
    assert (follower.amount, follower.grant_entry) == (None, None)
    assert (open_round(STIPEND).granted, open_round(STIPEND).left) == (12_000, 8_000)
    letters = db.session.scalars(select(Message).where(Message.subject.startswith("KS 2017:"))).all()
    to = sorted(message.to for message in letters)
    assert to == sorted(
        [lead.application.created_by.email, follower.application.created_by.email, "yusuf@framtid.example"]
    )
    of_follower = next(one for one in letters if one.to == follower.application.created_by.email)
    assert MOTIVATION in of_follower.body
    assert "12" not in of_follower.enclosures[0].paper.content["parts"][0]["facts"][-1][1]
    extracts = [each.paper for each in follower.case.documents if each.subject.startswith("Protokollsutdrag")]
    resolved = next(part["text"] for part in extracts[0].content["sections"] if part["heading"] == "Beslut")
    assert lead.case.diary_number in resolved
    assert "12" not in resolved.replace(lead.case.diary_number, "")
    assert ledger_faults(db.session) == []
    found = queries.recipients(open_round(STIPEND), officer)
    assert [(each.name, each.decision) for each in found] == [("Töre Framtid IF", lead)]


def test_a_pending_award_is_on_no_list(officer: Account) -> None:
    lead, _follower = decided_together(officer)
    assert queries.recipients(open_round(STIPEND), officer) == []
    assert queries.recipient_by(lead.public_id, officer) is None


def test_the_cases_stay_together_once_they_are_on_an_agenda(officer: Account) -> None:
    _lead, follower = decided_together(officer)
    candidate = db.session.scalars(select(Candidate)).one()
    with refused("agenda"):
        actions.split(candidate, follower.application, by=officer)
    late = nomination()
    (own,) = gathered(late, officer=officer)  # what comes in now makes a candidate of its own
    assert own is not candidate


def test_who_has_a_conflict_sees_nothing_of_the_candidate_and_divides_nothing(officer: Account) -> None:
    mine, other = award(), nomination(**MOSSEN)
    hidden, seen = gathered(mine, nomination(), other, officer=officer)
    torn = official(Role.OFFICER)
    declare_conflict(by=torn, reason="Min bror är kassör.", application=mine)
    db.session.expire(torn)
    assert [row.candidate for row in queries.candidate_rows(open_round(STIPEND), torn)] == [seen]
    assert queries.others_in(seen, torn) == []
    with speaking("en"), pytest.raises(NotAllowed, match="share one sum"):
        divided({seen: 5_000}, officer=torn)
    for work in (actions.confirm, asking.ask):
        with pytest.raises(NotAllowed):
            work(hidden, by=torn)
    with pytest.raises(NotAllowed):
        actions.merge(seen, hidden, by=torn)


def _token_in(message: Message) -> str:
    return message.body.partition("/nominee/")[2].split()[0]


def test_the_association_is_told_and_answers_by_its_link(officer: Account) -> None:
    (candidate,) = gathered(nomination("Okänd förening", ""), officer=officer)
    candidate.org_number, candidate.email = None, ""
    with refused("e-mail"):
        asking.ask(candidate, by=officer)
    actions.correct(
        candidate,
        name="Okänd förening",
        org_number=None,
        contact="",
        email="ny@forening.example",
        language="fi",
        by=officer,
    )
    asking.ask(candidate, by=officer)
    message = db.session.scalars(select(Message).where(Message.to == "ny@forening.example")).one()
    token = _token_in(message)
    assert message.body.startswith("svenska | suomi")
    assert candidate.token_hash == hashed(token)
    filed = candidate.lead.case.documents[-1]
    assert token not in str(filed.paper.content)  # the link is a secret; the diary is public
    found = asking.by_token(token)
    assert found is candidate
    asking.answer_by_link(
        found,
        NomineeAnswer.ACCEPTS,
        org_number="8024001128",
        remarks="Roligt.",
        statutes=check("stadgar.pdf", PDF),
    )
    assert (candidate.answer, candidate.org_number) == (NomineeAnswer.ACCEPTS, "8024001128")
    assert candidate.statutes.name == "stadgar.pdf"
    subjects = [each.subject for each in db.session.scalars(select(Document).order_by(Document.id))][-2:]
    assert len(set(subjects)) == 2
    with refused("received"):
        asking.answer_by_link(found, NomineeAnswer.DECLINES, org_number=None, remarks="", statutes=None)


def test_an_old_link_takes_no_answer(officer: Account) -> None:
    (candidate,) = gathered(nomination(), officer=officer)
    asking.ask(candidate, by=officer)
    assert asking.why_not_answer(candidate) is None
    candidate.expires_at = clock.now()
    with speaking("en"):
        assert "too old" in str(asking.why_not_answer(candidate))


def test_a_new_question_makes_the_old_link_worthless(officer: Account) -> None:
    (candidate,) = gathered(nomination(), officer=officer)
    asking.ask(candidate, by=officer)
    asking.ask(candidate, by=officer)
    first, second = db.session.scalars(
        select(Message).where(Message.to == "yusuf@framtid.example").order_by(Message.id)
    ).all()
    assert asking.by_token(_token_in(first)) is None
    assert asking.by_token(_token_in(second)) is candidate


def test_an_annulled_award_opens_all_the_cases_again_and_is_on_no_list(officer: Account) -> None:
    lead, follower = decided_together(officer)
    approved(lead.item.meeting)
    secretary, today = official(Role.SECRETARY), clock.today()
    appeal = record_appeal(lead, received_on=today, appellant="Per Niemi", by=secretary)
    end_appeal(appeal, kind=AppealEnd.ANNULLED, ended_on=today, by=secretary)
    assert {each.application.status for each in (lead, follower)} == {ApplicationStatus.UNDER_ASSESSMENT}
    assert open_round(STIPEND).left == 20_000
    assert queries.recipients(open_round(STIPEND), officer) == []
    # The candidate is divided, decided and awarded anew.
    (candidate,) = db.session.scalars(select(Candidate))
    divided({candidate: 9_000}, officer=officer)
    dividing.finish(candidate, by=officer)
    (item,) = put_on_agenda(opened(secretary=secretary), [lead.application], by=secretary)
    record_outcome(item, lead.application, outcome=Outcome.GRANT, amount=9_000, reasons=MOTIVATION, by=secretary)
    approved(item.meeting)
    assert [each.decision.amount for each in queries.recipients(open_round(STIPEND), officer)] == [9_000]
    assert ledger_faults(db.session) == []


def test_the_association_is_asked_at_its_own_address_and_not_at_its_nominator_s(officer: Account) -> None:
    first = nomination(by=applicant("Mallory", FAR), nominee_email=FAR)
    (candidate,) = gathered(first, award(), officer=officer)
    asking.ask(candidate, by=officer)
    assert db.session.scalars(select(Message.to).order_by(Message.id.desc()).limit(1)).one() != FAR


def test_a_link_that_went_to_the_nominator_is_worth_nothing_once_the_association_has_applied(officer: Account) -> None:
    first = nomination(by=applicant("Mallory", FAR), nominee_email=FAR)
    (candidate,) = gathered(first, officer=officer)
    asking.ask(candidate, by=officer)
    assert candidate.email == FAR
    assert asking.why_not_answer(candidate) is None
    gathered(first, award(), officer=officer)
    assert candidate.email != FAR
    assert asking.why_not_answer(candidate) is not None
