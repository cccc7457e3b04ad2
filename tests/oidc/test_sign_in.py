"""Officials sign in at a real provider: who comes in and as whom, the first link, the proof asked for anew, and out."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from urllib.parse import parse_qs, urlsplit
from uuid import uuid4

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from fundapp import clock
from fundapp.accounts.actions import give_role
from fundapp.accounts.models import Account, LoginSession, RoleGiven, SignInMethod
from fundapp.app import create_app
from fundapp.config import Settings
from fundapp.db import db
from fundapp.factors.actions import clear_factors
from fundapp.history.models import HistoryEntry
from fundapp.mail import Message
from fundapp.oidc import actions, views
from fundapp.oidc.models import Identity, UsedReturn
from fundapp.permissions import Role
from tests.factories.people import applicant, official
from tests.ground.apps import SignIn
from tests.ground.databases import settings_for
from tests.ground.oidc import NAME, RealProvider, real_provider, with_provider
from tests.ground.pages import send
from tests.oidc.steps import come_in, form_of, is_signed_in, press, set_out

TORSTEN = "torsten.ek@kommun.example"


@pytest.fixture
def settings(tmp_path: Path, database_url: str, provider: RealProvider) -> Settings:
    """As in production: a mailed link alone gives no roles."""
    return with_provider(settings_for(tmp_path, database_url), provider.issuer, are_officials_let_in_by_mail=False)


@pytest.fixture
def subject() -> str:
    """Somebody whom the provider, which serves the whole run, has not seen yet."""
    return f"s{uuid4().hex}"


def _officer(app: Flask, subject: str | None = None, *, is_active: bool = True) -> None:
    """Torsten, an officer, connected with `subject` where one is given."""
    with app.test_request_context():
        account = official(Role.OFFICER, name="Torsten Ek", email=TORSTEN)
        account.is_active = is_active
        if subject is not None:
            now, issuer = clock.now(), app.extensions["fundapp.settings"].oidc_issuer
            db.session.add(Identity(account=account, issuer=issuer, subject=subject, linked_at=now, last_seen_at=now))
        db.session.commit()


def _trusting(settings: Settings) -> Flask:
    app = create_app(replace(settings, is_oidc_mail_trusted=True))
    app.config["TESTING"] = True
    return app


def _sessions(app: Flask) -> list[tuple[str, SignInMethod, bool]]:
    """Whose sessions there are, how they began and whether they are open, in the order they were made."""
    with app.app_context():
        rows = db.session.scalars(select(LoginSession).order_by(LoginSession.id)).all()
        return [(row.account.email, row.method, row.ended_at is None) for row in rows]


def test_an_official_comes_in_with_the_roles_that_a_mail_alone_does_not_give(
    app_on_both: Flask, provider: RealProvider, subject: str, signed_in: SignIn
) -> None:
    app = app_on_both
    _officer(app, subject)
    by_mail = signed_in(TORSTEN)
    assert by_mail.get("/sv/cases").status_code == 403
    client = app.test_client()
    answer = come_in(client, provider, subject)
    assert (answer.status_code, answer.location) == (302, "/sv/desk")
    assert client.get("/sv/cases").status_code == 200
    assert _sessions(app)[-1] == (TORSTEN, SignInMethod.OIDC, True)


def test_what_is_asked_of_the_provider_is_a_code_for_us_alone(client: FlaskClient, provider: RealProvider) -> None:
    there = urlsplit(set_out(client))
    asked = parse_qs(there.query)
    assert f"{there.scheme}://{there.netloc}{there.path}" == f"{provider.issuer}/oauth2/authorize"
    assert asked["response_type"] == ["code"]
    assert asked["scope"] == ["openid"]
    assert asked["code_challenge_method"] == ["S256"]
    assert asked["redirect_uri"] == ["http://localhost/sv/oidc/return"]
    other = parse_qs(urlsplit(set_out(client)).query)
    for secret in ("state", "nonce", "code_challenge"):
        assert len(asked[secret][0]) >= 43
        assert asked[secret] != other[secret]


def test_verifier_and_nonce_stand_nowhere_in_the_cookie(app: Flask, client: FlaskClient) -> None:
    nonce = parse_qs(urlsplit(set_out(client)).query)["nonce"][0]
    with client.session_transaction() as cookie:
        assert nonce not in str(dict(cookie))
        assert {"state", "nonce", "verifier"}.isdisjoint(cookie)


def test_nothing_is_done_until_the_button_is_pressed(
    app: Flask, client: FlaskClient, provider: RealProvider, subject: str
) -> None:
    _officer(app, subject)
    back = provider.way_back(set_out(client), subject)
    page = client.get(back)
    assert page.status_code == 200
    assert page.headers["Cache-Control"] == "no-store"
    assert _sessions(app) == []
    assert not is_signed_in(client)


def test_no_token_is_kept(app: Flask, client: FlaskClient, provider: RealProvider, subject: str) -> None:
    _officer(app, subject)
    come_in(client, provider, subject)
    with client.session_transaction() as cookie:
        assert {"_user_id", "csrf_token"} <= set(cookie)
        assert "eyJ" not in str(dict(cookie))
    with app.app_context():
        for table in Identity.metadata.sorted_tables:
            assert "eyJ" not in str(db.session.execute(select(table)).all()), table.name


def test_who_is_unknown_is_told_what_to_do_and_gets_nothing(
    app: Flask, client: FlaskClient, provider: RealProvider, subject: str
) -> None:
    _officer(app)
    provider.tell(subject, email=TORSTEN, email_verified=True)  # true or not: this setting takes nobody's word
    answer = come_in(client, provider, subject)
    assert answer.status_code == 403
    assert "/sv/sign-in?next=/sv/account/sign-in" in answer.text
    assert _sessions(app) == []
    with app.app_context():
        assert db.session.scalars(select(Identity)).all() == []


def test_a_closed_account_stays_closed(app: Flask, client: FlaskClient, provider: RealProvider, subject: str) -> None:
    _officer(app, subject, is_active=False)
    assert come_in(client, provider, subject).status_code == 409
    assert not is_signed_in(client)


def test_where_an_address_is_trusted_the_first_coming_connects_and_the_person_is_told(
    app: Flask, settings: Settings, provider: RealProvider, subject: str
) -> None:
    _officer(app)
    provider.tell(subject, email=TORSTEN.upper(), email_verified=True)
    client = _trusting(settings).test_client()
    assert come_in(client, provider, subject).status_code == 302
    assert client.get("/sv/cases").status_code == 200
    with app.app_context():
        identity = db.session.scalars(select(Identity)).one()
        assert (identity.subject, identity.account.email) == (subject, TORSTEN)
        mail = db.session.scalars(select(Message).order_by(Message.id.desc())).first()
        assert mail is not None
        assert mail.to == TORSTEN
        assert db.session.scalars(select(HistoryEntry.event).order_by(HistoryEntry.id.desc())).first() == (
            "connect_identity"
        )


@pytest.mark.parametrize("claims", [{"email_verified": False}, {}, {"email_verified": "true"}, {"email_verified": 1}])
def test_an_address_that_the_provider_does_not_vouch_for_leads_nowhere(
    app: Flask, settings: Settings, provider: RealProvider, subject: str, claims: dict[str, object]
) -> None:
    _officer(app)
    provider.tell(subject, email=TORSTEN, **claims)
    client = _trusting(settings).test_client()
    assert come_in(client, provider, subject).status_code == 403
    assert not is_signed_in(client)


def test_an_address_that_changes_hands_does_not_bring_the_account_along(
    app: Flask, settings: Settings, provider: RealProvider, subject: str
) -> None:
    """The subject is who somebody is; who gets a colleague's old address stays another."""
    _officer(app, subject)
    heir = f"heir{subject}"
    provider.tell(heir, email=TORSTEN, email_verified=True)
    client = _trusting(settings).test_client()
    assert come_in(client, provider, heir).status_code == 403
    assert not is_signed_in(client)
    provider.tell(subject, email="moved@kommun.example", email_verified=True)
    assert come_in(client, provider, subject).status_code == 302
    assert _sessions(app)[-1][0] == TORSTEN


