"""Where signatories sign together, each confirms by an own link what is sent; a change withdraws it."""

import re
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from fundapp import clock, files
from fundapp.accounts import memberships
from fundapp.accounts.actions import account_by_email
from fundapp.accounts.models import Membership
from fundapp.applications import actions, signing
from fundapp.applications.models import Application, Signature, Submission
from fundapp.db import db
from fundapp.mail import Message
from fundapp.web.limits import INVITATION
from fundapp.workflow import StepNotPossible
from tests.factories import on_day
from tests.factories.applications import PDF, draft
from tests.factories.people import applicant, organisation
from tests.ground.apps import SignIn
from tests.ground.pages import send, token_of

AMINA, PER, EVE = "amina@sprakkafe.example", "per@sprakkafe.example", "eve@sprakkafe.example"
ADDRESSES = {0: AMINA, 1: PER}


def _make(app: Flask) -> str:
    """A whole draft of an organisation whose two signatories sign together, by its public id."""
    with app.app_context():
        on_day()
        by = applicant("Amina Lindqvist", AMINA)
        organisation(by).signs_jointly = True
        made = draft(by=by)
        db.session.commit()
        return made.public_id


@pytest.fixture
def joint(app: Flask) -> str:
    return _make(app)


@pytest.fixture
def amina(joint: str, signed_in: SignIn) -> FlaskClient:
    return signed_in(AMINA)


def _draft(public_id: str) -> Application:
    return db.session.scalars(select(Application).where(Application.public_id == public_id)).one()


def _states(app: Flask, joint: str) -> list[str]:
    with app.app_context():
        return [each.state for each in signing.signers(_draft(joint))]


def _ask(amina: FlaskClient, joint: str) -> None:
    fields = {f"email_{position}": email for position, email in ADDRESSES.items()}
    assert send(amina, f"/sv/applications/{joint}/signatures", fields).status_code == 302


def _link(app: Flask, email: str) -> str:
    with app.app_context():
        mails = db.session.scalars(select(Message).where(Message.to == email).order_by(Message.id.desc()))
        found = [match[1] for mail in mails if (match := re.search(r"http://localhost(/\S+/sign/\S+)", mail.body))]
        return found[0]


def _confirm(app: Flask, link: str, *, seen: str | None = None) -> int:
    visitor = app.test_client()
    page = visitor.get(link).text
    shown = re.search(r'name="seen" value="(\w+)"', page)
    told = seen if seen is not None else (shown[1] if shown else "")
    return visitor.post(link, data={"seen": told, "csrf_token": token_of(visitor)}).status_code


def _submit(amina: FlaskClient, joint: str) -> int:
    return send(amina, f"/sv/applications/{joint}/submit").status_code


def test_each_signatory_confirms_by_an_own_link_and_then_it_can_be_sent(
    app: Flask, joint: str, amina: FlaskClient
) -> None:
    check = amina.get(f"/sv/applications/{joint}/check").text
    assert f"/applications/{joint}/submit" not in check
    assert f"/applications/{joint}/signatures" in check
    assert _submit(amina, joint) == 422
    _ask(amina, joint)
    assert _states(app, joint) == ["asked", "asked"]
    assert _confirm(app, _link(app, AMINA)) == 302
    assert _submit(amina, joint) == 422, "one of two is not enough"
    assert _confirm(app, _link(app, PER)) == 302
    assert f"/applications/{joint}/submit" in amina.get(f"/sv/applications/{joint}/check").text
    assert _submit(amina, joint) == 302
    with app.app_context():
        signed = db.session.scalars(select(Submission)).one().content["signing"]
        assert [each["name"] for each in signed["confirmations"]] == ["Amina Lindqvist", "Per Omar Niemi"]
        assert {each["email"] for each in signed["confirmations"]} == {AMINA, PER}
        words = str(db.session.scalars(select(Submission)).one().paper.content)
        assert "Per Omar Niemi, 6 mars 2017" in words.replace("\N{NO-BREAK SPACE}", " ")
    assert _confirm(app, _link(app, PER)) == 409, "after sending there is nothing to confirm"


def test_where_each_signs_alone_nobody_is_asked(app: Flask, signed_in: SignIn) -> None:
    with app.app_context():
        on_day()
        mine = draft(by=applicant("Amina Lindqvist", AMINA)).public_id
        db.session.commit()
    client = signed_in(AMINA)
    assert client.get(f"/sv/applications/{mine}/signatures").status_code == 302
    assert _submit(client, mine) == 302
    with app.app_context():
        assert "signing" not in db.session.scalars(select(Submission)).one().content


def test_a_link_confirms_once_and_then_shows_the_application_no_more(
    app: Flask, joint: str, amina: FlaskClient
) -> None:
    _ask(amina, joint)
    link = _link(app, PER)
    page = app.test_client().get(link)
    assert "Språkkafé vid älven" in page.text
    assert page.headers["Cache-Control"] == "no-store"
    assert _states(app, joint)[1] == "asked", "reading confirms nothing"
    assert _confirm(app, link) == 302
    assert _confirm(app, link) == 409
    assert "Språkkafé vid älven" not in app.test_client().get(link).text


