"""The door. Every page is shut unless it says `public` or which permission it needs; the door commits.

GET: the database refuses to write. POST: one transaction, kept when the answer is below 400, rolled back otherwise.
"""

from collections.abc import Callable
from functools import wraps
from typing import Any

from flask import Blueprint, Flask, Response, abort, current_app, g, redirect, request, url_for
from flask import session as cookie
from flask_login import current_user
from werkzeug.routing import BaseConverter
from werkzeug.wrappers import Response as AnyResponse

from fundapp import languages, patience
from fundapp.db import db, roll_back, set_reading
from fundapp.permissions import Permission, why_not
from fundapp.web import proof
from fundapp.workflow import NotAllowed

SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
View = Callable[..., Any]
Loader = Callable[[str], Any]


class LanguageConverter(BaseConverter):
    """The first part of an address: the code of a released language."""

    regex = "[a-z]{2,3}"

    def to_python(self, value: str) -> str:
        if value not in languages.LANGUAGES:
            abort(404)
        return value


def public(view: View) -> View:
    """Open the page to everybody."""
    view.access = "public"  # type: ignore[attr-defined]  # read by shut_the_door and by the matrix test
    return view


def needs(
    permission: Permission, *, of: Loader | None = None, proof_of: Permission | None = None
) -> Callable[[View], View]:
    """Open the page to who has `permission`.

    `of` turns the address's `public_id` into the subject, or None where the person may not see it (404); the view
    then gets the subject as its first argument. A permission that fails on a seen subject is 403; so is a POST under
    a permission of NEEDS_PROOF by somebody who has not shown lately who they are. `proof_of`: what the page does is
    done under this permission elsewhere, and asks for a proof as there.
    """

    def keep(view: View) -> View:
        @wraps(view)
        def opened(**place: Any) -> Any:
            if not current_user.is_authenticated:
                return _ask_to_sign_in()
            if of is None:
                _demand(permission, None)
                proof.demand(proof_of or permission)
                return view(**place)
            subject = of(place.pop("public_id"))
            if subject is None:
                abort(404)
            _demand(permission, getattr(subject, "permission_subject", subject))
            proof.demand(proof_of or permission)
            return view(subject, **place)

        opened.access = permission  # type: ignore[attr-defined]
        opened.proof_of = proof_of or permission  # type: ignore[attr-defined]
        return opened

    return keep


def _demand(permission: Permission, subject: Any) -> None:
    reason = why_not(current_user, permission, subject)
    if reason is not None:
        raise NotAllowed(reason)


def _ask_to_sign_in() -> AnyResponse:
    if request.method not in SAFE:
        abort(401)
    return redirect(url_for("accounts.sign_in", next=request.full_path.rstrip("?")))


def set_up(app: Flask) -> None:
    """Hang the door into the app."""
    app.url_map.converters["language"] = LanguageConverter
    app.before_request(_open_request)
    app.before_request(_shut_the_door)
    app.after_request(_close_transaction)
    app.teardown_request(lambda _fault: _let_go())
    app.url_value_preprocessor(lambda _endpoint, values: values.pop("language", None) if values else None)

    @app.url_defaults
    def _add_language(endpoint: str, values: dict[str, Any]) -> None:
        if "language" not in values and app.url_map.is_endpoint_expecting(endpoint, "language"):
            values["language"] = languages.current().code


def register(app: Flask, blueprint: Blueprint) -> None:
    """Put a station's pages under `/<language>/`."""
    app.register_blueprint(blueprint, url_prefix="/<language:language>")


def language_wanted() -> str:
    """The language of the address, else of the browser, else Swedish."""
    first = request.path.strip("/").partition("/")[0]
    if first in languages.LANGUAGES:
        return first
    return request.accept_languages.best_match(list(languages.LANGUAGES), languages.AUTHORITY_LANGUAGE) or "sv"


def _open_request() -> None:
    languages.set_current(language_wanted())
    patience.begin_page()
    set_reading(request.method in SAFE)
    if request.method not in SAFE:
        g.cookie_before = dict(cookie)


def _let_go() -> None:
    patience.end_page()
    set_reading(False)


def _shut_the_door() -> None:
    # PostgreSQL takes no NUL in a text, not even in a question.
    if "\0" in request.path or any("\0" in text for text in request.args.values()):
        abort(404)
    if request.endpoint is None or request.endpoint == "static":
        return
    if not hasattr(current_app.view_functions[request.endpoint], "access"):
        raise RuntimeError(f"{request.endpoint} is neither public nor does it name a permission")


def keep_anyway() -> None:
    """Let this POST stand although it answers 422: a draft is kept as typed, whether its answers can be sent or not."""
    g.is_kept = True


def _close_transaction(response: Response) -> Response:
    is_kept = response.status_code < 400 or (response.status_code == 422 and g.get("is_kept", False))
    if request.method in SAFE or not is_kept:
        roll_back()
        return response
    try:
        db.session.commit()
    except Exception as fault:  # Flask asks no error handler from here
        g.is_committing = True
        return _refused(fault)
    return response


def _refused(fault: Exception) -> Response:
    """The page for a commit that failed; what the view put into the cookie ("Saved.") goes with what it wrote.

    Errors: the fault itself, where no page is made for its kind.
    """
    cookie.clear()
    cookie.update(g.get("cookie_before", {}))
    roll_back()
    answer = current_app.make_response(current_app.handle_user_exception(fault))
    answer.headers["Cache-Control"] = "no-store"
    return answer