def test_a_new_person_gets_an_account_without_roles(settings: Settings, provider: RealProvider, subject: str) -> None:
    app = _trusting(settings)
    provider.tell(subject, email=f"{subject}@kommun.example", email_verified=True)
    client = app.test_client()
    assert come_in(client, provider, subject).location == "/sv/account?next=/sv/applications"
    assert client.get("/sv/cases").status_code == 403
    with app.app_context():
        account = db.session.scalars(select(Account).where(Account.email == f"{subject}@kommun.example")).one()
        assert account.roles == frozenset()


def test_an_official_connects_the_account_and_the_session_becomes_a_strong_one(
    app: Flask, provider: RealProvider, subject: str, signed_in: SignIn
) -> None:
    _officer(app)
    client = signed_in(TORSTEN)
    page = client.get("/sv/account/sign-in")
    assert "/sv/oidc/connect" in page.text
    with client.session_transaction() as cookie:
        before = cookie["_user_id"]
    there = set_out(client, "/sv/oidc/connect")
    assert parse_qs(urlsplit(there).query)["prompt"] == ["login"]
    assert press(client, provider.way_back(there, subject)).location == "/sv/account/sign-in"
    assert client.get("/sv/cases").status_code == 200
    with client.session_transaction() as cookie:
        assert cookie["_user_id"] != before
    assert _sessions(app) == [(TORSTEN, SignInMethod.MAIL, False), (TORSTEN, SignInMethod.OIDC, True)]
    with app.app_context():
        assert db.session.scalars(select(Message.to)).all() == [TORSTEN]
    other = app.test_client()
    assert come_in(other, provider, subject).status_code == 302


