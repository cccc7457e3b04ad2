"""An organisation's people: invited by a link, with rights that count at the next click; one who manages remains."""

import re
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from fundapp import clock
from fundapp.accounts import memberships
from fundapp.accounts.actions import account_by_email
from fundapp.accounts.memberships import Rights
from fundapp.accounts.models import Account, Invitation, Membership, Organisation
from fundapp.applications.models import ApplicationKind
from fundapp.db import db
from fundapp.history.models import HistoryEntry
from fundapp.mail import Message
from fundapp.workflow import NotAllowed, StepNotPossible
from tests.factories import on_day
from tests.factories.applications import draft
from tests.factories.people import applicant, organisation
from tests.ground.apps import SignIn
from tests.ground.pages import send

AMINA, PER, SARA = "amina@exempel.example", "per@exempel.example", "sara@exempel.example"
ALL, WRITES, SENDS, READS = (
    Rights(edit=True, submit=True, manage=True),
    Rights(edit=True, submit=False, manage=False),
    Rights(edit=False, submit=True, manage=False),
    Rights(edit=False, submit=False, manage=False),
)


@pytest.fixture
def org(app: Flask) -> str:
    """Amina's organisation, by its public id; the day is one on which the fund is open."""
    with app.app_context():
        on_day()
        made = organisation(applicant("Amina Lindqvist", AMINA))
        db.session.commit()
        return made.public_id


@pytest.fixture
def amina(org: str, signed_in: SignIn) -> FlaskClient:
    return signed_in(AMINA)


def _organisation(public_id: str) -> Organisation:
    return db.session.scalars(select(Organisation).where(Organisation.public_id == public_id)).one()


def _account(email: str) -> Account:
    found = account_by_email(email)
    assert found is not None
    return found


def _join(app: Flask, org: str, email: str, rights: Rights, name: str = "Per Niemi") -> None:
    with app.test_request_context():
        person = applicant(name, email)
        invitation = memberships.invite(_organisation(org), email, rights, language="sv", by=_account(AMINA))
        memberships.accept(invitation, by=person)
        db.session.commit()


def _invite(client: FlaskClient, org: str, email: str, *rights: str, language: str = "sv") -> int:
    fields = {"email": email, "language": language, **dict.fromkeys(rights, "y")}
    return send(client, f"/sv/organisations/{org}/people/invite", fields).status_code


def _mail_to(app: Flask, email: str) -> Message:
    with app.app_context():
        return db.session.scalars(select(Message).where(Message.to == email).order_by(Message.id.desc()).limit(1)).one()


def _link(app: Flask, email: str) -> str:
    found = re.search(r"http://localhost(/\S+/invitation/\S+)", _mail_to(app, email).body)
    assert found
    return found[1]


def _rights(app: Flask, org: str) -> dict[str, str]:
    with app.app_context():
        found = db.session.scalars(select(Membership).where(Membership.organisation_id == _organisation(org).id))
        return {each.account.email: str(memberships.rights_of(each)) for each in found}


def _member(app: Flask, email: str) -> str:
    with app.app_context():
        return _account(email).public_id


def test_whoever_adds_an_organisation_has_every_right(app: Flask, org: str) -> None:
    assert _rights(app, org) == {AMINA: "edit submit manage"}


def test_an_invited_address_without_an_account_signs_up_through_the_link(
    app: Flask, org: str, amina: FlaskClient
) -> None:
    assert _invite(amina, org, "Sara@Exempel.example", "may_edit", language="ar") == 302
    link = _link(app, SARA)
    assert link.startswith("/ar/")
    assert _mail_to(app, SARA).language == "ar"
    visitor = app.test_client()
    assert visitor.get(link).status_code == 200
    assert _rights(app, org) == {AMINA: "edit submit manage"}, "a GET accepts nothing"
    answer = send(visitor, link)
    assert answer.location.startswith("/ar/account")
    assert _rights(app, org)[SARA] == "edit"
    assert visitor.get("/ar/organisations").status_code == 200
    with app.app_context():
        assert _account(SARA).language == "ar"


