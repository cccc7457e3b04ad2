"""A provider that lies, or somebody between it and us: each lie is refused, and would come in without its safeguard."""

import base64
import hmac
import json
import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from time import monotonic, time
from types import SimpleNamespace
from typing import Any

import pytest
from click.testing import CliRunner
from flask import Flask
from flask.testing import FlaskClient
from joserfc import jwt
from joserfc.jwk import OctKey, RSAKey
from sqlalchemy import select

from fundapp import clock
from fundapp.accounts.models import LoginSession
from fundapp.app import create_app
from fundapp.cli import cli
from fundapp.config import Settings
from fundapp.db import db
from fundapp.oidc import actions, provider, rules
from fundapp.oidc.models import Identity
from fundapp.permissions import Role
from tests.factories.people import official
from tests.ground.apps import SignIn
from tests.ground.databases import settings_for
from tests.ground.oidc import CLIENT, SECRET, LyingProvider, new_ec_key, with_provider
from tests.ground.smtp import Certificate
from tests.oidc.steps import come_in, form_of, is_signed_in, press, set_out

ANNA = "anna"


@pytest.fixture
def settings(tmp_path: Path, database_url: str, liar: LyingProvider) -> Settings:
    return with_provider(settings_for(tmp_path, database_url), liar.issuer)


@pytest.fixture
def app(app: Flask, liar: LyingProvider) -> Flask:
    """With an officer who is connected as Anna."""
    with app.test_request_context():
        account, now = official(Role.OFFICER, name="Anna", email="anna@kommun.example"), clock.now()
        db.session.add(Identity(account=account, issuer=liar.issuer, subject=ANNA, linked_at=now, last_seen_at=now))
        db.session.commit()
    return app


def _unchecked(written: str, *_rest: Any, **_choices: Any) -> Any:
    """What a reader finds who does not look at the signature."""
    _header, claims = (json.loads(base64.urlsafe_b64decode(part + "==")) for part in written.split(".")[:2])
    return SimpleNamespace(header={"alg": "RS256"}, claims=claims)


def _without_typ(written: str) -> Any:
    read = _honest_decoded(written)
    read.header.pop("typ")
    return read


_honest_decoded = provider._decoded
Plant = Callable[[pytest.MonkeyPatch], None]


def _off(place: object, name: str, instead: Any) -> Plant:
    """A safeguard taken away."""
    return lambda patch: patch.setattr(place, name, instead)


NO_SIGNATURE = _off(provider, "_decoded", _unchecked)
NO_HURRY = _off(rules, "LEEWAY", 10**7)


def _no_claim(name: str) -> Plant:
    return _off(provider.CodeIDToken, f"validate_{name}", lambda *_self: None)


def _no_addressee(patch: pytest.MonkeyPatch) -> None:
    """As if nobody looked whom the token is for."""
    honest = provider.CodeIDToken.__init__

    def begin(self: Any, claims: Any, header: Any, options: Any, params: Any) -> None:
        honest(self, claims, header, {"iss": options["iss"]}, params | {"client_id": None})

    patch.setattr(provider.CodeIDToken, "__init__", begin)


def _no_sender(patch: pytest.MonkeyPatch) -> None:
    """As if nobody looked whom the token is from."""
    honest = provider.CodeIDToken.__init__

    def begin(self: Any, claims: Any, header: Any, options: Any, params: Any) -> None:
        honest(self, claims, header, {"aud": options["aud"]}, params)

    patch.setattr(provider.CodeIDToken, "__init__", begin)


def _signed_by_a_stranger(liar: LyingProvider) -> None:
    liar.keys = liar.public_keys()
    liar.key = RSAKey.generate_key(2048, {"kid": liar.key.kid})


def _own_key_in_the_header(liar: LyingProvider) -> None:
    _signed_by_a_stranger(liar)
    liar.headers = {"jwk": liar.key.as_dict(private=False)}