def test_whoever_connects_has_shown_lately_who_they_are(app: Flask, signed_in: SignIn) -> None:
    _officer(app)
    client = signed_in(TORSTEN)
    with app.app_context():
        kept = db.session.scalars(select(LoginSession)).one()
        kept.proved_at = clock.now() - timedelta(hours=1)
        db.session.commit()
    assert client.get("/sv/oidc/connect").location == "/sv/account/prove?next=/sv/oidc/connect"


def test_by_mail_alone_nobody_connects_anew_an_official_who_has_something_stronger(
    app: Flask, provider: RealProvider, subject: str, signed_in: SignIn
) -> None:
    _officer(app, subject)
    client = signed_in(TORSTEN)
    assert client.get("/sv/oidc/connect").location == "/sv/account/prove?next=/sv/oidc/connect"
    assert "/sv/oidc/step-up" in client.get("/sv/account/prove").text


def test_one_identity_leads_to_one_account_and_one_account_has_one(
    app: Flask, provider: RealProvider, subject: str, signed_in: SignIn
) -> None:
    _officer(app, subject)
    with app.test_request_context():
        applicant("Eva Ek", "eva@kommun.example")
        db.session.commit()
    other = signed_in("eva@kommun.example")
    assert come_in(other, provider, subject, "/sv/oidc/connect").status_code == 409
    client = app.test_client()
    come_in(client, provider, subject)
    assert come_in(client, provider, f"new{subject}", "/sv/oidc/connect").status_code == 409
    with app.app_context():
        assert [row.subject for row in db.session.scalars(select(Identity))] == [subject]


def test_who_disconnects_is_signed_out_and_comes_in_that_way_no_more(
    app: Flask, client: FlaskClient, provider: RealProvider, subject: str
) -> None:
    _officer(app, subject)
    elsewhere = app.test_client()
    come_in(elsewhere, provider, subject)
    come_in(client, provider, subject)
    assert send(client, "/sv/account/oidc/disconnect").location == "/sv/sign-in"
    assert not is_signed_in(client)
    assert not is_signed_in(elsewhere)
    assert come_in(client, provider, subject).status_code == 403


def test_an_old_proof_is_renewed_by_the_same_person_at_the_provider(
    app: Flask, client: FlaskClient, provider: RealProvider, subject: str
) -> None:
    _officer(app, subject)
    come_in(client, provider, subject)
    with client.session_transaction() as cookie:
        token = cookie["csrf_token"]
    with app.app_context():
        kept = db.session.scalars(select(LoginSession)).one()
        kept.proved_at = clock.now() - timedelta(hours=1)
        db.session.commit()
    there = set_out(client, "/sv/oidc/step-up?next=/sv/cases")
    asked = parse_qs(urlsplit(there).query)
    assert (asked["prompt"], asked["max_age"]) == (["login"], ["0"])
    assert press(client, provider.way_back(there, subject)).location == "/sv/cases"
    with app.app_context():
        old, new = db.session.scalars(select(LoginSession).order_by(LoginSession.id)).all()
        assert old.ended_at is not None
        assert clock.now() - new.proved_at < timedelta(minutes=1)
    with client.session_transaction() as cookie:
        assert cookie["csrf_token"] == token  # a form that stands open in another window can still be sent


