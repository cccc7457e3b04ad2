"""One's own sign-in: set, changed, removed, told by mail; sessions that end in every other browser."""

import re
from dataclasses import replace

import pytest
from bs4 import BeautifulSoup
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select

from fundapp import clock
from fundapp.accounts.actions import end_role, take_role
from fundapp.accounts.models import Account, LoginSession
from fundapp.app import create_app
from fundapp.config import Settings
from fundapp.db import db
from fundapp.factors import actions, rules
from fundapp.factors.models import Passkey, Password, RecoveryCode, TotpKey
from fundapp.history.models import HistoryEntry
from fundapp.mail import Message
from fundapp.permissions import Role
from fundapp.seats.actions import remove_seat
from fundapp.seats.models import Seat
from fundapp.workflow import NotAllowed
from tests.factories.factors import PASSWORD, Phone, session_of, with_passkey, with_password
from tests.factories.people import applicant, official
from tests.factories.seats import seated
from tests.ground.apps import SignIn
from tests.ground.pages import send

AMINA, TORSTEN = "amina@exempel.example", "torsten@kommun.example"
PAGE = "/en/account/sign-in"


def make(app: Flask, email: str = AMINA, *roles: Role, is_strong: bool = False) -> Phone | None:
    with app.test_request_context():
        account = official(*roles, name="Amina Lindqvist", email=email)
        account.language = "en"
        phone = with_password(account) if is_strong else None
        db.session.commit()
        return phone


def is_signed_in(client: FlaskClient) -> bool:
    return client.get("/sv/account").status_code == 200


def mails(app: Flask) -> list[str]:
    with app.app_context():
        return [mail.body for mail in db.session.scalars(select(Message).order_by(Message.id))]


def events(app: Flask) -> list[str]:
    with app.app_context():
        return list(db.session.scalars(select(HistoryEntry.event).order_by(HistoryEntry.id)))


def number(app: Flask, table: type) -> int:
    with app.app_context():
        return db.session.scalar(select(func.count()).select_from(table)) or 0


def begun(client: FlaskClient) -> tuple[str, Phone, str]:
    """The page that sets a first password: the sealed key, the app that has read the picture, and the page."""
    page = client.get(f"{PAGE}/password").text
    soup = BeautifulSoup(page, "html.parser")
    field = soup.find("input", attrs={"name": "sealed"})
    key = re.search(r"\b(?:[A-Z2-7]{4} ){7}[A-Z2-7]{4}\b", soup.text)
    assert field is not None
    assert key is not None
    return str(field["value"]), Phone(key[0].replace(" ", ""), []), page


def test_a_password_is_set_together_with_an_app_and_both_sign_in(app_on_both: Flask, signed_in: SignIn) -> None:
    make(app_on_both)
    client, other = signed_in(AMINA), signed_in(AMINA)
    sealed, phone, page = begun(client)
    assert "<svg" in page
    assert "style=" not in page
    fields = {"password": PASSWORD, "password_again": PASSWORD, "sealed": sealed, "code": phone.code()}
    answer = send(client, f"{PAGE}/password", fields)
    codes = re.findall(r"\b[a-z2-9]{4}-[a-z2-9]{4}-[a-z2-9]{4}\b", answer.text)
    assert len(codes) == rules.RECOVERY_CODES
    assert "They are not shown again." in answer.text
    assert not any(code in client.get(PAGE).text for code in codes)
    assert is_signed_in(client)
    assert not is_signed_in(other)
    assert "Added: Password and code from an app" in mails(app_on_both)[-1]
    assert "set_password" in events(app_on_both)
    fresh = app_on_both.test_client()
    shown = {"email": AMINA, "password": PASSWORD, "code": phone.code(later=1)}
    assert send(fresh, "/en/sign-in/password", shown).status_code == 302
    shown["code"] = codes[3]
    assert send(app_on_both.test_client(), "/en/sign-in/password", shown).status_code == 302


@pytest.mark.parametrize(
    ("password", "again", "told"),
    [
        ("elva tecken", None, "Write at least 12 characters; you wrote 11."),
        ("Sommar2024!!!", None, "This is easy to guess."),
        ("amina@exempel", None, "This is easy to guess."),
        ("Kalix kommun 1", None, "This is easy to guess."),
        ("å" * 129, None, "Shorten the text to 128 characters; it has 129 now."),
        (PASSWORD, PASSWORD + ".", "Write the same password in both boxes."),
        ("", "", "Write a password."),
    ],
)
def test_what_makes_no_password_is_told_and_nothing_is_kept(
    app: Flask, signed_in: SignIn, password: str, again: str | None, told: str
) -> None:
    make(app)
    client = signed_in(AMINA)
    sealed, phone, _page = begun(client)
    fields = {"password": password, "password_again": again or password, "sealed": sealed, "code": phone.code()}
    answer = send(client, f"{PAGE}/password", fields)
    assert answer.status_code == 422
    assert told in answer.text
    assert f'value="{password}"' not in answer.text or not password
    assert number(app, Password) == number(app, TotpKey) == 0


