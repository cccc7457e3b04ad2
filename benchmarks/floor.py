"""The floor: a bare Flask + SQLAlchemy app over the same database, that does the least each kind of page must do.

hello: a text. rows: one indexed keyset SELECT of 25 into a plain table. row: one row by its key. add: one INSERT, one
audit row, COMMIT. No sign-in, no permission, no language, no form, no layout.
"""

import os
import secrets
from datetime import datetime

from flask import Flask, Response, abort, request
from sqlalchemy import BigInteger, Engine, Integer, String, create_engine, event, select
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column

PAGE = 25
KEY = BigInteger().with_variant(Integer(), "sqlite")
ROWS = """<!doctype html><title>Rows</title><table>
{% for row in rows %}<tr><td>{{ row.public_id }}</td><td>{{ row.title }}</td><td>{{ row.applicant_name }}</td>
<td>{{ row.amount_requested }}</td><td>{{ row.status }}</td><td>{{ row.submitted_at }}</td></tr>
{% endfor %}</table><a href="?before={{ rows[-1].id if rows else 0 }}">Older</a>"""
ROW = """<!doctype html><title>{{ row.title }}</title><h1>{{ row.title }}</h1><p>{{ row.applicant_name }}</p>
<p>{{ row.amount_requested }} {{ row.status }} {{ row.submitted_at }}</p>"""


class Base(DeclarativeBase):
    """The floor's own mapping; of the app's table it knows a few columns."""


class Row(Base):
    __tablename__ = "application"

    id: Mapped[int] = mapped_column(KEY, primary_key=True)
    public_id: Mapped[str]
    title: Mapped[str | None]
    applicant_name: Mapped[str | None]
    amount_requested: Mapped[int | None]
    status: Mapped[str]
    submitted_at: Mapped[datetime | None]


class FloorRow(Base):
    __tablename__ = "floor_row"

    id: Mapped[int] = mapped_column(KEY, primary_key=True)
    public_id: Mapped[str] = mapped_column(String(12), unique=True)
    title: Mapped[str] = mapped_column(String(200))
    applicant_name: Mapped[str] = mapped_column(String(200))
    amount_requested: Mapped[int]


class FloorAudit(Base):
    __tablename__ = "floor_audit"

    id: Mapped[int] = mapped_column(KEY, primary_key=True)
    row_id: Mapped[int] = mapped_column(KEY)
    event: Mapped[str] = mapped_column(String(60))


def make_tables(engine: Engine) -> None:
    """The two tables the floor writes to."""
    Base.metadata.create_all(engine, tables=[FloorRow.__table__, FloorAudit.__table__])  # type: ignore[list-item]


def create_floor(url: str | None = None) -> Flask:
    """The floor's app on FLOOR_DATABASE_URL; SQLite as safe as the app keeps it."""
    app = Flask(__name__)
    app.jinja_env.autoescape = True
    rows_page, row_page = app.jinja_env.from_string(ROWS), app.jinja_env.from_string(ROW)  # compiled once
    engine = create_engine(url or os.environ["FLOOR_DATABASE_URL"])
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", _prepare_sqlite)

    @app.get("/hello")
    def hello() -> str:
        return "hello"

    @app.get("/rows")
    def rows() -> str:
        before = request.args.get("before", 2**62, type=int)
        with Session(engine) as session:
            columns = (
                Row.id, Row.public_id, Row.title, Row.applicant_name, Row.amount_requested, Row.status, Row.submitted_at
            )  # fmt: skip
            found = session.execute(select(*columns).where(Row.id < before).order_by(Row.id.desc()).limit(PAGE)).all()
            return rows_page.render(rows=found)

    @app.get("/row/<public_id>")
    def row(public_id: str) -> str:
        with Session(engine) as session:
            found = session.scalar(select(Row).where(Row.public_id == public_id)) or abort(404)
            return row_page.render(row=found)

    @app.post("/add")
    def add() -> Response:
        with Session(engine) as session:
            new = FloorRow(
                public_id=secrets.token_hex(6),
                title=request.form["title"],
                applicant_name=request.form["applicant_name"],
                amount_requested=int(request.form["amount_requested"]),
            )
            session.add(new)
            session.flush()
            session.add(FloorAudit(row_id=new.id, event="add"))
            session.commit()
        return Response(status=303, headers={"Location": "/rows"})

    app.extensions["floor.engine"] = engine
    return app


def _prepare_sqlite(connection: object, _entry: object) -> None:
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "busy_timeout=10000"):
        connection.execute(f"PRAGMA {pragma}")  # type: ignore[attr-defined]  # the driver's connection