def test_what_waits_for_a_proof_is_sent_by_one_press_afterwards(
    app: Flask, client: FlaskClient, provider: RealProvider, subject: str
) -> None:
    _officer(app, subject)
    with app.app_context():
        account = db.session.scalars(select(Account).where(Account.email == TORSTEN)).one()
        give_role(account, Role.ADMINISTRATOR, by=None)
        given = official(Role.REGISTRAR, email="rut@kommun.example").role_rows[0].public_id
        db.session.commit()
    come_in(client, provider, subject)
    with app.app_context():
        db.session.scalars(select(LoginSession)).one().proved_at = clock.now() - timedelta(hours=1)
        db.session.commit()
    asked = send(client, f"/sv/roles/{given}/take")
    assert asked.status_code == 403
    assert 'href="/sv/oidc/step-up"' in asked.text
    assert come_in(client, provider, subject, "/sv/oidc/step-up").status_code == 200
    address, fields = form_of(asked, to=f"roles/{given}/take")
    assert client.post(address, data=fields).status_code == 302
    with app.app_context():
        assert db.session.scalars(select(RoleGiven).where(RoleGiven.public_id == given)).all() == []


def test_a_way_that_is_shown_elsewhere_cannot_be_claimed_here(
    app: Flask, client: FlaskClient, provider: RealProvider, subject: str
) -> None:
    _officer(app, subject)
    come_in(client, provider, subject)
    before = _sessions(app)
    assert send(client, "/sv/account/prove", {"way": "OIDC"}).status_code == 422
    assert _sessions(app) == before


def test_an_administrator_who_clears_somebody_s_sign_in_takes_the_connection_too(
    app: Flask, client: FlaskClient, provider: RealProvider, subject: str
) -> None:
    _officer(app, subject)
    come_in(client, provider, subject)
    with app.test_request_context():
        account = db.session.scalars(select(Account).where(Account.email == TORSTEN)).one()
        clear_factors(account, by=official(Role.ADMINISTRATOR))
        db.session.commit()
    assert not is_signed_in(client)
    assert come_in(client, provider, subject).status_code == 403


def test_somebody_else_at_the_provider_proves_nothing(
    app: Flask, client: FlaskClient, provider: RealProvider, subject: str
) -> None:
    _officer(app, subject)
    come_in(client, provider, subject)
    before = _sessions(app)
    with app.test_request_context():
        now, issuer = clock.now(), provider.issuer
        eva = applicant("Eva Ek", "eva@kommun.example")
        colleague = Identity(account=eva, issuer=issuer, subject=f"eva{subject}", linked_at=now, last_seen_at=now)
        db.session.add(colleague)
        db.session.commit()
    for other in (f"unknown{subject}", f"eva{subject}"):
        answer = come_in(client, provider, other, "/sv/oidc/step-up?next=/sv/cases")
        assert answer.status_code == 403
        assert _sessions(app) == before


def test_without_a_place_to_return_to_the_page_says_to_go_back(
    app: Flask, client: FlaskClient, provider: RealProvider, subject: str
) -> None:
    _officer(app, subject)
    come_in(client, provider, subject)
    assert come_in(client, provider, subject, "/sv/oidc/step-up").status_code == 200


def test_signing_out_ends_our_session_and_shows_the_provider_s_way_out(
    app: Flask, client: FlaskClient, provider: RealProvider, subject: str
) -> None:
    _officer(app, subject)
    come_in(client, provider, subject)
    answer = send(client, "/sv/sign-out")
    assert answer.location == "/sv/oidc/signed-out"
    assert _sessions(app) == [(TORSTEN, SignInMethod.OIDC, False)]
    assert f'href="{provider.issuer}/oauth2/end_session"' in client.get(answer.location).text


