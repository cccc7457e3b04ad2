"""Two persons pay: what one proposes another approves, on the page, in the action and in the database."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from bs4 import BeautifulSoup
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select, update
from sqlalchemy.exc import IntegrityError

from fundapp import clock
from fundapp.accounts.models import Account
from fundapp.db import db
from fundapp.decisions import appeals
from fundapp.decisions.models import AppealEnd
from fundapp.funds.models import LedgerEntry, LedgerKind
from fundapp.history.models import HistoryEntry
from fundapp.languages import speaking
from fundapp.permissions import Role
from fundapp.projects import paying
from fundapp.projects.actions import change_plan
from fundapp.projects.models import Instalment
from fundapp.projects.rules import Part
from fundapp.reports import actions as reporting
from fundapp.workflow import InstalmentStatus, NotAllowed, ProjectStatus, StepNotPossible
from tests.factories import on_day
from tests.factories.force import announced, appealed, ended
from tests.factories.people import official
from tests.factories.projects import pay, payable, running
from tests.factories.reports import reported
from tests.factories.two_persons import proposed
from tests.ground.apps import SignIn
from tests.ground.pages import send

URL = "http://localhost/en/"
PLANNED, PROPOSED, PAID = InstalmentStatus.PLANNED, InstalmentStatus.PROPOSED, InstalmentStatus.PAID


def _payments() -> int:
    return db.session.scalar(select(func.count(LedgerEntry.id)).where(LedgerEntry.kind == LedgerKind.PAY)) or 0


def test_a_proposal_keeps_to_whom_and_moves_no_money(app: Flask) -> None:
    on_day()
    with app.app_context():
        officer = official(Role.OFFICER)
        part = proposed(by=officer)
        assert (part.status, part.proposed_by, part.proposed_at is not None) == (PROPOSED, officer, True)
        assert part.payee == {"bankgiro": "50501055"} == part.project.application.organisation.accounts
        project = part.project
        assert (project.paid, project.proposed, project.application.round.paid, _payments()) == (0, part.amount, 0, 0)
        assert project.to_plan == project.granted - part.amount


def test_the_approval_books_it_on_who_approved(app: Flask) -> None:
    on_day()
    with app.app_context():
        part, other = proposed(), official(Role.SECRETARY)
        for _click in range(2):
            paying.approve_payment(part, by=other)
        assert (part.status, part.approved_by, part.approved_at is not None) == (PAID, other, True)
        assert part.ledger_entry is not None
        assert (part.ledger_entry.by_id, part.ledger_entry.reference) == (other.id, "LEV-1")
        assert (part.project.paid, _payments()) == (part.amount, 1)


@pytest.mark.parametrize("roles", [(Role.OFFICER,), (Role.OFFICER, Role.SECRETARY, Role.ADMINISTRATOR)])
def test_nobody_approves_what_they_proposed(app: Flask, roles: tuple[Role, ...]) -> None:
    on_day()
    with app.app_context(), speaking("en"):
        officer = official(*roles)
        part = proposed(by=officer)
        with pytest.raises(StepNotPossible, match="Another person must approve it"):
            paying.approve_payment(part, by=officer)
        assert (part.status, _payments()) == (PROPOSED, 0)


def test_the_database_refuses_a_payment_of_one_person(app: Flask) -> None:
    """Whatever the program does: neither the same person twice, nor nobody."""
    on_day()
    with app.app_context():
        part = pay(payable(running()).instalments[0])
        key = part.id
        db.session.commit()
        forged: list[dict[str, object]] = [
            {"approved_by_id": Instalment.proposed_by_id},
            {"approved_by_id": None},
            {"proposed_by_id": None},
        ]
        for change in forged:
            with pytest.raises(IntegrityError):
                db.session.execute(update(Instalment).where(Instalment.id == key).values(**change))
            db.session.rollback()


def test_the_action_alone_is_what_the_database_would_stop(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    """A planted fault: the action forgets to ask, and the database does not let it through."""
    monkeypatch.setattr(paying, "why_not_approved", lambda *_rest, **_more: None)
    on_day()
    with app.app_context():
        officer = official(Role.OFFICER)
        part = proposed(by=officer)
        db.session.commit()
        with pytest.raises(IntegrityError, match="approved_by_another"):
            paying.approve_payment(part, by=officer)
        db.session.rollback()
        assert _payments() == 0


@pytest.mark.parametrize("role", [Role.REGISTRAR, Role.MEMBER, Role.ADMINISTRATOR, Role.AUDITOR])
def test_only_an_officer_or_a_secretary_approves(app: Flask, role: Role) -> None:
    on_day()
    with app.app_context():
        part, other = proposed(), official(role)
        for step in (paying.approve_payment, paying.send_back_payment):
            with pytest.raises(NotAllowed):
                step(part, by=other, **({"reason": "Nej"} if step is paying.send_back_payment else {}))
        assert part.status is PROPOSED


def test_the_associations_own_people_never_approve(app: Flask) -> None:
    on_day()
    with app.app_context():
        part = proposed()
        insider = part.project.application.created_by
        with pytest.raises(NotAllowed):
            paying.approve_payment(part, by=insider)


def test_what_is_sent_back_is_planned_again_with_the_reason(app: Flask) -> None:
    on_day()
    with app.app_context():
        part = proposed()
        with pytest.raises(StepNotPossible):
            paying.send_back_payment(part, reason="  ", by=official(Role.SECRETARY))
        paying.send_back_payment(part, reason="Fel konto i ekonomisystemet.", by=official(Role.SECRETARY))
        assert (part.status, part.paid_on, part.reference, part.payee) == (PLANNED, None, "", {})
        assert (part.proposed_by, part.remark) == (None, "Fel konto i ekonomisystemet.")
        events = db.session.scalars(select(HistoryEntry).where(HistoryEntry.subject == "instalment")).all()
        assert [row.event for row in events] == ["propose", "send_back"]
        assert all("ekonomisystemet" not in str(row.facts) for row in events)
        pay(part)
        assert (part.status, part.remark) == (PAID, "")


def test_only_the_proposer_takes_the_proposal_back(app: Flask) -> None:
    on_day()
    with app.app_context():
        officer = official(Role.OFFICER)
        part = proposed(by=officer)
        with pytest.raises(StepNotPossible):
            paying.take_back_payment(part, by=official(Role.OFFICER))
        paying.take_back_payment(part, by=officer)
        assert (part.status, part.proposed_by) == (PLANNED, None)


def test_an_approval_of_what_has_changed_since_it_was_read_is_refused(app: Flask) -> None:
    on_day()
    with app.app_context(), speaking("en"):
        officer, other = official(Role.OFFICER), official(Role.OFFICER)
        part = proposed(by=officer)
        seen = part.version
        paying.take_back_payment(part, by=officer)
        paying.propose_payment(part, paid_on=clock.today(), reference="ANNAN", by=officer)
        for step in (paying.approve_payment, paying.send_back_payment):
            with pytest.raises(StepNotPossible, match="changed since you opened"):
                step(part, seen=seen, by=other, **({"reason": "Nej"} if step is paying.send_back_payment else {}))
        paying.approve_payment(part, seen=part.version, by=other)
        assert part.reference == "ANNAN"


def test_a_payment_to_a_number_that_is_no_longer_the_associations_is_refused(app: Flask) -> None:
    on_day()
    with app.app_context(), speaking("en"):
        part = proposed()
        organisation = part.project.application.organisation
        assert organisation is not None
        organisation.bankgiro = "9912346"
        with pytest.raises(StepNotPossible, match="account number has changed"):
            paying.approve_payment(part, by=official(Role.SECRETARY))
        assert (part.status, _payments()) == (PROPOSED, 0)


def test_an_appeal_between_proposal_and_approval_stops_the_payment(app: Flask) -> None:
    on_day()
    with app.app_context(), speaking("en"):
        part = proposed()
        announced(part.project.decision)
        appeal = appealed(part.project.decision)
        with pytest.raises(StepNotPossible, match="appeal came after"):
            paying.approve_payment(part, by=official(Role.SECRETARY))
        ended(appeal, AppealEnd.ANNULLED)
        assert (part.status, part.proposed_by, part.payee) == (InstalmentStatus.CANCELLED, None, {})
        assert part.project.status is ProjectStatus.ANNULLED
        assert _payments() == 0


def test_who_let_it_be_paid_early_neither_proposes_nor_approves(app: Flask) -> None:
    on_day()
    with app.app_context(), speaking("en"):
        project, both = running(), official(Role.SECRETARY, Role.OFFICER)
        appeals.allow_early_payment(project.decision, reason="Kursen börjar på måndag.", by=both)
        part = project.instalments[0]
        with pytest.raises(StepNotPossible, match="You allowed the payment"):
            paying.propose_payment(part, paid_on=clock.today(), reference="LEV-1", by=both)
        paying.propose_payment(part, paid_on=clock.today(), reference="LEV-1", by=official(Role.OFFICER))
        with pytest.raises(StepNotPossible, match="You allowed the payment"):
            paying.approve_payment(part, by=both)


def test_a_new_plan_leaves_what_is_proposed_alone(app: Flask) -> None:
    on_day()
    with app.app_context():
        part = proposed(amount=45_000)
        project, officer = part.project, official(Role.OFFICER)
        with pytest.raises(StepNotPossible):
            change_plan(project, [Part(45_000, clock.today())], by=officer)
        change_plan(project, [Part(12_500, clock.today()), Part(10_000, clock.today())], by=officer)
        db.session.expire(project)
        assert [(row.amount, row.status) for row in project.instalments] == [
            (22_500, PROPOSED),
            (12_500, PLANNED),
            (10_000, PLANNED),
        ]


def test_a_report_is_not_settled_while_a_payment_waits(app: Flask) -> None:
    on_day()
    with app.test_request_context(URL):
        report = reported()
        part = payable(report.project).instalments[0]
        paying.propose_payment(part, paid_on=clock.today(), reference="LEV-1", by=official(Role.OFFICER))
        with pytest.raises(StepNotPossible, match="En utbetalning väntar på godkännande"):
            reporting.approve_report(report, by=official(Role.OFFICER))
        paying.approve_payment(part, by=official(Role.SECRETARY))
        reporting.approve_report(report, by=official(Role.OFFICER))
        assert report.project.status is ProjectStatus.CLOSED


# --- at once ----------------------------------------------------------------------------------------------------------


def _at_once(app: Flask, engine: str, key: int, works: list[tuple[str, int]]) -> list[str]:
    """Each work (its name, an account) on the instalment in a thread of its own; all have read it before one begins."""
    barrier = Barrier(len(works))

    def attempt(work: tuple[str, int]) -> str:
        with app.app_context():
            if engine == "postgresql":  # SQLite lets only one transaction begin
                db.session.get_one(Instalment, key)
            barrier.wait()
            part, by = db.session.get_one(Instalment, key), db.session.get_one(Account, work[1])
            try:
                if work[0] == "approve":
                    paying.approve_payment(part, by=by)
                elif work[0] == "take back":
                    paying.take_back_payment(part, by=by)
                else:
                    paying.send_back_payment(part, reason="Nej.", by=by)
                db.session.commit()
            except StepNotPossible:
                db.session.rollback()
                return "refused"
            return work[0]

    with ThreadPoolExecutor(len(works)) as pool:
        return sorted(pool.map(attempt, works))


def test_two_who_approve_at_once_pay_once(app_on_both: Flask, both_engines: str) -> None:
    on_day()
    with app_on_both.app_context():
        key, people = proposed().id, [official(Role.OFFICER).id for _ in range(3)]
        db.session.commit()
    outcomes = _at_once(app_on_both, both_engines, key, [("approve", each) for each in people])
    assert outcomes == ["approve", "refused", "refused"]
    with app_on_both.app_context():
        assert (_payments(), db.session.get_one(Instalment, key).project.application.round.paid) == (1, 22_500)


@pytest.mark.parametrize("other", ["send back", "take back"])
def test_an_approval_and_its_undoing_at_once_leave_one_of_them(
    app_on_both: Flask, both_engines: str, other: str
) -> None:
    on_day()
    with app_on_both.app_context():
        officer = official(Role.OFFICER)
        key = proposed(by=officer).id
        approver, second = official(Role.OFFICER).id, official(Role.SECRETARY).id
        undoer = officer.id if other == "take back" else second
        db.session.commit()
    outcomes = _at_once(app_on_both, both_engines, key, [("approve", approver), (other, undoer)])
    assert outcomes in (["approve", "refused"], sorted(["refused", other]))
    with app_on_both.app_context():
        part = db.session.get_one(Instalment, key)
        is_paid = "approve" in outcomes
        assert (part.status is PAID, _payments(), part.project.paid > 0) == (is_paid, int(is_paid), is_paid)


# --- on the pages -----------------------------------------------------------------------------------------------------


class Scene:
    """A proposed payment, who proposed it, and others."""

    def __init__(self, app: Flask, signed_in: SignIn) -> None:
        on_day()
        with app.test_request_context(URL):
            proposer, other, secretary = (official(role) for role in (Role.OFFICER, Role.OFFICER, Role.SECRETARY))
            part = proposed(by=proposer, reference="LEV-4711", amount=45_000)
            applicant = part.project.application.created_by
            self.project, self.key, self.part = f"/en/projects/{part.project.public_id}", part.id, part.public_id
            db.session.commit()
        self.app = app
        self.proposer, self.other, self.secretary = signed_in(proposer), signed_in(other), signed_in(secretary)
        self.applicant = signed_in(applicant)
        self.page = f"/en/instalments/{self.part}/approve"
        self.send_back, self.take_back = (f"/en/instalments/{self.part}/{name}" for name in ("send-back", "take-back"))

    def status(self) -> InstalmentStatus:
        with self.app.app_context():
            return db.session.get_one(Instalment, self.key).status

    def seen(self, browser: FlaskClient) -> str:
        soup = BeautifulSoup(browser.get(self.page).text, "html.parser")
        return str(soup.select_one("button[name=seen]")["value"])  # type: ignore[index]  # it is there


@pytest.fixture
def scene(app: Flask, signed_in: SignIn) -> Scene:
    return Scene(app, signed_in)


def test_the_second_person_reads_what_it_is_and_approves(scene: Scene) -> None:
    page = scene.secretary.get(scene.page).text
    for words in ("LEV-4711", "5050-1055", "22\N{NO-BREAK SPACE}500", "Approve the payment", "Send the payment back"):
        assert words in page
    assert "Payment to approve 1" in _text(scene.secretary.get("/en/projects"))
    assert "Payments that wait for your approval" in scene.secretary.get("/en/desk").text
    assert send(scene.secretary, scene.page, {"seen": scene.seen(scene.secretary)}).status_code == 302
    assert scene.status() is PAID
    assert "Payment to approve 0" in _text(scene.secretary.get("/en/projects"))
    assert "approved by" in scene.other.get(scene.project).text


def test_the_proposer_is_told_that_another_must_and_may_take_it_back(scene: Scene) -> None:
    page = scene.proposer.get(scene.page).text
    assert "Another person must approve it" in page
    assert 'name="seen"' not in page
    assert "Payment to approve 0" in _text(scene.proposer.get("/en/projects"))
    assert send(scene.proposer, scene.page, {"seen": "1"}).status_code == 409
    assert scene.status() is PROPOSED
    assert send(scene.other, scene.take_back, {}).status_code == 409
    assert send(scene.proposer, scene.take_back, {}).status_code == 302
    assert scene.status() is PLANNED
    assert scene.proposer.get(scene.page).status_code == 409


def test_sending_back_needs_a_reason_that_the_proposer_reads(scene: Scene) -> None:
    seen = scene.seen(scene.other)
    refused = send(scene.other, scene.send_back, {"seen": seen, "reason": " "})
    assert refused.status_code == 422
    assert "Write why the payment is sent back." in refused.text
    assert send(scene.other, scene.send_back, {"seen": seen, "reason": "Summan är fel."}).status_code == 302
    assert scene.status() is PLANNED
    assert "Summan är fel." in scene.proposer.get(scene.project).text
    assert "Summan är fel." not in scene.applicant.get(scene.project).text


@pytest.mark.parametrize("seen", ["", "x", "99", "1e1", "٢"])
def test_an_approval_without_the_version_that_was_read_is_refused(scene: Scene, seen: str) -> None:
    assert send(scene.other, scene.page, {"seen": seen}).status_code == 409
    assert scene.status() is PROPOSED


def test_the_association_reads_planned_and_nothing_of_who(scene: Scene) -> None:
    page = _text(scene.applicant.get(scene.project))
    assert "planned for" in page
    for words in ("Proposed", "proposed", "LEV-4711", "Approve the payment"):
        assert words not in page
    assert scene.applicant.get(scene.page).status_code == 403


def _text(answer: object) -> str:
    soup = BeautifulSoup(answer.text, "html.parser")  # type: ignore[attr-defined]  # a response
    return " ".join(soup.get_text(" ").split())