def test_an_invited_address_with_an_account_must_sign_in_as_usual(
    app: Flask, org: str, amina: FlaskClient, signed_in: SignIn
) -> None:
    with app.app_context():
        applicant("Per Niemi", PER)
        db.session.commit()
    _invite(amina, org, PER, "may_edit", "may_submit")
    link = _link(app, PER)
    answer = send(app.test_client(), link)
    assert answer.location.startswith("/sv/sign-in?next=")
    assert PER not in _rights(app, org)
    assert send(signed_in(PER), link).status_code == 302
    assert _rights(app, org)[PER] == "edit submit"


def test_somebody_else_who_opens_the_link_gets_nothing(
    app: Flask, org: str, amina: FlaskClient, signed_in: SignIn
) -> None:
    _invite(amina, org, PER, "may_manage")
    stranger = signed_in("stranger@annan.example")
    page = stranger.get(_link(app, PER))
    assert PER in page.text
    assert f'action="{_link(app, PER)}"' not in page.text
    assert send(stranger, _link(app, PER)).status_code == 409
    assert set(_rights(app, org)) == {AMINA}
    with app.test_request_context():
        invitation = db.session.scalars(select(Invitation)).one()
        with pytest.raises(NotAllowed):
            memberships.accept(invitation, by=_account("stranger@annan.example"))


def test_a_link_works_once(app: Flask, org: str, amina: FlaskClient) -> None:
    _invite(amina, org, SARA, "may_edit")
    link = _link(app, SARA)
    send(app.test_client(), link)
    again = send(app.test_client(), link)
    assert again.status_code == 409
    assert len(_rights(app, org)) == 2


def test_a_link_is_too_old_after_seven_days_and_can_be_sent_again(app: Flask, org: str, amina: FlaskClient) -> None:
    _invite(amina, org, SARA, "may_edit")
    old = _link(app, SARA)
    with app.app_context():
        invitation = db.session.scalars(select(Invitation)).one()
        assert invitation.expires_at - invitation.invited_at == timedelta(days=7)
        invitation.expires_at = clock.now()
        public_id = invitation.public_id
        db.session.commit()
    assert send(app.test_client(), old).status_code == 409
    assert send(amina, f"/sv/organisations/{org}/invitations/{public_id}/again").status_code == 302
    assert send(app.test_client(), old).status_code == 404, "the older link is worth nothing"
    assert send(app.test_client(), _link(app, SARA)).status_code == 302
    assert SARA in _rights(app, org)


def test_a_withdrawn_invitation_opens_nothing(app: Flask, org: str, amina: FlaskClient) -> None:
    _invite(amina, org, SARA, "may_edit")
    with app.app_context():
        public_id = db.session.scalars(select(Invitation)).one().public_id
    assert send(amina, f"/sv/organisations/{org}/invitations/{public_id}/withdraw").status_code == 302
    assert send(app.test_client(), _link(app, SARA)).status_code == 409
    assert SARA not in _rights(app, org)
    assert _invite(amina, org, SARA, "may_edit") == 302, "and the address can be invited anew"


@pytest.mark.parametrize("email", ["", "sara", AMINA, PER, SARA])
def test_an_invitation_that_cannot_be_is_told_beside_what_was_typed(
    app: Flask, org: str, amina: FlaskClient, email: str
) -> None:
    _join(app, org, PER, WRITES)
    _invite(amina, org, SARA, "may_edit")
    path = f"/sv/organisations/{org}/people/invite"
    answer = send(amina, path, {"email": email, "may_submit": "y", "language": "fi"})
    assert answer.status_code == 422
    assert 'aria-invalid="true"' in answer.text
    assert email in answer.text
    assert re.search(r'<input[^>]*checked[^>]*name="may_submit"', answer.text)
    with app.app_context():
        assert len(db.session.scalars(select(Invitation)).all()) == 2


def test_only_who_manages_people_invites_changes_and_removes(app: Flask, org: str, signed_in: SignIn) -> None:
    _join(app, org, PER, Rights(edit=True, submit=True, manage=False))
    per, amina_id = signed_in(PER), _member(app, AMINA)
    assert AMINA in per.get(f"/sv/organisations/{org}/people").text
    assert _invite(per, org, SARA, "may_manage") == 403
    assert send(per, f"/sv/organisations/{org}/people/{amina_id}", {}).status_code == 403
    assert send(per, f"/sv/organisations/{org}/people/{amina_id}/remove").status_code == 403
    assert _rights(app, org) == {AMINA: "edit submit manage", PER: "edit submit"}


