"""The notice of meeting: its versions, who is mailed and who may read it, and that a conflict leaves no trace."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from threading import Barrier
from typing import Any

import pytest
from bs4 import BeautifulSoup
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from fundapp.accounts.actions import declare_conflict
from fundapp.accounts.models import Account
from fundapp.db import db
from fundapp.history.models import HistoryEntry
from fundapp.mail import Message, MessageStatus
from fundapp.meetings import actions, notices, noticing
from fundapp.meetings.agenda_changes import Mark
from fundapp.meetings.minutes import NoticeOfMeeting
from fundapp.meetings.models import Meeting
from fundapp.permissions import Role
from fundapp.seats.models import Position
from fundapp.workflow import NotAllowed, StepNotPossible
from tests.factories import on_day
from tests.factories.assessments import assessed
from tests.factories.meetings import board, planned
from tests.factories.people import applicant, official, organisation
from tests.factories.seats import seated
from tests.ground.apps import SignIn

LATER = date(2017, 3, 27)


@pytest.fixture(autouse=True)
def day(app: Flask) -> None:
    on_day()
    app.config["WTF_CSRF_ENABLED"] = False


def in_app(app: Flask, make: Callable[[], Any]) -> Any:
    with app.app_context():
        made = make()
        db.session.commit()
        return made


def sitting(cases: int = 1, **choices: Any) -> Meeting:
    """A planned sitting in three weeks, with a paragraph without a case and one for each case."""
    by = official(Role.SECRETARY)
    meeting = planned(secretary=by, held_on=choices.pop("held_on", LATER))
    actions.add_item(meeting, "Upprop", by=by)
    actions.put_on_agenda(meeting, [assessed(**choices) for _ in range(cases)], by=by)
    return meeting


def published(meeting: Meeting | None = None, after: int = 0) -> NoticeOfMeeting:
    return noticing.publish(meeting or sitting(), after=after, by=official(Role.SECRETARY))


def mails() -> list[Message]:
    found = select(Message).where(Message.occasion.startswith("notice ")).order_by(Message.id)
    return list(db.session.scalars(found))


def page(client: FlaskClient, path: str, status: int = 200) -> BeautifulSoup:
    answer = client.get(path)
    assert answer.status_code == status, answer.text
    return BeautifulSoup(answer.data, "html.parser")


def test_each_seat_that_holds_on_the_day_is_mailed_with_a_link_and_without_a_case(app: Flask) -> None:
    with app.app_context():
        seated(applicant("Karin Ek", "karin@namnd.example"), rank=0, position=Position.CHAIR)
        seated(applicant("Per Öst", "per@namnd.example"), rank=1, position=Position.SUBSTITUTE)
        seated(applicant("Gammal", "gammal@namnd.example"), rank=2, term=(date(2015, 1, 1), date(2017, 3, 26)))
        seated(applicant("Annan", "annan@namnd.example"), rank=3, body=board("FoK"))
        meeting = sitting()
        published(meeting)
        assert [message.to for message in mails()] == ["karin@namnd.example", "per@namnd.example"]
        for message in mails():
            assert message.language == "sv"
            assert f"/sv/meetings/{meeting.public_id}/notice" in message.body
            assert "27 mars 2017" in message.subject + message.body
            told = message.subject + message.body
            assert not any(word in told for word in ("Kalix Språkkafé", "KS 2017:", "Språkkafé vid älven"))


def test_only_the_secretary_publishes_and_only_before_the_sitting_opens(app: Flask) -> None:
    with app.app_context():
        meeting = sitting(held_on=date(2017, 3, 6))
        for role in set(Role) - {Role.SECRETARY}:
            with pytest.raises(NotAllowed):
                noticing.publish(meeting, after=0, by=official(role))
        actions.open_meeting(meeting, by=official(Role.SECRETARY))
        with pytest.raises(StepNotPossible):
            published(meeting)


def test_an_empty_agenda_is_not_published(app: Flask) -> None:
    with app.app_context(), pytest.raises(StepNotPossible):
        published(planned(held_on=LATER))


def test_a_late_notice_is_recorded_as_one(app: Flask) -> None:
    def is_short(held_on: date) -> bool:
        published(sitting(held_on=held_on))
        found = select(HistoryEntry).where(HistoryEntry.event == "publish_notice").order_by(HistoryEntry.id.desc())
        return bool(db.session.scalars(found).first().facts["short_notice"])

    with app.app_context():
        board().sittings = {"notice_days": 5}
        assert (is_short(date(2017, 3, 11)), is_short(date(2017, 3, 10))) == (False, True)


def test_a_change_is_seen_until_it_is_published_and_marked_in_the_next_version(app: Flask) -> None:
    with app.app_context():
        by = official(Role.SECRETARY)
        meeting = sitting()
        first = published(meeting)
        assert not notices.changes_since(meeting, first, by)
        late = assessed()
        (item,) = actions.put_on_agenda(meeting, [late], by=by)
        assert notices.changes_since(meeting, first, by).items == {item.public_id: Mark.NEW}
        second = published(meeting, after=1)
        assert (second.version, first.version) == (2, 1)
        assert not notices.changes_since(meeting, second, by)
        assert notices.read(second, first, by).changes.cases == {late.public_id: Mark.NEW}
        assert late.public_id not in str(first.content)


def test_what_was_published_meanwhile_is_not_published_over(app: Flask) -> None:
    with app.app_context():
        meeting = sitting()
        published(meeting)
        with pytest.raises(StepNotPossible):
            published(meeting, after=0)
        assert len(notices.versions(meeting)) == 1


def test_two_secretaries_publishing_at_once_make_one_version(app_on_both: Flask) -> None:
    app = app_on_both

    def make() -> tuple[int, int]:
        seated(applicant("Karin Ek", "karin@namnd.example"))
        return sitting(cases=0).id, official(Role.SECRETARY).id

    key, who = in_app(app, make)
    start = Barrier(3)

    def publish_it(_n: int) -> bool:
        with app.app_context():
            found, person = db.session.get_one(Meeting, key), db.session.get_one(Account, who)
            db.session.rollback()
            start.wait()
            try:
                noticing.publish(found, after=0, by=person)
                db.session.commit()
            except StepNotPossible:
                db.session.rollback()
                return False
            return True

    with ThreadPoolExecutor(3) as workers:
        assert sorted(workers.map(publish_it, range(3))) == [False, False, True]
    with app.app_context():
        assert [notice.version for notice in db.session.scalars(select(NoticeOfMeeting))] == [1]
        assert len(mails()) == 1


def test_a_conflict_leaves_no_trace_in_the_notice(app: Flask, signed_in: SignIn) -> None:
    def make() -> str:
        member = seated(applicant("Karin Ek", "karin@namnd.example")).account
        seated(applicant("Per Öst", "per@namnd.example"))
        meeting = sitting()
        published(meeting)
        by = official(Role.SECRETARY)
        theirs = organisation(applicant("Okänd"), name="Hemliga föreningen", org_number="8024001128")
        hidden = assessed(title="Hemligt projekt", organisation=theirs, by=theirs.memberships[0].account)
        declare_conflict(by=member, reason="Min syster är kassör.", application=hidden)
        actions.put_on_agenda(meeting, [hidden], item=meeting.items[1], by=by)
        published(meeting, after=1)
        return meeting.public_id

    path = f"/en/meetings/{in_app(app, make)}/notice"
    other = page(signed_in("per@namnd.example"), path).get_text(" ", strip=True)
    assert "Hemliga föreningen" in other
    own = page(signed_in("karin@namnd.example"), path)
    text = own.get_text(" ", strip=True)
    assert not any(word in text for word in ("Hemliga", "Hemligt", "KS 2017:2"))
    assert len(own.select(".called-agenda ul li")) == 1


def _readers(app: Flask) -> str:
    def make() -> str:
        seated(applicant("Karin Ek", "karin@namnd.example"))
        seated(applicant("Annan", "annan@namnd.example"), body=board("FoK"))
        seated(applicant("Gammal", "gammal@namnd.example"), term=(date(2015, 1, 1), date(2016, 12, 31)))
        for role in Role:
            if role is not Role.APPLICANT:
                official(role, email=f"{role.value}@kommun.example")
        return sitting().public_id

    return in_app(app, make)


def test_before_it_is_published_the_notice_is_the_secretarys_alone(app: Flask, signed_in: SignIn) -> None:
    path = f"/en/meetings/{_readers(app)}/notice"
    page(signed_in("secretary@kommun.example"), path)
    for place in ("/en/sittings", "/en/desk"):
        assert "27 March 2017" not in page(signed_in("karin@namnd.example"), place).get_text(" ", strip=True)
        assert "27 March 2017" in page(signed_in("officer@kommun.example"), place).get_text(" ", strip=True)
    page(signed_in("karin@namnd.example"), path.removesuffix("/notice"), 404)
    for who in ("karin@namnd.example", "officer@kommun.example", "auditor@kommun.example"):
        page(signed_in(who), path, 404)


def test_the_notice_is_read_by_the_bodys_own_and_by_officials(app: Flask, signed_in: SignIn) -> None:
    key = _readers(app)
    path = f"/en/meetings/{key}/notice"
    secretary = signed_in("secretary@kommun.example")
    assert secretary.post(path, data={"after": "0"}).status_code == 302
    for who in ("karin@namnd.example", "officer@kommun.example", "registrar@kommun.example", "auditor@kommun.example"):
        soup = page(signed_in(who), path)
        assert len(soup.select(".called-agenda > li")) == 2
        page(signed_in(who), path.removesuffix("/notice"))
        assert not soup.select("main form")
    for who in ("annan@namnd.example", "gammal@namnd.example", "person@annan.example", "administrator@kommun.example"):
        for place in (path, f"{path}/1.pdf"):
            assert signed_in(who).get(place).status_code in (403, 404), who
    assert "/sign-in?next=" in app.test_client().get(path).headers["Location"]
    page(secretary, f"{path}?version=7", 404)
    assert secretary.get(f"{path}/7.pdf").status_code == 404


def test_the_secretary_publishes_twice_and_sees_what_changed(app: Flask, signed_in: SignIn) -> None:
    def make() -> str:
        seated(applicant("Karin Ek", "karin@namnd.example"))
        board().sittings = {"notice_days": 30}
        return sitting().public_id

    key = in_app(app, make)
    client, path = _secretary(app, signed_in), f"/en/meetings/{key}/notice"
    text = page(client, path).get_text(" ", strip=True)
    assert "30 days" in text
    assert "1 person is mailed" in text
    assert client.post(path, data={"after": "0"}).status_code == 302
    again = client.post(path, data={"after": "0"})
    assert again.status_code == 409
    assert "Version 1" in again.text
    assert client.post(path, data={"after": "hej"}).status_code == 409
    assert client.post(f"/en/meetings/{key}/items", data={"heading": "Övrigt"}).status_code == 302
    assert "changed since version 1" in page(client, f"/en/meetings/{key}").get_text(" ", strip=True)
    assert "1 line of the agenda" in page(client, path).get_text(" ", strip=True)
    assert client.post(path, data={"after": "1"}).status_code == 302
    soup = page(client, path)
    assert [tag.get_text(strip=True) for tag in soup.select(".called-agenda .tag")] == ["New"]
    assert "older version" in page(client, f"{path}?version=1").get_text(" ", strip=True)


def test_a_notice_that_did_not_arrive_is_sent_again_and_no_other_mail_is(app: Flask, signed_in: SignIn) -> None:
    def make() -> tuple[str, str, str]:
        seated(applicant("Karin Ek", "karin@namnd.example"))
        notice = published()
        (message,) = mails()
        message.status, message.fault = MessageStatus.FAILED, "550 no such mailbox"
        other = db.session.scalars(select(Message).where(Message.occasion.is_(None))).first()
        return notice.meeting.public_id, message.public_id, other.public_id

    key, failed, other = in_app(app, make)
    client, path = _secretary(app, signed_in), f"/en/meetings/{key}/notice"
    assert "550 no such mailbox" in page(client, path).get_text(" ", strip=True)
    for wrong in (other, "nonsense", ""):
        assert client.post(f"{path}/send-again", data={"message": wrong}).status_code == 404
    assert client.post(f"{path}/send-again", data={"message": failed}).status_code == 302
    with app.app_context():
        assert mails()[0].status is MessageStatus.WAITING


def _secretary(app: Flask, signed_in: SignIn) -> FlaskClient:
    return signed_in(in_app(app, lambda: official(Role.SECRETARY).email))
