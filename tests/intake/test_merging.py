"""Two applications that are the same one: one is closed and handled in the other's case."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier

import pytest
from flask import Flask
from sqlalchemy import select

from fundapp.accounts.actions import declare_conflict
from fundapp.accounts.models import Account
from fundapp.applications.models import Application, ApplicationKind
from fundapp.assessments.actions import open_request, request_completion
from fundapp.db import db
from fundapp.intake.merging import merge
from fundapp.intake.models import MergedCase
from fundapp.languages import speaking
from fundapp.mail import Message
from fundapp.permissions import Role
from fundapp.workflow import ApplicationStatus, NotAllowed, StepNotPossible
from tests.factories import DAY, on_day
from tests.factories.applications import submitted
from tests.factories.people import applicant, official, organisation
from tests.factories.registry import registered

REASON = "Samma ansökan, sänd två gånger."


@pytest.fixture(autouse=True)
def day(app: Flask) -> None:
    on_day()


def owner() -> Account:
    person = applicant("Amina", "amina@sprakkafe.example")
    if not person.memberships:
        organisation(person)
    return person


def test_the_merged_case_is_closed_and_each_names_the_other(app: Flask) -> None:
    with app.test_request_context():
        one, two = registered(by=owner()), registered(by=owner())
        before = len(one.case.documents)
        row = merge(two, one, reason=REASON, by=official(Role.REGISTRAR))
        assert two.status is ApplicationStatus.MERGED
        assert (row.application_id, row.into_id, row.reason) == (two.id, one.id, REASON)
        assert len(one.case.documents) == before + 1
        assert two.case.diary_number in one.case.documents[-1].subject
        assert one.case.diary_number in two.case.documents[-1].subject


def test_what_has_no_case_of_its_own_is_filed_in_the_other_s(app: Flask) -> None:
    with app.test_request_context():
        one, two = registered(by=owner()), submitted(by=owner())
        merge(two, one, reason=REASON, by=official(Role.REGISTRAR))
        assert two.case is None
        filed = {document.paper_id for document in one.case.documents} | {d.file_id for d in one.case.documents}
        assert two.submissions[0].paper_id in filed
        assert {each.file_id for each in two.attachments} <= filed


def test_the_applicant_is_told_under_which_number_it_is_handled(app: Flask) -> None:
    with app.test_request_context():
        one, two = registered(by=owner()), registered(by=owner())
        db.session.flush()
        last = max(db.session.scalars(select(Message.id)), default=0)
        merge(two, one, reason=REASON, by=official(Role.REGISTRAR))
        letters = db.session.scalars(select(Message).where(Message.id > last)).all()
        assert {letter.to for letter in letters} == {"amina@sprakkafe.example", "styrelsen@sprakkafe.example"}
        assert all(one.case.diary_number in letter.body for letter in letters)
        assert REASON not in letters[0].body


def test_an_open_request_for_completion_ends(app: Flask) -> None:
    with app.test_request_context():
        one, two = registered(by=owner()), registered(by=owner())
        request_completion(
            two, sections=["budget"], what="?", due_on=DAY + timedelta(days=9), by=official(Role.OFFICER)
        )
        merge(two, one, reason=REASON, by=official(Role.REGISTRAR))
        assert open_request(two) is None


def test_only_the_same_applicant_s_and_into_a_case_under_way(app: Flask) -> None:
    with app.test_request_context(), speaking("en"):
        registrar, mine = official(Role.REGISTRAR), registered(by=owner())
        stranger = applicant()
        other = registered(by=stranger, organisation=organisation(stranger, org_number="8024001128"))
        with pytest.raises(StepNotPossible, match="same applicant"):
            merge(mine, other, reason=REASON, by=registrar)
        with pytest.raises(StepNotPossible, match="same applicant"):
            merge(mine, mine, reason=REASON, by=registrar)
        with pytest.raises(StepNotPossible, match="Register it first"):
            merge(mine, submitted(by=owner()), reason=REASON, by=registrar)
        with pytest.raises(StepNotPossible, match="different kinds"):
            merge(mine, registered(by=owner(), kind=ApplicationKind.AWARD), reason=REASON, by=registrar)
        closed = registered(by=owner())
        merge(closed, mine, reason=REASON, by=registrar)
        with pytest.raises(StepNotPossible, match="closed"):
            merge(mine, closed, reason=REASON, by=registrar)
        with pytest.raises(StepNotPossible, match="not possible now"):
            merge(closed, mine, reason=REASON, by=registrar)


def test_neither_an_officer_nor_a_registrar_with_a_conflict_merges(app: Flask) -> None:
    with app.test_request_context():
        one, two = registered(by=owner()), registered(by=owner())
        biased = official(Role.REGISTRAR)
        declare_conflict(by=biased, reason="Min bror är kassör.", organisation=one.organisation)
        for person in (official(Role.OFFICER), biased):
            with pytest.raises(NotAllowed):
                merge(two, one, reason=REASON, by=person)
        assert two.status is ApplicationStatus.REGISTERED


@pytest.mark.slow
def test_two_that_are_merged_into_each_other_at_once_leave_one_open(app_on_both: Flask) -> None:
    with app_on_both.test_request_context():
        one, two = registered(by=owner()), registered(by=owner())
        pairs = [(one.id, two.id), (two.id, one.id)]
        registrar = official(Role.REGISTRAR).id
        db.session.commit()
    start = Barrier(2)

    def run(pair: tuple[int, int]) -> bool:
        with app_on_both.test_request_context():
            start.wait(30)
            mine, other = (db.session.get_one(Application, key) for key in pair)
            by = db.session.get_one(Account, registrar)
            try:
                merge(mine, other, reason=REASON, by=by)
                db.session.commit()
            except StepNotPossible:
                db.session.rollback()
                return False
            return True

    with ThreadPoolExecutor(2) as workers:
        assert sorted(workers.map(run, pairs)) == [False, True]
    with app_on_both.test_request_context():
        assert len(db.session.scalars(select(MergedCase)).all()) == 1
        statuses = set(db.session.scalars(select(Application.status)))
        assert statuses == {ApplicationStatus.MERGED, ApplicationStatus.REGISTERED}