def test_what_each_right_opens(app: Flask, org: str, signed_in: SignIn) -> None:
    for email, rights in {PER: WRITES, SARA: SENDS, "lasse@exempel.example": READS}.items():
        _join(app, org, email, rights)
    with app.app_context():
        mine = draft(by=_account(AMINA)).public_id
        db.session.commit()
    section, check = f"/sv/applications/{mine}/sections/project", f"/sv/applications/{mine}/check"
    found = {}
    for email in (PER, "lasse@exempel.example", SARA):
        client = signed_in(email)
        found[email] = (
            client.get(check).status_code,
            client.get(section).status_code,
            client.get(f"/sv/organisations/{org}").status_code,
            f"/applications/{mine}/submit" in client.get(check).text,
            send(client, f"/sv/applications/{mine}/submit").status_code,
        )
    assert found[PER] == (200, 200, 200, False, 403)
    assert found["lasse@exempel.example"] == (200, 403, 403, False, 403)
    assert found[SARA] == (200, 403, 403, True, 302)


def test_who_may_not_write_starts_no_application(app: Flask, org: str) -> None:
    _join(app, org, PER, SENDS)
    with app.app_context(), pytest.raises(NotAllowed):
        draft(by=_account(PER), organisation=_organisation(org))


def test_rights_are_changed_and_count_from_the_next_click(
    app: Flask, org: str, amina: FlaskClient, signed_in: SignIn
) -> None:
    _join(app, org, PER, ALL)
    per = signed_in(PER)
    assert per.get(f"/sv/organisations/{org}").status_code == 200
    assert send(amina, f"/sv/organisations/{org}/people/{_member(app, PER)}", {"may_submit": "y"}).status_code == 302
    assert per.get(f"/sv/organisations/{org}").status_code == 403
    assert _rights(app, org)[PER] == "submit"


def test_a_removed_person_is_out_at_the_next_click_and_drafts_stay(
    app: Flask, org: str, amina: FlaskClient, signed_in: SignIn
) -> None:
    _join(app, org, PER, WRITES)
    with app.app_context():
        per_account = _account(PER)
        ours = draft(by=per_account, organisation=_organisation(org)).public_id
        own = draft(by=per_account, kind=ApplicationKind.NOMINATION).public_id
        db.session.commit()
    per = signed_in(PER)
    assert per.get(f"/sv/applications/{ours}").status_code == 200
    assert send(amina, f"/sv/organisations/{org}/people/{_member(app, PER)}/remove").status_code == 302
    assert per.get(f"/sv/applications/{ours}").status_code == 404
    saved = send(per, f"/sv/applications/{ours}/sections/project", {"title": "Kvar"})
    assert saved.status_code == 404
    assert per.get(f"/sv/applications/{own}").status_code == 200, "a nomination is personal"
    assert amina.get(f"/sv/applications/{ours}").status_code == 200
    assert "Kalix Språkkafé" in _mail_to(app, PER).subject
    with app.app_context():
        told = db.session.scalars(select(HistoryEntry).where(HistoryEntry.event == "remove_person")).one()
        assert told.facts == {"person": _account(PER).public_id}


def test_leaving_is_asked_once_more_and_then_done(app: Flask, org: str, signed_in: SignIn) -> None:
    _join(app, org, PER, WRITES)
    per = signed_in(PER)
    assert per.get(f"/sv/organisations/{org}/leave").status_code == 200
    assert PER in _rights(app, org)
    assert send(per, f"/sv/organisations/{org}/leave").status_code == 302
    assert PER not in _rights(app, org)


def test_one_who_manages_people_must_remain(app: Flask, org: str, amina: FlaskClient) -> None:
    _join(app, org, PER, WRITES)
    own = f"/sv/organisations/{org}/people/{_member(app, AMINA)}"
    assert send(amina, f"/sv/organisations/{org}/leave").status_code == 409
    assert send(amina, own, {"may_edit": "y"}).status_code == 409
    assert send(amina, f"{own}/remove").status_code == 409
    assert _rights(app, org)[AMINA] == "edit submit manage"