def _part(words: dict[str, Any]) -> str:
    return base64.urlsafe_b64encode(json.dumps(words).encode()).rstrip(b"=").decode()


def _claims_for(liar: LyingProvider) -> dict[str, Any]:
    (wanted,) = liar.waiting.values()
    now = int(time())
    honest = {"iss": liar.issuer, "sub": ANNA, "aud": CLIENT, "exp": now + 300, "iat": now, "nonce": wanted["nonce"]}
    return honest | {"auth_time": now}


def _unsigned(liar: LyingProvider) -> None:
    liar.written = f"{_part({'alg': 'none', 'typ': 'JWT'})}.{_part(_claims_for(liar))}."


def _signed_with_the_public_key(liar: LyingProvider) -> None:
    """HS256, with the public key's own text for the secret."""
    words = f"{_part({'alg': 'HS256', 'typ': 'JWT', 'kid': liar.key.kid})}.{_part(_claims_for(liar))}"
    mark = hmac.new(liar.key.as_pem(private=False), words.encode(), "sha256").digest()
    liar.written = f"{words}.{base64.urlsafe_b64encode(mark).rstrip(b'=').decode()}"


def _signed_with_our_secret(liar: LyingProvider) -> None:
    liar.keys = {"keys": [*liar.public_keys()["keys"], OctKey.import_key(SECRET, {"kid": "ours"}).as_dict()]}
    key = OctKey.import_key(SECRET, {"kid": "ours"})
    liar.written = jwt.encode({"alg": "HS256", "typ": "JWT", "kid": "ours"}, _claims_for(liar), key, ["HS256"])


def _changed_on_the_way(liar: LyingProvider) -> None:
    (wanted,) = liar.waiting.values()
    header, _claims, signature = liar._written(wanted | {"subject": "somebody"}).split(".")
    liar.written = f"{header}.{_part(_claims_for(liar))}.{signature}"


def _says(**claims: Any) -> Callable[[LyingProvider], None]:
    return lambda liar: liar.claims.update(claims)


def _heads(**headers: Any) -> Callable[[LyingProvider], None]:
    return lambda liar: liar.headers.update(headers)


@dataclass(frozen=True)
class Lie:
    """What is done after the person signed in there, and the safeguard that keeps it out."""

    tell: Callable[[LyingProvider], None]
    plant: Plant


LIES = {
    "unsigned": Lie(_unsigned, NO_SIGNATURE),
    "HS256 with the public key": Lie(_signed_with_the_public_key, NO_SIGNATURE),
    "HS256 with our own secret": Lie(_signed_with_our_secret, NO_SIGNATURE),
    "another key": Lie(_signed_by_a_stranger, NO_SIGNATURE),
    "a key that it brings itself": Lie(_own_key_in_the_header, NO_SIGNATURE),
    "claims changed under a signature": Lie(_changed_on_the_way, NO_SIGNATURE),
    "another nonce": Lie(_says(nonce="somebody else's"), _no_claim("nonce")),
    "no nonce": Lie(_says(nonce=None), _no_claim("nonce")),
    "another audience": Lie(_says(aud="another service"), _no_addressee),
    "several audiences and no addressee": Lie(_says(aud=[CLIENT, "another service"]), _no_addressee),
    "for somebody else among several": Lie(_says(aud=[CLIENT, "x"], azp="x"), _no_addressee),
    "another issuer": Lie(_says(iss="https://elsewhere.example"), _no_sender),
    "expired": Lie(_says(exp=1_600_000_000, iat=1_600_000_000 - 300), _off(rules, "LEEWAY", 10**10)),
    "expired two minutes ago": Lie(lambda liar: liar.claims.update(exp=int(time()) - 120), NO_HURRY),
    "not valid yet": Lie(lambda liar: liar.claims.update(nbf=int(time()) + 3600), NO_HURRY),
    "made in a time to come": Lie(lambda liar: liar.claims.update(iat=int(time()) + 3600), NO_HURRY),
    "an access token": Lie(_heads(typ="at+jwt"), _off(provider, "_decoded", _without_typ)),
    "a logout token": Lie(_heads(typ="logout+jwt"), _off(provider, "_decoded", _without_typ)),
    "of another access token": Lie(_says(at_hash="AAAAAAAAAAAAAAAAAAAAAA"), _no_claim("at_hash")),
}


