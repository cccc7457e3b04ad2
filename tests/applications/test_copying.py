"""An application that was sent is copied to a new draft: what was written, not what was vouched for."""

from datetime import date

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from fundapp.accounts.actions import account_by_email
from fundapp.applications import copying
from fundapp.applications.copying import Copied
from fundapp.applications.models import Application, ApplicationKind
from fundapp.db import db
from fundapp.workflow import ApplicationStatus, NotAllowed, StepNotPossible
from tests.factories import on_day
from tests.factories.applications import FUND, STIPEND, draft, open_round, submitted
from tests.factories.people import applicant
from tests.ground.apps import SignIn
from tests.ground.pages import send

AMINA = "amina@exempel.example"
LATER = date(2017, 9, 4)


@pytest.fixture
def sent(app: Flask) -> str:
    """An application for a grant that was sent in March, by its public id; now it is September."""
    with app.app_context():
        on_day()
        made = submitted(applicant("Amina Lindqvist", AMINA)).public_id
        db.session.commit()
        on_day(LATER)
        return made


@pytest.fixture
def amina(sent: str, signed_in: SignIn) -> FlaskClient:
    return signed_in(AMINA)


def _one(public_id: str) -> Application:
    return db.session.scalars(select(Application).where(Application.public_id == public_id)).one()


def _copy(sent: str, *names: str) -> Copied:
    old, by = _one(sent), account_by_email(AMINA)
    assert by is not None
    chosen = [each for each in old.attachments if each.kind in names]
    round_ = open_round(FUND if old.kind is ApplicationKind.GRANT else STIPEND)
    return copying.copy(old, round_, files=chosen, by=by, language="sv")


def _answers(application: Application) -> dict[str, dict[str, list[str]]]:
    return {section.code: section.answers for section in application.sections}


def test_what_was_written_is_copied_and_the_declaration_is_made_anew(app: Flask, sent: str) -> None:
    with app.app_context():
        copied = _copy(sent)
        old, new = _answers(_one(sent)), _answers(copied.application)
        assert copied.application.status is ApplicationStatus.DRAFT
        assert "declaration" not in new
        assert "particulars_right" not in new["organisation"]
        assert new["budget"] == old["budget"]
        assert new["activities"] == old["activities"]
        assert new["project"]["title"] == ["Språkkafé vid älven"]
        assert copied.parts == len(new) == 6


def test_a_day_that_has_been_is_left_out_and_told(app: Flask, sent: str) -> None:
    with app.app_context():
        copied = _copy(sent)
        new = _answers(copied.application)["project"]
        assert "starts_on" not in new
        assert new["ends_on"] == ["2017-12-15"], "it lies ahead and within the round's period"
        assert len(copied.cleared) == 1


def test_a_file_that_is_chosen_is_attached_again_and_the_earlier_one_stays(app: Flask, sent: str) -> None:
    with app.app_context():
        copied = _copy(sent, "statutes")
        old, new = _one(sent), copied.application
        assert [each.kind for each in new.attachments] == ["statutes"]
        assert new.attachments[0].file.key in {each.file.key for each in old.attachments}
        assert {each.kind for each in old.attachments} == {"statutes", "annual_meeting_minutes", "signatory_minutes"}
        assert old.status is ApplicationStatus.SUBMITTED


def test_the_page_copies_and_says_what_it_did(app: Flask, sent: str, amina: FlaskClient) -> None:
    page = amina.get(f"/sv/applications/{sent}/copy").text
    with app.app_context():
        round_id = open_round().id
        statutes = next(each.public_id for each in _one(sent).attachments if each.kind == "statutes")
    assert statutes in page
    answer = send(amina, f"/sv/applications/{sent}/copy", {"round": str(round_id), "files": [statutes]})
    assert answer.status_code == 302
    shown = amina.get(answer.location).text
    assert sent not in answer.location
    assert shown.count("notice") >= 3
    with app.app_context():
        new = _one(answer.location.rsplit("/", 1)[-1])
        assert [each.kind for each in new.attachments] == ["statutes"]


@pytest.mark.parametrize("round_id", ["999999", "x"])
def test_a_round_that_is_not_offered_is_asked_for_again(
    app: Flask, sent: str, amina: FlaskClient, round_id: str
) -> None:
    answer = send(amina, f"/sv/applications/{sent}/copy", {"round": round_id})
    assert answer.status_code == 422
    with app.app_context():
        assert len(db.session.scalars(select(Application)).all()) == 1


def test_another_application_s_file_is_not_taken_along(app: Flask, sent: str, amina: FlaskClient) -> None:
    with app.app_context():
        on_day()
        theirs = submitted(applicant("Stranger", "stranger@annan.example")).attachments[0].public_id
        db.session.commit()
        on_day(LATER)
        round_id = open_round().id
    answer = send(amina, f"/sv/applications/{sent}/copy", {"round": str(round_id), "files": [theirs]})
    with app.app_context():
        assert _one(answer.location.rsplit("/", 1)[-1]).attachments == []


def test_a_stranger_copies_nothing_and_a_reader_is_told_why(app: Flask, sent: str, signed_in: SignIn) -> None:
    assert signed_in("stranger@annan.example").get(f"/sv/applications/{sent}/copy").status_code == 404
    with app.app_context():
        account = account_by_email(AMINA)
        assert account is not None
        account.memberships[0].may_edit = False
        db.session.commit()
    with app.app_context(), pytest.raises(NotAllowed):
        _copy(sent)
    client = signed_in(AMINA)
    assert client.get(f"/sv/applications/{sent}/copy").status_code == 403
    assert f"/applications/{sent}/copy" not in client.get(f"/sv/applications/{sent}").text


def test_a_draft_is_not_copied(app: Flask) -> None:
    with app.app_context():
        on_day()
        mine = draft(applicant("Amina Lindqvist", AMINA)).public_id
        with pytest.raises(StepNotPossible):
            _copy(mine)


def test_a_nomination_is_copied_by_the_one_who_made_it(app: Flask) -> None:
    with app.app_context():
        on_day()
        made = submitted(applicant("Amina Lindqvist", AMINA), kind=ApplicationKind.NOMINATION).public_id
        copied = _copy(made)
        assert copied.application.organisation is None
        assert _answers(copied.application)["nominee"] == _answers(_one(made))["nominee"]