def test_the_return_leads_only_within_the_site(
    app: Flask, client: FlaskClient, provider: RealProvider, subject: str
) -> None:
    _officer(app, subject)
    answer = come_in(client, provider, subject, "/sv/oidc/start?next=https://evil.example/")
    assert answer.location == "/sv/desk"
    assert come_in(client, provider, subject, "/sv/oidc/start?next=/sv/cases").location == "/sv/cases"


def test_the_return_counts_once_also_for_who_has_copied_the_cookie(
    app: Flask, client: FlaskClient, provider: RealProvider, subject: str
) -> None:
    _officer(app, subject)
    back = provider.way_back(set_out(client), subject)
    thief = app.test_client()
    with client.session_transaction() as cookie, thief.session_transaction() as copied:
        copied.update(cookie)
    theirs = form_of(thief.get(back))
    assert press(client, back).status_code == 302
    assert client.get(back).status_code == 400
    assert thief.post(theirs[0], data=theirs[1]).status_code == 400
    assert not is_signed_in(thief)
    assert len(_sessions(app)) == 1


def test_a_return_without_its_start_is_refused(
    app: Flask, client: FlaskClient, provider: RealProvider, subject: str
) -> None:
    """A return that somebody else has begun, so that one would be signed in as them."""
    _officer(app, subject)
    back = provider.way_back(set_out(app.test_client()), subject)
    assert client.get(back).status_code == 400
    set_out(client)
    assert client.get(back).status_code == 400
    own = form_of(client.get(provider.way_back(set_out(client), subject)))
    assert client.post(back, data=own[1]).status_code == 400
    assert not is_signed_in(client)


def test_without_its_start_s_mark_somebody_else_s_return_would_come_in(
    app: Flask, client: FlaskClient, provider: RealProvider, subject: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The planted fault of the test above: the address's word for the state is taken."""
    _officer(app, subject)
    back = provider.way_back(set_out(app.test_client()), subject)
    state = parse_qs(urlsplit(back).query)["state"][0]
    monkeypatch.setattr(views, "_started", lambda: views.Start(state, views.ENTER, clock.now(), "", "sv"))
    assert press(client, back).status_code == 302
    assert is_signed_in(client)


def test_a_start_lasts_a_quarter_of_an_hour(
    app: Flask, client: FlaskClient, provider: RealProvider, subject: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    _officer(app, subject)
    back = provider.way_back(set_out(client), subject)
    later = clock.now() + timedelta(minutes=16)
    monkeypatch.setattr(clock, "now", lambda: later)
    assert client.get(back).status_code == 400


def test_used_returns_are_forgotten_when_they_can_come_no_more(
    app: Flask, client: FlaskClient, provider: RealProvider, subject: str
) -> None:
    _officer(app, subject)
    come_in(client, provider, subject)
    with app.app_context():
        assert actions.forget_used() == 0
        row = db.session.scalars(select(UsedReturn)).one()
        row.at -= timedelta(hours=1)
        db.session.flush()
        assert actions.forget_used() == 1


def test_a_provider_that_is_down_keeps_nobody_from_the_mail(tmp_path: Path, database_url: str) -> None:
    with real_provider() as short_lived:
        settings = with_provider(settings_for(tmp_path, database_url), short_lived.issuer)
        app = create_app(settings)
        client = app.test_client()
        back = short_lived.way_back(set_out(client), "anna")
        form = form_of(client.get(back))
    answer = client.post(form[0], data=form[1])
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "15")
    assert NAME in answer.text
    fresh = create_app(settings).test_client()
    assert fresh.get("/sv/oidc/start").status_code == 503
    page = fresh.get("/sv/sign-in")
    assert page.status_code == 200
    assert 'name="email"' in page.text
    assert "/sv/oidc/start" in page.text
    assert send(fresh, "/sv/sign-in", {"email": TORSTEN}).status_code == 302


def test_where_none_is_set_up_nothing_is_offered(tmp_path: Path, database_url: str) -> None:
    client = create_app(settings_for(tmp_path, database_url)).test_client()
    assert "oidc" not in client.get("/sv/sign-in").text
    assert client.get("/sv/oidc/start").location == "/sv/sign-in"
    assert client.get("/sv/oidc/return?code=x&state=y").status_code == 400
