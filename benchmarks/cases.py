"""A data set: some fifty cases walked by the real actions, then multiplied inside the database.

Every row of the walked cases (sections, frozen copies, papers, attachments, history, documents, checks, assessments,
paragraphs, decisions, ledger, projects, reports, mail) is copied with new keys, other words in its titles and other
days. What is over grows with the size; the work that is open does not: no body has a thousand cases on its desk.
"""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Column, Connection, Date, DateTime, Table, func, select, text

from fundapp.accounts.models import Account
from fundapp.applications import actions as applications
from fundapp.applications.models import Application
from fundapp.db import Base, db
from fundapp.meetings.models import Meeting
from fundapp.permissions import Role
from fundapp.projects.models import Project
from fundapp.reference import load_reference
from fundapp.registry.models import Case
from fundapp.search import searchable, sort_key
from fundapp.workflow import Outcome
from tests.factories import applications as drafts
from tests.factories import assessments, meetings, people, projects, registry, reports
from tests.factories.decisions import approved, recorded, released

RECIPE = 5  # another number where other rows come out, so that kept data sets are built anew
OVER, OPEN, AGENDA = 40, 15, 5  # cases in one copy of what is over, of what is open, and of one more agenda
STAYS = {"counter", "round", "fund", "board", "plan", "role_given", "sign_in_attempt", "login_session", "floor_row"}
STAYS |= {"floor_audit", "record_entry", "record_salt", "record_node", "record_root", "record_disposal"}
WORDS = (
    "vid älven", "i Töre", "i Sangis", "för alla", "på landsbygden", "i Karungi", "på fritiden", "med hela familjen",
    "i skolan", "på biblioteket", "i Påläng", "med musik", "med matlagning", "i Nyborg", "på isen", "i skogen",
    "med cykel", "på svenska", "över gränsen", "i Risögrund",
)  # fmt: skip
WORDED = {"application.title", "application.applicant_name", "organisation.name", "case.subject", "project.title"}


@dataclass(frozen=True)
class Officials:
    """Who works the cases; made before everything that is multiplied, so they are few."""

    registrar: Account
    officer: Account
    secretary: Account