def _come_in_by(lie: Lie, client: FlaskClient, liar: LyingProvider) -> Any:
    back = liar.way_back(set_out(client), ANNA)
    lie.tell(liar)
    return press(client, back)


def test_an_honest_provider_lets_anna_in(app: Flask, client: FlaskClient, liar: LyingProvider) -> None:
    assert come_in(client, liar, ANNA).status_code == 302
    assert is_signed_in(client)


@pytest.mark.parametrize("name", LIES)
def test_each_lie_is_refused(name: str, app: Flask, client: FlaskClient, liar: LyingProvider) -> None:
    answer = _come_in_by(LIES[name], client, liar)
    assert answer.status_code == 400
    assert not is_signed_in(client)
    with app.app_context():
        assert db.session.scalars(select(LoginSession)).all() == []


@pytest.mark.parametrize("name", LIES)
def test_each_lie_would_come_in_without_its_safeguard(
    name: str, app: Flask, client: FlaskClient, liar: LyingProvider, monkeypatch: pytest.MonkeyPatch
) -> None:
    LIES[name].plant(monkeypatch)
    assert _come_in_by(LIES[name], client, liar).status_code == 302
    assert is_signed_in(client)


@pytest.mark.parametrize("claims", [{"sub": None}, {"sub": ""}, {"sub": 7}, {"sub": "x" * 256}, {"exp": None}])
def test_a_token_that_lacks_what_it_must_have_is_refused(
    claims: dict[str, Any], app: Flask, client: FlaskClient, liar: LyingProvider
) -> None:
    liar.claims = claims
    assert come_in(client, liar, ANNA).status_code == 400


@pytest.mark.parametrize(
    "written", ["", "x", "a.b.c", "a.b.c.d.e", "é.é.é", "." * 5000, _part({"alg": "RS256"}) + "..x"]
)
def test_rubbish_in_place_of_a_token_is_refused(
    written: str, app: Flask, client: FlaskClient, liar: LyingProvider
) -> None:
    liar.written = written
    assert come_in(client, liar, ANNA).status_code == 400


@pytest.mark.parametrize("algorithm", ["RS256", "PS256", "ES256"])
def test_the_three_kinds_of_signature_are_read(
    algorithm: str, app: Flask, client: FlaskClient, liar: LyingProvider
) -> None:
    liar.algorithm = algorithm
    if algorithm == "ES256":
        liar.key = new_ec_key()
    assert come_in(client, liar, ANNA).status_code == 302


def test_a_new_key_of_the_provider_s_is_fetched(
    app: Flask, client: FlaskClient, liar: LyingProvider, monkeypatch: pytest.MonkeyPatch
) -> None:
    come_in(client, liar, ANNA)
    liar.key = RSAKey.generate_key(2048, {"kid": "second"})
    assert come_in(app.test_client(), liar, ANNA).status_code == 400  # asked for a moment ago
    monkeypatch.setattr(provider, "QUIET_FOR", 0.0)
    assert come_in(app.test_client(), liar, ANNA).status_code == 302
    assert liar.asked.count("/keys") == 2


def test_description_and_keys_are_asked_for_once_an_hour(app: Flask, liar: LyingProvider) -> None:
    for _time in range(3):
        come_in(app.test_client(), liar, ANNA)
    assert liar.asked.count("/keys") == liar.asked.count("/.well-known/openid-configuration") == 1