def test_the_longest_password_and_blanks_at_its_ends_are_taken_as_they_are(app: Flask, signed_in: SignIn) -> None:
    make(app)
    client, password = signed_in(AMINA), " " + "fjällripa under granen, " * 5 + "slut.." + " "
    sealed, phone, _page = begun(client)
    fields = {"password": password, "password_again": password, "sealed": sealed, "code": phone.code()}
    assert send(client, f"{PAGE}/password", fields).status_code == 200
    for given, status in ((password.strip(), 422), (password, 302)):
        shown = {"email": AMINA, "password": given, "code": phone.code(later=1)}
        assert send(app.test_client(), "/en/sign-in/password", shown).status_code == status


def test_an_app_that_shows_another_code_is_not_set(app: Flask, signed_in: SignIn) -> None:
    make(app)
    make(app, TORSTEN)
    client = signed_in(AMINA)
    theirs, their_phone, _page = begun(signed_in(TORSTEN))
    sealed, phone, _page = begun(client)
    wrong = "000000" if phone.code() != "000000" else "111111"
    for given, code in ((sealed, wrong), (theirs, their_phone.code()), ("forged", phone.code()), ("", "")):
        fields = {"password": PASSWORD, "password_again": PASSWORD, "sealed": given, "code": code}
        assert send(client, f"{PAGE}/password", fields).status_code == 422
    assert number(app, TotpKey) == 0


def test_another_password_ends_every_other_session_at_the_next_click(app_on_both: Flask, signed_in: SignIn) -> None:
    phone = make(app_on_both, is_strong=True)
    assert phone is not None
    client, other = signed_in(AMINA), signed_in(AMINA)
    assert is_signed_in(other)
    new = "tre gröna isbjörnar dansar"
    assert send(client, f"{PAGE}/password", {"password": new, "password_again": new}).status_code == 302
    assert is_signed_in(client)
    assert not is_signed_in(other)
    assert "Changed: Password and code from an app" in mails(app_on_both)[-1]
    old = {"email": AMINA, "password": PASSWORD, "code": phone.code()}
    assert send(app_on_both.test_client(), "/en/sign-in/password", old).status_code == 422
    assert send(app_on_both.test_client(), "/en/sign-in/password", {**old, "password": new}).status_code == 302