def build(cases: int) -> None:
    """Fill the app's migrated, empty database with `cases` cases, inside an app context on the data set's day."""
    load_reference(db.session)
    db.session.execute(text("UPDATE round SET frame = 900000000000"))
    _staff()
    db.session.commit()
    open_copies = min(60, cases // 2 // OPEN)
    sittings = min(120, max(0, cases - 5_000) // AGENDA)
    over_copies = (cases - open_copies * OPEN - sittings * AGENDA) // OVER
    for walk, copies in ((_walk_over, over_copies), (_walk_open, open_copies), (_walk_sitting, sittings)):
        if not copies:
            continue
        before = _last_ids()
        walk(_staff())
        db.session.commit()
        _multiply(before, copies - 1)
        _agree()
    _spread_over_rounds()
    _agree()
    _write_search_texts()
    settle()


def settle() -> None:
    """What the engine does by itself in time: the planner's figures, and on PostgreSQL the dead rows."""
    with db.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("VACUUM ANALYZE" if connection.dialect.name == "postgresql" else "ANALYZE"))


def _staff() -> Officials:
    """The officials, made at the first call."""
    return Officials(
        people.official(Role.REGISTRAR, name="Rut Registrator", email="registrar@kommun.example"),
        people.official(Role.OFFICER, name="Torsten Ek", email="officer@kommun.example"),
        people.official(Role.SECRETARY, name="Siv Sekreterare", email="secretary@kommun.example"),
    )


def _spread_over_rounds() -> None:
    """What is over belongs to all the rounds of its fund, not to this year's alone."""
    with db.engine.begin() as connection:
        fund, now = connection.execute(
            text("SELECT fund_id, id FROM round WHERE id = (SELECT MAX(round_id) FROM application)")
        ).one()
        rounds = connection.execute(text("SELECT id FROM round WHERE fund_id = :fund"), {"fund": fund}).scalars().all()
        for place, other in enumerate(rounds):
            connection.execute(
                text(
                    "UPDATE application SET round_id = :other WHERE round_id = :now AND id % :count = :place "
                    "AND status IN ('GRANTED', 'GRANTED_IN_PART', 'REJECTED', 'WITHDRAWN')"
                ),
                {"other": other, "now": now, "count": len(rounds), "place": place},
            )


def _write_search_texts() -> None:
    """What each application is found and sorted by, from its own title and numbers: copied it would be the walked
    case's.
    """
    rows = select(
        Application.id, Application.title, Application.applicant_name, Application.org_number, Case.diary_number,
        Case.subject, Case.year, Case.number, Case.board_id,
    ).outerjoin(Case, Case.id == Application.case_id)  # fmt: skip
    write = text(
        "UPDATE application SET search_text = :text, title_key = :title, applicant_key = :name, number_key = :number"
        " WHERE id = :key"
    )
    last, size = 0, 5_000
    with db.engine.begin() as connection:
        while found := connection.execute(rows.where(Application.id > last).order_by(Application.id).limit(size)).all():
            connection.execute(write, [{"key": row.id, "text": _search_text(row)} | _sort_keys(row) for row in found])
            last = found[-1].id


def _sort_keys(row: Any) -> dict[str, str]:
    number = f"{row.year}{row.number:08} {row.board_id}" if row.number else ""
    return {"title": sort_key(row.title), "name": sort_key(row.applicant_name), "number": number}


def _search_text(row: Any) -> str:
    number = row.org_number
    return searchable(
        row.title,
        row.applicant_name,
        f"{number} {number[:6]}-{number[6:]}" if number else None,
        f"{row.diary_number} {row.subject}" if row.diary_number else None,
    )


def _owners(count: int, first: int) -> list[Account]:
    found = []
    for number in range(count):
        owner = people.applicant(f"Amina Lindqvist {number}", f"sokande{first + number}@forening.example")
        people.organisation(
            owner,
            name=f"Förening {first + number}",
            org_number=str(8020000000 + first + number),
            email=f"styrelsen{first + number}@forening.example",
        )
        found.append(owner)
    return found


def _walk_over(staff: Officials) -> None:
    """Forty that have ended, decided at one sitting: 28 funded (18 reported and closed), 8 refused, 4 withdrawn."""
    owners = _owners(8, 0)
    for number in range(4):
        sent = drafts.submitted(by=owners[number], title="Körsång")
        applications.withdraw(sent, by=sent.created_by)
    ready = [_ready(owners[number % 8], staff, _TITLES[number % len(_TITLES)]) for number in range(36)]
    sitting = meetings.opened(secretary=staff.secretary)
    for number, case in enumerate(ready):
        outcome = Outcome.GRANT if number < 20 else Outcome.GRANT_IN_PART if number < 28 else Outcome.REJECT
        _record(case, sitting, staff, outcome)
    approved(sitting, secretary=staff.secretary)
    released(sitting, secretary=staff.secretary)
    started = db.session.scalars(select(Project).where(Project.application_id.in_([case.id for case in ready])))
    for number, project in enumerate(started.all()):
        projects.paid(
            project, 1 if number >= 18 else len(project.instalments), by=staff.officer, approved_by=staff.secretary
        )
        if number < 18:
            reports.approved(
                project, officer=staff.officer, by=project.application.created_by, used=str(project.granted)
            )


_TITLES = ("Språkkafé", "Läxhjälp", "Fotboll", "Körkortsteori", "På skidor", "Odling", "Teater", "Simskola", "Mentorer")


def _walk_open(staff: Officials) -> None:
    """Fifteen on their way: 4 drafts ready to send, 2 sent, 1 registered, 2 being assessed, 1 ready, 5 on an agenda."""
    owners = _owners(5, 50)
    for number in range(4):
        drafts.draft(by=owners[number], title="Nytt utkast")
    for number in range(2):
        drafts.submitted(by=owners[number], title="Nyss inkommen")
    registry.registered(registrar=staff.registrar, by=owners[2], title="Diarieförd")
    for number in range(2):
        assessments.under_assessment(
            officer=staff.officer, registrar=staff.registrar, by=owners[number], title="Under handläggning"
        )
    _ready(owners[3], staff, "Klar för nämnden")
    sitting = meetings.opened(secretary=staff.secretary)
    for number in range(5):
        _record(_ready(owners[number], staff, "På dagordningen"), sitting, staff, Outcome.GRANT)


def _walk_sitting(staff: Officials) -> None:
    """Five more on an agenda with their outcomes recorded: what is approved, 150 decisions at a time."""
    owners = _owners(5, 80)
    sitting = meetings.opened(secretary=staff.secretary)
    for number in range(AGENDA):
        _record(_ready(owners[number], staff, "På dagordningen"), sitting, staff, Outcome.GRANT)


def _ready(owner: Account, staff: Officials, title: str) -> Application:
    return assessments.assessed(officer=staff.officer, registrar=staff.registrar, by=owner, title=title)


def _record(case: Application, sitting: Meeting, staff: Officials, outcome: Outcome) -> None:
    item = meetings.on_agenda(case, secretary=staff.secretary, meeting=sitting)
    recorded(item, case, outcome=outcome, secretary=staff.secretary)


# --- multiplying ------------------------------------------------------------------------------------------------


def _tables() -> list[Table]:
    return [table for table in Base.metadata.sorted_tables if table.name not in STAYS]


def _last_ids() -> dict[str, int]:
    keyed = [table for table in Base.metadata.sorted_tables if "id" in table.c]
    return {table.name: db.session.scalar(select(func.max(table.c.id))) or 0 for table in keyed}


def _multiply(before: dict[str, int], copies: int) -> None:
    """Copy every row that came after `before` `copies` times over."""
    after = _last_ids()
    made = {name: after[name] - before[name] for name in before}
    db.session.close()
    with db.engine.connect() as connection:
        _without_foreign_keys(connection)
        for table in _tables():
            if copies > 0 and (made.get(table.name, 0) or _owner_of(table) is not None):
                connection.execute(text(_copy_of(table, before, made, connection.dialect.name)), {"copies": copies})
        connection.commit()


def _without_foreign_keys(connection: Connection) -> None:
    """The copies keep the originals' references, so that looking each up again would only take time."""
    if connection.dialect.name == "postgresql":
        connection.execute(text("SET LOCAL session_replication_role = replica"))
    else:
        connection.commit()
        driver = connection.connection.driver_connection
        assert driver is not None  # noqa: S101
        driver.execute("PRAGMA foreign_keys=OFF")


_NUMBERS = {
    "postgresql": "generate_series(1, CAST(:copies AS bigint)) AS n(k)",
    "sqlite": (
        "(WITH RECURSIVE n(k) AS (SELECT 1 UNION ALL SELECT k + 1 FROM n WHERE k < :copies) SELECT k FROM n) AS n"
    ),
}


def _copy_of(table: Table, before: dict[str, int], made: dict[str, int], dialect: str) -> str:
    """One INSERT … SELECT for all the copies of a table's new rows."""
    if "id" in table.c:
        is_new = f"t.id > {before[table.name]} AND t.id <= {before[table.name] + made[table.name]}"
    else:
        key, owner = _owner_of(table) or ("", "")
        is_new = f"t.{key} > {before[owner]} AND t.{key} <= {before[owner] + made[owner]}"
    names = ", ".join(f'"{column.name}"' for column in table.c)
    values = ", ".join(_value(column, before, made, dialect) for column in table.c)
    source = f'"{table.name}" t, {_NUMBERS[dialect]}'
    return f'INSERT INTO "{table.name}" ({names}) SELECT {values} FROM {source} WHERE {is_new}'  # noqa: S608  own names


def _owner_of(table: Table) -> tuple[str, str] | None:
    """The column of a table without a key of its own that points to what is copied, and where it points; None where
    none does, as in the sealed record, which nothing in a copy can belong to.
    """
    if "id" in table.c:
        return None
    pointing = ((c.name, f.column.table.name) for c in table.c for f in c.foreign_keys)
    return next(((column, owner) for column, owner in pointing if owner not in STAYS), None)


def _value(column: "Column[object]", before: dict[str, int], made: dict[str, int], dialect: str) -> str:
    """A column of a copy, as SQL over the original `t` and the copy's number `k`."""
    name, table = f't."{column.name}"', column.table.name
    tag = "lpad(to_hex(n.k), 5, '0')" if dialect == "postgresql" else "printf('%05x', n.k)"
    if column.name == "id":
        return f"t.id + n.k * {made[table]}"
    if column.foreign_keys:
        other = next(iter(column.foreign_keys)).column.table.name
        if other in STAYS or not made.get(other):
            return name
        return f"CASE WHEN {name} > {before[other]} THEN {name} + n.k * {made[other]} ELSE {name} END"
    if column.name == "public_id" or (column.name == "thread" and table in ("history_entry", "message")):
        return f"CASE WHEN length({name}) = 12 THEN substr({name}, 1, 7) || {tag} ELSE {name} END"
    if column.name == "key" and table == "stored_file":
        return f"substr({name}, 1, 40) || {tag}"
    if column.name in ("email", "message_id"):
        return f"n.k || '.' || {name}"
    if column.name == "org_number":
        return f"CAST(CAST({name} AS bigint) + n.k * 100 AS {'varchar' if dialect == 'postgresql' else 'text'})"
    if column.name == "subject_id":
        return name  # which row of which table: nothing reads it
    return _worded(column, name, made, dialect)


def _worded(column: "Column[object]", name: str, made: dict[str, int], dialect: str) -> str:
    table = column.table.name
    if (table, column.name) in (("case", "number"), ("minute_item", "number")):
        return f"{name} + n.k * {made[table]}"
    if column.name == "diary_number":
        return f"'KS 2017:' || (t.number + n.k * {made[table]})"
    if f"{table}.{column.name}" in WORDED:
        word = " ".join(f"WHEN {number} THEN '{each}'" for number, each in enumerate(WORDS))
        return f"{name} || ' ' || CASE n.k % {len(WORDS)} {word} END || ' ' || n.k"
    is_day, is_instant = isinstance(column.type, Date), isinstance(getattr(column.type, "impl", None), DateTime)
    back = "(CAST(:copies AS integer) - n.k)"
    if (is_day or is_instant) and dialect == "postgresql":
        return f"{name} - CAST({back} AS integer)" if is_day else f"{name} - {back} * interval '1 day'"
    if is_day:
        return f"date({name}, '-' || {back} || ' days')"
    return f"strftime('%Y-%m-%d %H:%M:%f', {name}, '-' || {back} || ' days')" if is_instant else name


def _agree() -> None:
    """Round totals, counters and sequences as the rows say."""
    sums = {
        "reserved": ("RESERVE", "UNRESERVE"),
        "granted": ("GRANT", ""),
        "paid": ("PAY", ""),
        "released": ("RELEASE", ""),
    }
    with db.engine.begin() as connection:
        parts = []
        for column, (plus, minus) in sums.items():
            less = "GRANT" if column == "reserved" else minus
            parts.append(
                f"{column} = COALESCE((SELECT SUM(CASE WHEN kind = '{plus}' THEN amount ELSE -amount END)"  # noqa: S608
                f" FROM ledger_entry e WHERE e.round_id = round.id AND kind IN ('{plus}', '{minus}', '{less}')), 0)"
            )
        connection.execute(text(f"UPDATE round SET {', '.join(parts)}"))  # noqa: S608
        for series, table in (("DIARY", '"case"'), ("PARAGRAPH", "minute_item")):
            connection.execute(
                text(f"UPDATE counter SET last = (SELECT MAX(number) FROM {table}) WHERE series = '{series}'")  # noqa: S608
            )
        if connection.dialect.name == "postgresql":
            for kept in Base.metadata.sorted_tables:
                if "id" in kept.c:
                    connection.execute(
                        text(
                            f"SELECT setval(pg_get_serial_sequence('\"{kept.name}\"', 'id'), "  # noqa: S608
                            f'(SELECT GREATEST(MAX(id), 1) FROM "{kept.name}"))'
                        )
                    )
