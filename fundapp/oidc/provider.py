"""Speaking with the provider. Of what it says its addresses and keys are remembered, for an hour, and no token at all.

Dear to import (Authlib, requests): views read it where it is needed.
"""

import ssl
import time
from typing import Any

from authlib.integrations.base_client import OAuthError
from authlib.integrations.requests_client import OAuth2Session
from authlib.oidc.core import CodeIDToken
from flask import current_app, url_for
from joserfc import jwt
from joserfc.errors import InvalidKeyIdError, JoseError
from joserfc.jwk import KeySet
from joserfc.jws import JWSRegistry
from requests import PreparedRequest, RequestException, Response, Session
from requests.adapters import HTTPAdapter

from fundapp import clock
from fundapp.config import Settings, settings
from fundapp.languages import AUTHORITY_LANGUAGE
from fundapp.oidc import rules
from fundapp.oidc.rules import NotBelieved, ProviderDown, Said, TooWeak

KEPT_FOR = 3600.0  # seconds that addresses and keys are remembered
QUIET_FOR = 10.0  # seconds that nobody asks anew after a failure
_TIMES = (2.0, 4.0)  # seconds for a connection, and for each part of an answer
_WHOLE = 8.0  # seconds for an answer
_LARGEST = 1024 * 1024  # bytes
_SUFFIX = "/.well-known/openid-configuration"
_ADDRESSES = ("authorization_endpoint", "token_endpoint", "jwks_uri")


class _Bounded(HTTPAdapter):
    """Reads an answer that is neither large nor slow, and follows it nowhere."""

    def send(self, request: PreparedRequest, *rest: Any, **choices: Any) -> Response:
        until, parts, size = time.monotonic() + _WHOLE, [], 0
        answer = super().send(request, *rest, **{**choices, "stream": True})
        for part in answer.iter_content(16_384):
            parts.append(part)
            size += len(part)
            if size > _LARGEST or time.monotonic() > until:
                answer.close()
                raise RequestException("an answer that is too large or too slow")
        answer._content = b"".join(parts)  # what requests itself sets when it has read all
        if answer.is_redirect:
            raise RequestException("an answer that leads elsewhere")
        return answer


def read_metadata(ours: Settings) -> dict[str, Any]:
    """The provider's own description (OpenID Connect Discovery 1.0), fetched now. Errors: ProviderDown, NotBelieved."""
    assert ours.oidc_issuer is not None  # noqa: S101  asked for where it is set up
    with _bounded(Session()) as session:
        found = _fetched(session, ours.oidc_issuer.rstrip("/") + _SUFFIX, ours)
    if found.get("issuer") != ours.oidc_issuer:
        raise NotBelieved("the description is another issuer's")
    unsafe = [name for name in _ADDRESSES if not _is_safe(found.get(name), ours)]
    if unsafe:
        raise NotBelieved(f"no safe address for {', '.join(unsafe)}")
    return found


def _is_safe(address: Any, ours: Settings) -> bool:
    """https, or http where the issuer itself is (on one's own machine)."""
    schemes = ("https://", "http://") if (ours.oidc_issuer or "").startswith("http://") else ("https://",)
    return isinstance(address, str) and address.startswith(schemes)


def _bounded(session: Any) -> Any:
    for scheme in ("https://", "http://"):
        session.mount(scheme, _Bounded())
    return session


def _trust(ours: Settings) -> str | bool:
    """Whose word is taken for the provider's certificate: `oidc_ca`, else the system's authorities."""
    return str(ours.oidc_ca) if ours.oidc_ca else ssl.get_default_verify_paths().cafile or True


def _fetched(session: Session, address: str, ours: Settings) -> dict[str, Any]:
    try:
        answer = session.get(address, timeout=_TIMES, verify=_trust(ours))
        answer.raise_for_status()
        found = answer.json()
    except (RequestException, ValueError) as fault:
        raise ProviderDown(type(fault).__name__) from fault
    if not isinstance(found, dict):
        raise ProviderDown("not a JSON object")
    return found


def _remembered(name: str, *, is_anew: bool = False) -> dict[str, Any]:
    """`metadata` or `keys`, fetched at most once an hour, and not at once after a failure. Errors: as above."""
    memory: dict[str, tuple[float, dict[str, Any]]] = current_app.extensions.setdefault("fundapp.oidc", {})
    ours, now = settings(), time.monotonic()
    kept_at, kept = memory.get(name, (0.0, {}))
    if kept and now - kept_at < (QUIET_FOR if is_anew else KEPT_FOR):
        return kept
    if now - memory.get("failed", (-QUIET_FOR, {}))[0] < QUIET_FOR:
        raise ProviderDown("it did not answer a moment ago")
    try:
        if name == "metadata":
            found = read_metadata(ours)
        else:
            with _bounded(Session()) as session:
                found = _fetched(session, _remembered("metadata")["jwks_uri"], ours)
    except ProviderDown:
        memory["failed"] = (now, {})
        raise
    memory[name] = (now, found)
    return found