def test_without_ending_them_the_other_browser_would_still_be_in(
    app: Flask, signed_in: SignIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Planted fault: the password is changed, and no session ends."""
    make(app, is_strong=True)
    client, other = signed_in(AMINA), signed_in(AMINA)
    monkeypatch.setattr(actions, "end_sessions", lambda _account, **_but: 0)
    new = "tre gröna isbjörnar dansar"
    assert send(client, f"{PAGE}/password", {"password": new, "password_again": new}).status_code == 302
    assert is_signed_in(other)


def test_password_app_and_codes_go_together(app: Flask, signed_in: SignIn) -> None:
    make(app, is_strong=True)
    client, other = signed_in(AMINA), signed_in(AMINA)
    assert send(client, f"{PAGE}/password/remove").status_code == 302
    assert number(app, Password) == number(app, TotpKey) == number(app, RecoveryCode) == 0
    assert is_signed_in(client)
    assert not is_signed_in(other)
    assert "Removed: Password and code from an app" in mails(app)[-1]


def test_new_recovery_codes_make_the_earlier_ones_worthless(app: Flask, signed_in: SignIn) -> None:
    phone = make(app, is_strong=True)
    assert phone is not None
    answer = send(signed_in(AMINA), f"{PAGE}/recovery-codes")
    assert answer.status_code == 200
    assert not any(code in answer.text for code in phone.codes)
    assert number(app, RecoveryCode) == rules.RECOVERY_CODES
    shown = {"email": AMINA, "password": PASSWORD, "code": phone.codes[0]}
    assert send(app.test_client(), "/en/sign-in/password", shown).status_code == 422
    assert "Changed: Recovery codes" in mails(app)[-1]


def test_a_passkey_is_removed_by_its_owner_alone_and_other_sessions_end(app: Flask, signed_in: SignIn) -> None:
    make(app)
    make(app, TORSTEN)
    with app.test_request_context():
        mine = with_passkey(db.session.scalars(select(Account).where(Account.email == AMINA)).one())
        db.session.commit()
    client, other = signed_in(AMINA), signed_in(AMINA)
    assert "Min telefon" in client.get(PAGE).text
    assert send(signed_in(TORSTEN), f"{PAGE}/passkeys/{mine}/remove").status_code == 404
    assert number(app, Passkey) == 1
    assert send(client, f"{PAGE}/passkeys/{mine}/remove").status_code == 302
    assert number(app, Passkey) == 0
    assert is_signed_in(client)
    assert not is_signed_in(other)
    assert "Removed: Passkey" in mails(app)[-1]


def test_the_list_of_sessions_marks_this_browser_and_signs_out_the_others(app: Flask, signed_in: SignIn) -> None:
    make(app)
    make(app, TORSTEN)
    client, other, stranger = signed_in(AMINA), signed_in(AMINA), signed_in(TORSTEN)
    page = client.get(PAGE).text
    assert page.count("Link or code by e-mail") == 2
    assert page.count("this browser") == 1
    assert send(client, f"{PAGE}/sessions/end").status_code == 302
    assert is_signed_in(client)
    assert not is_signed_in(other)
    assert is_signed_in(stranger)
    assert "end_other_sessions" in events(app)


def _own_pages(public_id: str) -> list[str]:
    ends = ("password", "password/remove", "recovery-codes", "passkey", "passkey/challenge", "passkeys/X/remove")
    return [f"{PAGE}/{end}".replace("X", public_id) for end in ends]


def test_by_mail_alone_nobody_changes_how_an_official_signs_in(settings: Settings, app: Flask) -> None:
    """Whoever reads an official's mail gets in by the link, and no further."""
    strict = create_app(replace(settings, are_officials_let_in_by_mail=False))
    make(app, TORSTEN, Role.OFFICER, is_strong=True)
    with app.test_request_context():
        passkey = with_passkey(db.session.scalars(select(Account)).one())
        db.session.commit()
    with app.app_context():
        before = len(db.session.scalars(select(HistoryEntry)).all())
    client = strict.test_client()
    send(client, "/en/sign-in", {"email": TORSTEN})
    code = re.search(r"\b\d{6}\b", mails(app)[-1])
    assert code
    assert send(client, "/en/sign-in/code", {"code": code[0]}).status_code == 302
    assert client.get(f"{PAGE}/password").headers["Location"].startswith("/en/account/prove")
    new = {"password": "tre gröna isbjörnar dansar", "password_again": "tre gröna isbjörnar dansar", "name": "x"}
    for path in _own_pages(passkey):
        assert send(client, path, {**new, "credential": "{}"}).status_code == 403, path
    assert number(app, Passkey) == number(app, Password) == 1
    assert len(events(app)) == before
    with strict.app_context():
        db.engine.dispose()


def test_an_applicant_changes_it_with_a_mailed_code_when_the_sign_in_is_old(app: Flask, signed_in: SignIn) -> None:
    make(app, is_strong=True)
    client = signed_in(AMINA)
    with app.app_context():
        db.session.scalars(select(LoginSession).order_by(LoginSession.id.desc())).first().proved_at = clock.start_of(
            clock.today()
        ).replace(year=2016)
        db.session.commit()
    assert send(client, f"{PAGE}/password/remove").status_code == 403
    assert number(app, Password) == 1
    where = client.get(f"{PAGE}/password").headers["Location"]
    assert where.startswith("/en/account/prove?next=")
    assert send(client, where, {"way": "MAIL", "step": "ask", "_kept": ""}).status_code == 200
    code = re.search(r"\b\d{6}\b", mails(app)[-1])
    assert code
    shown = send(client, where, {"way": "MAIL", "step": "code", "mailed": code[0], "_kept": ""})
    assert shown.headers["Location"] == f"{PAGE}/password"
    assert send(client, f"{PAGE}/password/remove").status_code == 302


def test_an_administrator_clears_what_another_has_lost_but_not_ones_own(app: Flask, signed_in: SignIn) -> None:
    make(app, "britta@kommun.example", Role.ADMINISTRATOR, is_strong=True)
    make(app, TORSTEN, Role.OFFICER, is_strong=True)
    with app.app_context():
        ids = dict(db.session.execute(select(Account.email, Account.public_id)).all())
    britta, torsten = signed_in("britta@kommun.example"), signed_in(TORSTEN)
    assert "Remove what the person signs in with" in britta.get(f"/en/people/{ids[TORSTEN]}").text
    assert "Remove what the person signs in with" not in britta.get(f"/en/people/{ids['britta@kommun.example']}").text
    assert send(britta, f"/en/people/{ids['britta@kommun.example']}/clear-sign-in").status_code == 403
    assert number(app, Password) == 2
    assert send(torsten, f"/en/people/{ids[TORSTEN]}/clear-sign-in").status_code == 403
    assert send(britta, f"/en/people/{ids[TORSTEN]}/clear-sign-in").status_code == 302
    assert number(app, Password) == number(app, TotpKey) == 1
    assert not is_signed_in(torsten)
    assert is_signed_in(britta)
    assert "removed your password and your passkeys" in mails(app)[-1]
    assert "clear_factors" in events(app)


def test_a_lost_role_ends_every_session_at_the_next_click(app_on_both: Flask, signed_in: SignIn) -> None:
    make(app_on_both, TORSTEN, Role.OFFICER)
    make(app_on_both, AMINA, Role.REGISTRAR)
    at_home, at_work, other = signed_in(TORSTEN), signed_in(TORSTEN), signed_in(AMINA)
    assert at_work.get("/sv/cases").status_code == 200
    with app_on_both.test_request_context():
        given = db.session.scalars(select(Account).where(Account.email == TORSTEN)).one().role_rows[0]
        take_role(given, by=None)
        db.session.commit()
    assert not is_signed_in(at_home)
    assert not is_signed_in(at_work)
    assert is_signed_in(other)
    again = signed_in(TORSTEN)
    assert again.get("/sv/cases").status_code == 403


def test_a_role_that_ends_today_ends_the_sessions_and_one_that_ends_later_does_not(
    app: Flask, signed_in: SignIn
) -> None:
    make(app, TORSTEN, Role.OFFICER)
    client = signed_in(TORSTEN)
    for ends_on, is_in in ((clock.today().replace(year=clock.today().year + 1), True), (clock.today(), False)):
        with app.test_request_context():
            given = db.session.scalars(select(Account).where(Account.email == TORSTEN)).one().role_rows[0]
            end_role(given, ends_on=ends_on, by=None)
            db.session.commit()
        assert is_signed_in(client) is is_in


def test_a_closed_account_is_out_at_the_next_click_and_gets_in_in_no_way(app: Flask, signed_in: SignIn) -> None:
    phone = make(app, is_strong=True)
    assert phone is not None
    client = signed_in(AMINA)
    with app.app_context():
        db.session.scalars(select(Account)).one().is_active = False
        db.session.commit()
    assert not is_signed_in(client)
    shown = {"email": AMINA, "password": PASSWORD, "code": phone.code()}
    assert send(app.test_client(), "/en/sign-in/password", shown).status_code == 422


def test_nobody_changes_the_sign_in_of_another(app: Flask) -> None:
    with app.test_request_context():
        mine, theirs = applicant("A", AMINA), applicant("T", TORSTEN)
        with_password(mine)
        passkey = db.session.scalars(select(Passkey).where(Passkey.public_id == with_passkey(mine))).one()
        here = session_of(theirs)
        for act in (
            lambda: actions.set_password(mine, "x", key="K", step=1, by=theirs, here=here),
            lambda: actions.change_password(mine, "x", by=theirs, here=here),
            lambda: actions.remove_password(mine, by=theirs, here=here),
            lambda: actions.new_recovery_codes(mine, by=theirs),
            lambda: actions.add_passkey(mine, credential_id="c", public_key="p", sign_count=0, name="n", by=theirs),
            lambda: actions.remove_passkey(passkey, by=theirs, here=here),
            lambda: actions.end_other_sessions(mine, by=theirs, here=here),
            lambda: actions.clear_factors(mine, by=theirs),
        ):
            with pytest.raises(NotAllowed):
                act()


def test_a_members_last_seat_takes_the_role_and_the_sessions(app: Flask, signed_in: SignIn) -> None:
    with app.test_request_context():
        member = official(Role.MEMBER, name="Per Omar", email=TORSTEN)
        seated(member)
        db.session.commit()
    client = signed_in(TORSTEN)
    assert is_signed_in(client)
    with app.test_request_context():
        secretary = official(Role.SECRETARY)
        remove_seat(db.session.scalars(select(Seat)).one(), by=secretary)
        db.session.commit()
    assert not is_signed_in(client)