@pytest.mark.parametrize(
    "description",
    [
        {"issuer": "https://elsewhere.example"},
        {"issuer": None},
        {"token_endpoint": "file:///etc/passwd"},
        {"jwks_uri": None},
        {"authorization_endpoint": "javascript:alert(1)"},
    ],
)
def test_a_description_that_is_not_the_issuer_s_own_is_not_used(
    description: dict[str, Any], app: Flask, client: FlaskClient, liar: LyingProvider
) -> None:
    liar.metadata = description
    assert client.get("/sv/oidc/start").status_code == 503
    liar.metadata = {}
    assert client.get("/sv/oidc/start").status_code == 302


def test_an_issuer_with_https_names_no_page_without() -> None:
    ours = settings_for(Path("/nowhere"), "sqlite://")
    far = replace(ours, oidc_issuer="https://id.kommun.example")
    assert provider._is_safe("https://id.kommun.example/token", far)
    assert not provider._is_safe("http://id.kommun.example/token", far)


def test_a_return_that_names_another_issuer_is_refused(
    app: Flask, client: FlaskClient, liar: LyingProvider, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Mix-up: what another provider sent back, with our own state (RFC 9207)."""
    back = liar.way_back(set_out(client), ANNA, iss="https://elsewhere.example")
    assert client.get(back).status_code == 400
    monkeypatch.setattr(provider, "is_ours", lambda _issuer: True)
    assert press(client, back).status_code == 302


def test_a_provider_that_always_names_itself_must_do_so(app: Flask, client: FlaskClient, liar: LyingProvider) -> None:
    liar.metadata = {"authorization_response_iss_parameter_supported": True}
    assert client.get(liar.way_back(set_out(client), ANNA)).status_code == 400
    assert press(client, liar.way_back(set_out(client), ANNA, iss=liar.issuer)).status_code == 302


def test_a_provider_that_takes_a_code_twice_lets_nobody_in_twice(
    app: Flask, client: FlaskClient, liar: LyingProvider, monkeypatch: pytest.MonkeyPatch
) -> None:
    liar.forgives_second_use = True
    back = liar.way_back(set_out(client), ANNA)
    thieves = [app.test_client(), app.test_client()]
    for thief in thieves:
        with client.session_transaction() as cookie, thief.session_transaction() as copied:
            copied.update(cookie)
    forms = [form_of(thief.get(back)) for thief in thieves]
    assert press(client, back).status_code == 302
    assert thieves[0].post(forms[0][0], data=forms[0][1]).status_code == 400
    monkeypatch.setattr(actions, "use_return", lambda _state: None)
    assert thieves[1].post(forms[1][0], data=forms[1][1]).status_code == 302


@pytest.mark.parametrize("auth_time", [None, 0, "now", True, -1, 10**30])
def test_a_proof_that_is_not_from_now_is_none(
    auth_time: Any, app: Flask, client: FlaskClient, liar: LyingProvider, monkeypatch: pytest.MonkeyPatch
) -> None:
    come_in(client, liar, ANNA)
    liar.claims = {"auth_time": auth_time}
    assert come_in(client, liar, ANNA, "/sv/oidc/step-up?next=/sv/cases").status_code == 400
    with app.app_context():
        assert len(db.session.scalars(select(LoginSession)).all()) == 1
    if auth_time in (None, 0, -1):
        monkeypatch.setattr(rules, "is_fresh", lambda *_said, **_times: True)
        assert come_in(client, liar, ANNA, "/sv/oidc/step-up?next=/sv/cases").status_code == 302


def test_a_sign_in_of_two_minutes_before_the_start_proves_nothing(
    app: Flask, client: FlaskClient, liar: LyingProvider
) -> None:
    come_in(client, liar, ANNA)
    liar.claims = {"auth_time": int(time()) - 120}
    assert come_in(client, liar, ANNA, "/sv/oidc/step-up?next=/sv/cases").status_code == 400
    liar.claims = {}
    assert come_in(client, liar, ANNA, "/sv/oidc/step-up?next=/sv/cases").status_code == 302


def test_a_sign_in_that_stands_open_at_the_provider_is_not_connected(
    app: Flask, liar: LyingProvider, signed_in: SignIn
) -> None:
    """It may be somebody else's, in a browser that several use."""
    client = signed_in("bo@kommun.example")
    liar.claims = {"auth_time": int(time()) - 3600}
    assert come_in(client, liar, "bo", "/sv/oidc/connect").status_code == 400
    liar.claims = {}
    assert come_in(client, liar, "bo", "/sv/oidc/connect").status_code == 302


def test_who_breaks_off_at_the_provider_is_told_so(app: Flask, client: FlaskClient, liar: LyingProvider) -> None:
    back = liar.way_back(set_out(client), ANNA, error="access_denied")
    assert client.get(back).status_code == 403
    assert client.get(back).status_code == 400  # the start is over


@pytest.mark.parametrize(("path", "status"), [("/token", 500), ("/token", 302), ("/keys", 404), ("/keys", 302)])
def test_an_answer_that_is_none_is_told_as_a_provider_that_is_down(
    path: str, status: int, app: Flask, client: FlaskClient, liar: LyingProvider
) -> None:
    liar.status = {path: status}
    answer = come_in(client, liar, ANNA)
    assert answer.status_code == 503
    assert "/elsewhere" not in liar.asked
    assert not is_signed_in(client)


def test_a_provider_that_is_down_is_asked_again_after_a_while_alone(
    app: Flask, client: FlaskClient, liar: LyingProvider, monkeypatch: pytest.MonkeyPatch
) -> None:
    liar.status = {"/.well-known/openid-configuration": 500}
    for _time in range(5):
        assert client.get("/sv/oidc/start").status_code == 503
    assert len(liar.asked) == 1
    liar.status = {}
    monkeypatch.setattr(provider, "QUIET_FOR", 0.0)
    assert client.get("/sv/oidc/start").status_code == 302


def test_an_answer_that_is_too_large_is_not_read_to_its_end(
    app: Flask, client: FlaskClient, liar: LyingProvider, monkeypatch: pytest.MonkeyPatch
) -> None:
    liar.metadata = {"more": "x" * 2_000_000}
    assert client.get("/sv/oidc/start").status_code == 503
    monkeypatch.setattr(provider, "QUIET_FOR", 0.0)
    monkeypatch.setattr(provider, "_LARGEST", 10_000_000)
    assert client.get("/sv/oidc/start").status_code == 302


def test_a_provider_that_does_not_answer_is_not_waited_for_long(
    app: Flask, client: FlaskClient, liar: LyingProvider, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(provider, "_TIMES", (0.3, 0.3))
    liar.pause = 1.5
    began = monotonic()
    assert client.get("/sv/oidc/start").status_code == 503
    assert monotonic() - began < 1.4


def test_nobody_waits_for_the_database_while_we_wait_for_the_provider(
    app: Flask, client: FlaskClient, liar: LyingProvider, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On SQLite one writes at a time: a slow provider must not keep everybody else from writing."""
    come_in(client, liar, ANNA)
    held: list[bool] = []
    honest = provider.exchange

    def look(code: str, state: str) -> Any:
        held.append(db.session.in_transaction())
        return honest(code, state)

    monkeypatch.setattr(provider, "exchange", look)
    assert come_in(client, liar, ANNA, "/sv/oidc/step-up?next=/sv/cases").status_code == 302
    assert held == [False]


def test_the_log_holds_neither_codes_nor_tokens_nor_secrets(
    app: Flask, client: FlaskClient, liar: LyingProvider, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.DEBUG):
        come_in(client, liar, ANNA)
        _come_in_by(LIES["another nonce"], app.test_client(), liar)
        liar.status = {"/token": 500}
        come_in(app.test_client(), liar, ANNA)
    told = "\n".join(str(vars(record)) for record in caplog.records if record.name.startswith("fundapp"))
    assert "oidc: ID token: InvalidClaimError" in told
    for secret in (SECRET, *liar.tokens, "code0", "code1"):
        assert secret not in told


@contextmanager
def _environ(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, issuer: str) -> Iterator[None]:
    for name, value in {
        "FUNDAPP_ENV": "development",
        "FUNDAPP_INSTANCE": str(tmp_path / "instance"),
        "FUNDAPP_OIDC_ISSUER": issuer,
        "FUNDAPP_OIDC_CLIENT_ID": CLIENT,
        "FUNDAPP_OIDC_CLIENT_SECRET": SECRET,
    }.items():
        monkeypatch.setenv(name, value)
    yield


def test_fundapp_check_tells_whether_the_provider_answers_and_keeps_its_secret(
    liar: LyingProvider, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    with _environ(monkeypatch, tmp_path, liar.issuer):
        found = CliRunner().invoke(cli, ["check"])
        assert (found.exit_code, found.output.splitlines()[-1]) == (0, "no faults")
        assert SECRET not in found.output
        liar.metadata = {"issuer": "https://elsewhere.example"}
        assert "FUNDAPP_OIDC_ISSUER: the description is another issuer's" in CliRunner().invoke(cli, ["check"]).output
        liar.status = {"/.well-known/openid-configuration": 404}
        found = CliRunner().invoke(cli, ["check"])
        assert found.exit_code == 1
        assert "FUNDAPP_OIDC_ISSUER: no description of it can be read there (HTTPError)" in found.output


@pytest.mark.parametrize(("is_told", "status"), [(False, 503), (True, 302)])
def test_only_a_certificate_that_one_was_told_of_is_trusted(
    is_told: bool,
    status: int,
    tmp_path: Path,
    database_url: str,
    liar_over_tls: LyingProvider,
    certificate: Certificate,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Whatever the environment names besides, as requests reads it."""
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(certificate.file))
    chosen = {"oidc_ca": certificate.file} if is_told else {}
    ours = with_provider(settings_for(tmp_path, database_url), liar_over_tls.issuer, **chosen)
    client = create_app(ours).test_client()
    assert client.get("/sv/oidc/start").status_code == status
    assert (liar_over_tls.asked == []) is (status == 503)


ENTRA = "https://login.microsoftonline.com/0a1b/v2.0"


@pytest.mark.parametrize(
    ("issuer", "claims", "found"),
    [
        ("https://id.example", {"email": " Anna@Kommun.Example ", "email_verified": True}, "anna@kommun.example"),
        ("https://id.example", {"email": "anna@kommun.example", "xms_edov": True, "tid": "0a1b"}, ""),
        (ENTRA, {"email": "anna@kommun.example", "xms_edov": "1", "tid": "0a1b"}, "anna@kommun.example"),
        (ENTRA, {"email": "anna@kommun.example", "xms_edov": True, "tid": "another"}, ""),
        (ENTRA, {"email": "anna@kommun.example", "xms_edov": False, "tid": "0a1b"}, ""),
        (ENTRA, {"email": "anna@kommun.example", "tid": "0a1b", "preferred_username": "anna@kommun.example"}, ""),
        (ENTRA, {"email": ["anna@kommun.example"], "email_verified": True}, ""),
        (ENTRA, {"email": "a" * 250 + "@b.example", "email_verified": True}, ""),
        ("https://id.example", {"email": "\N{KELVIN SIGN}arin@kommun.example", "email_verified": True}, ""),
        (ENTRA, {"email_verified": True}, ""),
    ],
)
def test_whose_word_is_taken_for_an_address(issuer: str, claims: dict[str, Any], found: str) -> None:
    assert rules.vouched_address(claims, issuer) == found