def _session(metadata: dict[str, Any]) -> OAuth2Session:
    ours = settings()
    ways = metadata.get("token_endpoint_auth_methods_supported") or ["client_secret_basic"]
    return _bounded(
        OAuth2Session(
            ours.oidc_client_id,
            ours.oidc_client_secret,
            token_endpoint_auth_method="client_secret_basic" if "client_secret_basic" in ways else "client_secret_post",
            scope="openid email" if ours.is_oidc_mail_trusted else "openid",
            redirect_uri=ours.base_url + url_for("oidc.come_back", language=AUTHORITY_LANGUAGE),
            code_challenge_method="S256",
        )
    )


def way_there(state: str, *, is_anew: bool) -> str:
    """The address at the provider where somebody signs in; `is_anew`: also who has just done so.

    Errors: ProviderDown, NotBelieved.
    """
    metadata, ours = _remembered("metadata"), settings()
    secret = ours.secret_key
    anew = {"prompt": "login", "max_age": "0"} if is_anew else {}
    strong = {"acr_values": " ".join(ours.oidc_acr)} if ours.oidc_acr else {}
    with _session(metadata) as session:
        address, _state = session.create_authorization_url(
            metadata["authorization_endpoint"],
            state=state,
            nonce=rules.made_of(state, "nonce", secret=secret),
            code_verifier=rules.made_of(state, "verifier", secret=secret),
            **anew,
            **strong,
        )
    return str(address)


def way_out() -> str | None:
    """The provider's own sign-out page, where it has one."""
    address = _remembered("metadata").get("end_session_endpoint")
    return address if _is_safe(address, settings()) else None


def is_ours(issuer: str | None) -> bool:
    """Whether a return names our issuer (RFC 9207), or names none where the provider never does."""
    if issuer is None:
        return not _remembered("metadata").get("authorization_response_iss_parameter_supported", False)
    return issuer == settings().oidc_issuer


def exchange(code: str, state: str) -> Said:
    """What the provider says of who came back with `code`. The tokens are read and forgotten.

    Errors: ProviderDown, NotBelieved, TooWeak.
    """
    metadata, ours = _remembered("metadata"), settings()
    try:
        with _session(metadata) as session:
            token = session.fetch_token(
                metadata["token_endpoint"],
                grant_type="authorization_code",
                code=code,
                code_verifier=rules.made_of(state, "verifier", secret=ours.secret_key),
                timeout=_TIMES,
                verify=_trust(ours),
            )
    except OAuthError as fault:
        raise NotBelieved(f"the provider refused the code ({fault.error})") from fault
    except (RequestException, ValueError, TypeError) as fault:
        raise ProviderDown(type(fault).__name__) from fault
    return _believed(token, rules.made_of(state, "nonce", secret=ours.secret_key))


def _believed(token: dict[str, Any], nonce: str) -> Said:
    """What the ID token says, when its signature, issuer, audience, times and nonce are right.

    Errors: NotBelieved, TooWeak.
    """
    ours, written = settings(), token.get("id_token")
    if not isinstance(written, str):
        raise NotBelieved("no ID token")
    try:
        read = _decoded(written)
        if str(read.header.get("typ", "JWT")).upper() != "JWT":
            raise NotBelieved("another kind of token")
        claims = CodeIDToken(
            read.claims,
            read.header,
            {
                "iss": {"essential": True, "value": ours.oidc_issuer or ""},
                "aud": {"essential": True, "value": ours.oidc_client_id or ""},
            },
            {"nonce": nonce, "client_id": ours.oidc_client_id, "access_token": token.get("access_token")},
        )
        claims.validate(now=int(clock.now().timestamp()), leeway=rules.LEEWAY)
    except (JoseError, ValueError, TypeError, KeyError) as fault:
        raise NotBelieved(f"ID token: {type(fault).__name__}") from fault
    return _said(claims)


def _said(claims: dict[str, Any]) -> Said:
    subject, ours = claims.get("sub"), settings()
    if not isinstance(subject, str) or not 0 < len(subject) <= 255:
        raise NotBelieved("no subject")
    if ours.oidc_acr and claims.get("acr") not in ours.oidc_acr:  # asked for alone, it is voluntary (OIDC Core 5.5.1.1)
        raise TooWeak
    assert ours.oidc_issuer is not None  # noqa: S101  the claims' issuer is this one
    return Said(
        issuer=ours.oidc_issuer,
        subject=subject,
        email=rules.vouched_address(claims, ours.oidc_issuer) if ours.is_oidc_mail_trusted else "",
        proved_at=rules.instant(claims.get("auth_time")),
    )


def _decoded(written: str) -> jwt.Token:
    """The token by one of the provider's keys; one that we do not know yet may have been made since we asked."""
    registry = JWSRegistry(algorithms=list(rules.ALGORITHMS), strict_check_header=False)
    try:
        return jwt.decode(written, KeySet.import_key_set(_remembered("keys")), registry=registry)  # type: ignore[arg-type]
    except InvalidKeyIdError:
        anew = KeySet.import_key_set(_remembered("keys", is_anew=True))  # type: ignore[arg-type]
        return jwt.decode(written, anew, registry=registry)