def test_who_is_removed_lets_nobody_in_by_an_invitation_sent_before(app: Flask, org: str, signed_in: SignIn) -> None:
    _join(app, org, PER, ALL)
    _invite(signed_in(PER), org, SARA, "may_manage")
    with app.test_request_context():
        member = next(each for each in _account(PER).memberships)
        memberships.remove(member, by=_account(AMINA))
        db.session.commit()
    assert send(app.test_client(), _link(app, SARA)).status_code == 409
    assert set(_rights(app, org)) == {AMINA}


def _at_once(app: Flask, *works: Callable[[], None]) -> list[str]:
    start = Barrier(len(works))

    def run(work: Callable[[], None]) -> str:
        with app.test_request_context():
            start.wait(30)
            try:
                work()
                db.session.commit()
            except StepNotPossible:
                db.session.rollback()
                return "refused"
            return "done"

    with ThreadPoolExecutor(len(works)) as workers:
        return sorted(workers.map(run, works))


def test_two_who_manage_cannot_both_leave_at_once(app_on_both: Flask) -> None:
    app = app_on_both
    with app.app_context():
        org = organisation(applicant("Amina Lindqvist", AMINA)).public_id
        db.session.commit()
    _join(app, org, PER, ALL)
    found = _at_once(
        app,
        lambda: memberships.leave(_organisation(org), by=_account(AMINA)),
        lambda: memberships.leave(_organisation(org), by=_account(PER)),
    )
    assert found == ["done", "refused"]
    assert len(_rights(app, org)) == 1


def test_a_link_pressed_twice_at_once_makes_one_of_it(app_on_both: Flask) -> None:
    app = app_on_both
    with app.test_request_context():
        by = applicant("Amina Lindqvist", AMINA)
        memberships.invite(made := organisation(by), SARA, WRITES, language="sv", by=by)
        applicant("Sara", SARA)
        org = made.public_id
        db.session.commit()

    def accept() -> None:
        memberships.accept(db.session.scalars(select(Invitation)).one(), by=_account(SARA))

    assert _at_once(app, accept, accept) == ["done", "refused"]
    assert _rights(app, org)[SARA] == "edit"


def test_an_address_invited_twice_at_once_is_invited_once(app_on_both: Flask) -> None:
    app = app_on_both
    with app.app_context():
        org = organisation(applicant("Amina Lindqvist", AMINA)).public_id
        db.session.commit()

    def invite() -> None:
        memberships.invite(_organisation(org), SARA, WRITES, language="sv", by=_account(AMINA))

    assert _at_once(app, invite, invite) == ["done", "refused"]
    with app.app_context():
        assert len(db.session.scalars(select(Invitation)).all()) == 1
        assert len(db.session.scalars(select(Message).where(Message.to == SARA)).all()) == 1


@pytest.mark.parametrize("how", ["leave", "give away"])
def test_one_whose_account_is_closed_is_not_the_one_who_remains(app: Flask, org: str, how: str) -> None:
    with app.test_request_context():
        amina, per = _account(AMINA), applicant("Per", PER)
        ours = _organisation(org)
        db.session.add(Membership(account_id=per.id, organisation_id=ours.id, since=clock.now()))
        per.is_active = False
        db.session.flush()
        own = amina.memberships[0]
        steps = {
            "leave": lambda: memberships.leave(ours, by=amina),
            "give away": lambda: memberships.change_rights(own, WRITES, by=amina),
        }
        with pytest.raises(StepNotPossible):
            steps[how]()
        per.is_active = True
        memberships.leave(ours, by=amina)


def test_who_manages_nobody_may_leave_whoever_is_closed(app: Flask, org: str) -> None:
    with app.test_request_context():
        sara, ours = applicant("Sara", SARA), _organisation(org)
        db.session.add(Membership(account_id=sara.id, organisation_id=ours.id, since=clock.now(), may_manage=False))
        _account(AMINA).is_active = False
        db.session.flush()
        memberships.leave(ours, by=sara)
        db.session.flush()
        assert [each.account.email for each in db.session.scalars(select(Membership)).unique()] == [AMINA]
