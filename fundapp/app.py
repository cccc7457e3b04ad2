"""create_app(): settings, extensions, then the blueprints in the order of the journey."""

import gc
from typing import Any, Literal

from flask import Flask, Response, jsonify, redirect, request, url_for
from flask_login import current_user
from flask_wtf.csrf import CSRFProtect
from jinja2 import StrictUndefined
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError
from werkzeug.middleware.proxy_fix import ProxyFix
from werkzeug.wrappers import Response as AnyResponse

from fundapp import clock, config, files, jobs, languages, paths, patience, revisions, safety
from fundapp.accounts import sessions
from fundapp.config import BadSettings, Settings
from fundapp.db import UtcInstant, db, guard
from fundapp.funds.queries import ledger_faults
from fundapp.goals.rules import municipality_named
from fundapp.stations import BLUEPRINTS, DESK, OF_APPLICANTS
from fundapp.web import (
    access,
    errors,
    filters,
    headers,
    limits,
    menu,
    metrics,
    once,
    security,
    security_txt,
    turns,
    watch,
)


def create_app(settings: Settings | None = None) -> Flask:
    """The whole app. Errors: BadSettings where the settings or the database are not safe to start with."""
    ours, faults = (settings, []) if settings else config.read()
    faults += safety.unsafe_place(ours)
    if faults:
        raise BadSettings(faults)
    if settings is None:
        watch.log_in_lines(is_production=ours.is_production)
    app = Flask(__name__)
    _configure(app, ours)
    db.init_app(app)
    # Its teardown for asyncio sessions starts an event loop at the end of every request; there are none here.
    app.teardown_appcontext_funcs[:] = [
        f for f in app.teardown_appcontext_funcs if f.__name__ != "_close_async_sessions"
    ]
    with app.app_context():
        guard(db.engine)
        metrics.set_up(app, ours)
        watch.listen(db.engine, app.extensions["fundapp.tally"])
    with app.app_context():
        jobs.set_up(app)
    sessions.set_up(app)
    security.set_up(app)
    for part in (access, errors, filters, menu, once):
        part.set_up(app)
    CSRFProtect(app)  # after the door, which sets the language that a refusal is told in
    turns.set_up(app)  # after the form is read, and before anything is asked of the database
    limits.set_up(app)
    for blueprint in BLUEPRINTS:
        access.register(app, blueprint)
    if ours.is_demo:
        _set_up_demo(app, ours)
    else:
        clock.run_true()
    _add_plain_pages(app)
    app.before_request(_speak_the_desk)
    app.context_processor(_page_frame)
    _wrap(app, ours)
    if settings is None:
        # What start-up made lives as long as the process: the collector need not look at it again.
        gc.freeze()
    return app


def _wrap(app: Flask, ours: Settings) -> None:
    """What stands around Flask, from the inside out: static files and headers, the proxy's word, the watch."""
    headers.set_up(app, is_production=ours.is_production)
    if ours.proxies:
        app.wsgi_app = ProxyFix(  # type: ignore[method-assign]  # Flask documents this way of wrapping
            app.wsgi_app, x_for=ours.proxies, x_proto=ours.proxies
        )
    watch.set_up(app, ours)
    metrics.show(
        app,
        "fundapp_ledger_faults",
        "Rounds and sums that do not agree with the ledger.",
        "",
        lambda: {"": float(len(ledger_faults(db.session)))},
    )


def _configure(app: Flask, ours: Settings) -> None:
    ours.instance.mkdir(parents=True, exist_ok=True)
    app.extensions["fundapp.settings"] = ours
    app.config.update(
        SECRET_KEY=ours.secret_key,
        SESSION_COOKIE_NAME=headers.cookie_name("fundapp", is_production=ours.is_production),
        SESSION_COOKIE_SECURE=ours.is_production,
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        MAX_CONTENT_LENGTH=files.LARGEST_SENT + 1024 * 1024,
        MAX_FORM_MEMORY_SIZE=2 * 1024 * 1024,
        # A fault that is logged must not tell what somebody typed.
        SQLALCHEMY_ENGINES={
            "default": {
                "url": ours.database_url,
                "hide_parameters": True,
                "pool_size": patience.CONNECTIONS,
                "pool_use_lifo": True,  # the connection that was used last has its statements prepared
                "pool_timeout": patience.POOL,
            }
        },
        ALEMBIC={"script_location": str(paths.MIGRATIONS)},
        ALEMBIC_CONTEXT={
            "render_as_batch": True,
            "render_item": _as_plain_type,
            "include_name": jobs.leave_out_of_comparison,
            "include_object": _is_for_this_engine,
        },
        WTF_CSRF_TIME_LIMIT=None,
    )
    app.jinja_env.undefined = StrictUndefined
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    app.jinja_env.autoescape = True


def _as_plain_type(kind: str, item: Any, _context: Any) -> str | Literal[False]:
    """In a migration our own type is the plain one beneath it, so that an old migration never needs today's code."""
    return "sa.DateTime(timezone=True)" if kind == "type" and isinstance(item, UtcInstant) else False


def _is_for_this_engine(item: Any, *_rest: Any) -> bool:
    """Whether a table or index is to be found in this database: an index may be for one engine alone."""
    return item.info.get("engine", db.engine.dialect.name) == db.engine.dialect.name


def _set_up_demo(app: Flask, ours: Settings) -> None:
    from fundapp.demo import views  # noqa: PLC0415  outside the demo this code is not even read

    assert ours.demo_date is not None  # noqa: S101  from_environment sees to it
    clock.run_from(ours.demo_date, ours.demo_clock)
    app.register_blueprint(views.blueprint)


def _is_at_desk() -> bool:
    """Whether the page is an official's, and so in a language of the desk."""
    return request.blueprint in DESK and request.endpoint not in OF_APPLICANTS


def _speak_the_desk() -> AnyResponse | None:
    """An official's page in another language than the desk's leads to the Swedish one."""
    if _is_at_desk() and request.method == "GET" and not languages.current().is_for_desk:
        return redirect(filters.same_page_in(languages.AUTHORITY_LANGUAGE))
    return None


def _page_frame() -> dict[str, Any]:
    ours = config.settings()
    return {
        "base_url": ours.base_url,  # never what the request says that we are called
        "languages": [each for each in languages.LANGUAGES.values() if each.is_for_desk or not _is_at_desk()],
        "municipality": municipality_named(ours.municipality),
        "menu": menu.entries() if request.endpoint else [],
        "is_desk": request.blueprint in DESK or bool(current_user.is_authenticated and current_user.roles),
        "demo_day": languages.long_day(clock.today()) if ours.is_demo else None,
    }


def _add_plain_pages(app: Flask) -> None:
    app.register_blueprint(security_txt.blueprint)

    @app.get("/")
    @access.public
    def home() -> AnyResponse:
        """To the start page in the reader's language."""
        return redirect(url_for("public.start"))

    @app.get("/healthz")
    @access.public
    def healthz() -> tuple[Response, int]:
        """200 only when the database answers and its migrations are at head."""
        try:
            with db.engine.connect() as connection:
                current = connection.scalar(text("SELECT version_num FROM alembic_version"))
        except SQLAlchemyError:
            return jsonify(status="unavailable", database="no answer"), 503
        if current != revisions.head():
            return jsonify(status="unavailable", database="ok", migrations="not at head"), 503
        return jsonify(status="ok", database="ok", migrations=current), 200