def test_every_mail_counts_however_few_the_presses(app: Flask, joint: str, amina: FlaskClient) -> None:
    fields = {f"email_{position}": email for position, email in ADDRESSES.items()}
    place = f"/sv/applications/{joint}/signatures"
    for _press in range((INVITATION.person or 0) // len(fields)):
        assert send(amina, place, fields).status_code == 302
    assert send(amina, place, fields).status_code == 429
    with clock.at(clock.now() + INVITATION.window):
        assert send(amina, place, fields).status_code == 302


def test_a_change_after_a_confirmation_withdraws_it_for_all_to_see(app: Flask, joint: str, amina: FlaskClient) -> None:
    _ask(amina, joint)
    _confirm(app, _link(app, AMINA))
    _confirm(app, _link(app, PER))
    with app.app_context():
        made = _draft(joint)
        kept = next(section.answers for section in made.sections if section.code == "budget")
        actions.save_section(made, "budget", kept | {"amount": ["44 000"]}, by=made.created_by)
        db.session.commit()
    assert _states(app, joint) == ["changed", "changed"]
    page = amina.get(f"/sv/applications/{joint}/check").text
    assert page.count("tag-attention") >= 2
    assert _submit(amina, joint) == 422
    _ask(amina, joint)
    assert _states(app, joint) == ["asked", "asked"]


@pytest.mark.parametrize("changed", ["bankgiro", "attachment", "signatory"])
def test_the_account_the_files_and_the_signatories_are_part_of_what_is_confirmed(
    app: Flask, joint: str, amina: FlaskClient, changed: str
) -> None:
    _ask(amina, joint)
    _confirm(app, _link(app, PER))
    with app.app_context():
        made = _draft(joint)
        assert made.organisation is not None
        if changed == "bankgiro":
            made.organisation.bankgiro = "9912346"
        elif changed == "attachment":
            actions.attach(made, "statutes", files.check("nya.pdf", PDF), by=made.created_by)
        else:
            made.organisation.signatories[0].name = "Någon Annan"
        db.session.commit()
    assert "confirmed" not in _states(app, joint)


def test_a_saved_section_that_says_the_same_withdraws_nothing(app: Flask, joint: str, amina: FlaskClient) -> None:
    _ask(amina, joint)
    _confirm(app, _link(app, PER))
    with app.app_context():
        made = _draft(joint)
        for section in list(made.sections):
            actions.save_section(made, section.code, dict(section.answers), by=made.created_by)
        db.session.commit()
    assert _states(app, joint)[1] == "confirmed"


def test_what_was_changed_while_the_signatory_read_is_not_confirmed(app: Flask, joint: str, amina: FlaskClient) -> None:
    _ask(amina, joint)
    assert _confirm(app, _link(app, PER), seen="0" * 64) == 409
    assert _states(app, joint)[1] == "asked"


def test_a_signed_page_stands_for_the_links(app: Flask, joint: str, amina: FlaskClient) -> None:
    _ask(amina, joint)
    _confirm(app, _link(app, PER))
    with app.app_context():
        made = _draft(joint)
        actions.attach(made, "signed_page", files.check("sida.pdf", PDF), by=made.created_by)
        db.session.commit()
    assert _states(app, joint)[1] == "confirmed", "the page itself changes nothing in what was confirmed"
    assert "sida.pdf" in amina.get(f"/sv/applications/{joint}/check").text
    assert _submit(amina, joint) == 302
    with app.app_context():
        signed = db.session.scalars(select(Submission)).one().content["signing"]
        assert signed["signed_page"] == "sida.pdf"
        assert [each["email"] for each in signed["confirmations"]] == [PER]


def test_an_older_link_is_worth_nothing_once_a_new_one_is_sent(app: Flask, joint: str, amina: FlaskClient) -> None:
    _ask(amina, joint)
    old = _link(app, PER)
    _ask(amina, joint)
    assert _confirm(app, old) == 409
    assert app.test_client().get("/sv/sign/no-such-link").status_code == 404
    assert _confirm(app, _link(app, PER)) == 302


def test_a_link_is_too_old_after_thirty_days(app: Flask, joint: str, amina: FlaskClient) -> None:
    _ask(amina, joint)
    with app.app_context():
        for each in db.session.scalars(select(Signature)):
            each.expires_at = clock.now()
        db.session.commit()
    assert _confirm(app, _link(app, PER)) == 409
    assert _states(app, joint) == ["too_old", "too_old"]


def _eve(app: Flask, joint: str) -> None:
    """Another of the organisation's people, who may write and manages nobody."""
    with app.app_context():
        eve, ours = applicant("Eve Ek", EVE), _draft(joint).organisation
        assert ours is not None
        may = {"may_edit": True, "may_submit": False, "may_manage": False}
        db.session.add(Membership(account_id=eve.id, organisation_id=ours.id, since=clock.now(), **may))
        db.session.commit()


@pytest.mark.parametrize("how", ["removed", "left", "reads only"])
@pytest.mark.parametrize("asked", [{"email_1": "nobody@far.example"}, {"email_1": EVE}], ids=["asked for", "got"])
def test_whoever_no_longer_writes_for_the_organisation_reads_and_signs_by_no_link(
    app: Flask, joint: str, amina: FlaskClient, signed_in: SignIn, how: str, asked: dict[str, str]
) -> None:
    _eve(app, joint)
    asks = amina if asked["email_1"] == EVE else signed_in(EVE)
    assert send(amina, f"/sv/applications/{joint}/signatures", {"email_0": AMINA}).status_code == 302
    assert send(asks, f"/sv/applications/{joint}/signatures", asked).status_code == 302
    link = _link(app, asked["email_1"])
    with app.test_request_context():
        by, eve = account_by_email(AMINA), account_by_email(EVE)
        assert by is not None
        assert eve is not None
        (theirs,) = eve.memberships
        if how == "removed":
            memberships.remove(theirs, by=by)
        elif how == "left":
            memberships.leave(theirs.organisation, by=eve)
        else:
            memberships.change_rights(theirs, memberships.Rights(edit=False, submit=False, manage=False), by=by)
        db.session.commit()
    assert "Språkkafé vid älven" not in app.test_client().get(link).text
    assert _confirm(app, link) == 409
    assert _states(app, joint) == ["asked", "not_asked"], "what Amina asked for herself stands"


def test_a_confirmation_that_was_given_stands_when_who_asked_for_it_leaves(
    app: Flask, joint: str, signed_in: SignIn
) -> None:
    _eve(app, joint)
    _ask(signed_in(EVE), joint)
    assert _confirm(app, _link(app, PER)) == 302
    with app.test_request_context():
        eve = account_by_email(EVE)
        assert eve is not None
        memberships.leave(eve.memberships[0].organisation, by=eve)
        db.session.commit()
    assert _states(app, joint) == ["not_asked", "confirmed"]


def test_one_address_is_not_asked_for_two_whether_at_once_or_after_each_other(
    app: Flask, joint: str, amina: FlaskClient
) -> None:
    place = f"/sv/applications/{joint}/signatures"
    assert send(amina, place, {"email_0": PER, "email_1": ""}).status_code == 302
    assert send(amina, place, {"email_0": "", "email_1": PER}).status_code == 422
    assert _states(app, joint) == ["asked", "not_asked"]
    assert send(amina, place, {"email_0": PER}).status_code == 302, "the same person may be asked again"
    assert send(amina, place, {"email_0": AMINA, "email_1": PER}).status_code == 302, "and another in their place"
    with app.app_context():
        assert [each.email for each in signing.signers(_draft(joint))] == [AMINA, PER]


@pytest.mark.parametrize(
    ("first", "second"), [(AMINA, AMINA), ("", ""), ("amina", PER)], ids=["the same", "none", "no address"]
)
def test_addresses_that_cannot_be_are_told_and_kept(
    app: Flask, joint: str, amina: FlaskClient, first: str, second: str
) -> None:
    answer = send(amina, f"/sv/applications/{joint}/signatures", {"email_0": first, "email_1": second})
    assert answer.status_code == 422
    assert 'aria-invalid="true"' in answer.text
    assert answer.text.count(f'value="{first}"') >= bool(first)
    assert _states(app, joint) == ["not_asked", "not_asked"]


def test_nobody_is_asked_to_confirm_what_is_not_whole(app: Flask, signed_in: SignIn) -> None:
    with app.app_context():
        on_day()
        by = applicant("Amina Lindqvist", AMINA)
        organisation(by).signs_jointly = True
        mine = draft(by=by, with_attachments=False).public_id
        db.session.commit()
    answer = send(signed_in(AMINA), f"/sv/applications/{mine}/signatures", {"email_0": AMINA})
    assert answer.status_code == 409
    assert _states(app, mine) == ["not_asked", "not_asked"]


def test_a_confirmation_and_a_change_at_once_never_give_a_confirmed_text_nobody_read(app_on_both: Flask) -> None:
    app = app_on_both
    joint = _make(app)
    with app.test_request_context():
        made = _draft(joint)
        signing.ask(made, ADDRESSES, by=made.created_by)
        seen = signing.content_hash(made)
        db.session.commit()
    start = Barrier(2)

    def confirm() -> str:
        with app.app_context():
            start.wait(30)
            signature = db.session.scalars(select(Signature).where(Signature.position == 1)).one()
            try:
                signing.confirm(signature, seen)
                db.session.commit()
            except StepNotPossible:
                db.session.rollback()
                return "refused"
            return "confirmed"

    def change() -> str:
        with app.app_context():
            start.wait(30)
            by = account_by_email(AMINA)
            assert by is not None
            actions.save_section(_draft(joint), "activities", {"activities-0-what": ["Något annat"]}, by=by)
            db.session.commit()
            return "changed"

    with ThreadPoolExecutor(2) as workers:
        said = [each.result() for each in (workers.submit(confirm), workers.submit(change))]
    assert said[1] == "changed"
    assert _states(app, joint)[1] == {"confirmed": "changed", "refused": "asked"}[said[0]]
