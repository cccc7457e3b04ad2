"""What the database itself refuses: to change or remove what is written once, whoever asks for it.

The triggers are made from one list, after every migration (`revisions`), since SQLite loses them where a migration
makes a table anew; `fundapp check` names those that are missing. A row may be removed once its disposal is entered.
"""

from collections.abc import Iterator

from sqlalchemy import Connection, inspect

from fundapp.record.sealed import TABLES

# The record's own tables, with their keys.
_RECORD = {
    "record_entry": ("number",),
    "record_node": ("level", "place"),
    "record_root": ("id",),
    "record_disposal": ("id",),
    "record_salt": ("number",),
}
GUARDED = (*_RECORD, *(name for name in TABLES if name not in _RECORD))
# What a role that only serves the app needs no right to change (docs/record.md). A decision is, until it is final.
NEVER_CHANGED = tuple(name for name in GUARDED if name not in TABLES or not TABLES[name].when)
NEVER_REMOVED = ("record_entry", "record_node", "record_root", "record_disposal")
_FUNCTION = """
CREATE OR REPLACE FUNCTION record_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP = 'DELETE' AND TG_NARGS > 0 AND EXISTS (
    SELECT 1 FROM record_disposal JOIN record_entry ON record_entry.number = record_disposal.number
    WHERE CASE TG_ARGV[0]
      WHEN 'number' THEN record_entry.number = (to_jsonb(OLD) ->> 'number')::bigint
      ELSE record_entry.table_name = TG_TABLE_NAME AND record_entry.row_id = (to_jsonb(OLD) ->> 'id')::bigint
    END
  ) THEN
    RETURN OLD;
  END IF;
  RAISE EXCEPTION '% of % is refused: it is written once', TG_OP, TG_TABLE_NAME USING ERRCODE = 'restrict_violation';
END
$$
"""


def put_up(connection: Connection) -> None:
    """Make every trigger anew that this database can have."""
    take_down(connection)
    found = _wanted(connection)
    if found and connection.dialect.name == "postgresql":
        connection.exec_driver_sql(_FUNCTION.replace("%", "%%"))
    for statement in found.values():
        connection.exec_driver_sql(statement)


def take_down(connection: Connection) -> None:
    """Remove every trigger of ours: for a migration, which may have to move rows."""
    on_postgresql = connection.dialect.name == "postgresql"
    for name, table in _standing(connection).items():
        connection.exec_driver_sql(f"DROP TRIGGER {name}" + (f" ON {table}" if on_postgresql else ""))
    if on_postgresql:
        connection.exec_driver_sql("DROP FUNCTION IF EXISTS record_refuse()")


def missing(connection: Connection) -> list[str]:
    """The names of triggers that should stand and do not, or that are not as they should be (SQLite), or switched off
    (PostgreSQL). Empty before the record's tables are there.
    """
    wanted, standing = _wanted(connection), _standing(connection)
    absent = [name for name in wanted if name not in standing]
    if connection.dialect.name == "sqlite":
        asked = connection.exec_driver_sql("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'")
        kept = {row[0]: row[1] for row in asked}
        return absent + [name for name in wanted if name in standing and kept[name] != wanted[name]]
    return absent


def grants(role: str) -> list[str]:
    """Statements that leave a PostgreSQL role what the app needs and not more of what is written once. The tables must
    belong to another role.
    """
    return [
        f"GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO {role}",
        f"GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA public TO {role}",
        f"REVOKE UPDATE, TRUNCATE ON {', '.join(NEVER_CHANGED)} FROM {role}",
        f"REVOKE DELETE ON {', '.join(NEVER_REMOVED)} FROM {role}",
    ]


def too_many_rights(connection: Connection) -> list[str]:
    """The tables that the connected PostgreSQL role may change although the app never does."""
    if connection.dialect.name != "postgresql":
        return []
    here = set(inspect(connection).get_table_names())
    asked = "SELECT has_table_privilege(%(name)s, 'UPDATE')"
    return [
        name
        for name in NEVER_CHANGED
        if name in here and connection.exec_driver_sql(asked, {"name": name}).scalar_one()
    ]


def _standing(connection: Connection) -> dict[str, str]:
    """Our triggers, each with its table; one that is switched off does not stand."""
    if connection.dialect.name == "sqlite":
        asked = "SELECT name, tbl_name FROM sqlite_master WHERE type = 'trigger' AND name LIKE 'record|_%' ESCAPE '|'"
    else:
        asked = (
            "SELECT tgname, relname FROM pg_trigger JOIN pg_class ON pg_class.oid = tgrelid"
            " WHERE NOT tgisinternal AND tgenabled <> 'D' AND starts_with(tgname, 'record_')"
            " AND pg_table_is_visible(pg_class.oid)"
        )
    return {row[0]: row[1] for row in connection.exec_driver_sql(asked)}


def _wanted(connection: Connection) -> dict[str, str]:
    """Every trigger of the list that this database's tables and columns allow, as the statement that makes it."""
    seen = inspect(connection)
    here = set(seen.get_table_names())
    if not set(_RECORD) <= here:
        return {}
    make = _of_sqlite if connection.dialect.name == "sqlite" else _of_postgresql
    found: dict[str, str] = {}
    for table in GUARDED:
        if table in here:
            columns = [column["name"] for column in seen.get_columns(table)]
            found |= dict(make(table, columns))
    return found


def _condition(table: str, columns: list[str], differs: str) -> tuple[str, str]:
    """When a change, and when a removal, is refused; empty where it always is."""
    one = TABLES.get(table)
    if one is None or not one.when:
        return "", ""
    changed = " OR ".join(f"OLD.{name} {differs} NEW.{name}" for name in sorted(one.columns & set(columns)))
    is_sealed = f"OLD.{one.when} IS NOT NULL"
    return f"{is_sealed} AND ({changed})", is_sealed


def _of_sqlite(table: str, columns: list[str]) -> Iterator[tuple[str, str]]:
    change, removal = _condition(table, columns, "IS NOT")
    disposed = _disposed_on_sqlite(table)
    removal = " AND ".join(part for part in (removal, f"NOT {disposed}" if disposed else "") if part)
    key = " AND ".join(f"{name} = NEW.{name}" for name in _RECORD.get(table, ("id",)))
    replaced = f"EXISTS (SELECT 1 FROM {table} WHERE {key})"  # noqa: S608  names of ours  # nosec B608
    # INSERT OR REPLACE removes a row without asking.
    for event, moment, condition in (
        ("update", "BEFORE UPDATE", change),
        ("delete", "BEFORE DELETE", removal),
        ("replace", "BEFORE INSERT", replaced),
    ):
        when = f" WHEN {condition}" if condition else ""
        refused = f"SELECT RAISE(ABORT, '{event} of {table} is refused: it is written once');"
        name = f"record_{table}_{event}"
        yield name, f"CREATE TRIGGER {name} {moment} ON {table}{when} BEGIN {refused} END"


def _disposed_on_sqlite(table: str) -> str:
    joined = "record_disposal JOIN record_entry ON record_entry.number = record_disposal.number"
    if table == "record_salt":
        return "EXISTS (SELECT 1 FROM record_disposal WHERE number = OLD.number)"
    if table in NEVER_REMOVED:
        return ""
    return f"EXISTS (SELECT 1 FROM {joined} WHERE table_name = '{table}' AND row_id = OLD.id)"  # noqa: S608  as above  # nosec B608


def _of_postgresql(table: str, columns: list[str]) -> Iterator[tuple[str, str]]:
    change, removal = _condition(table, columns, "IS DISTINCT FROM")
    by = "" if table in NEVER_REMOVED else "'number'" if table == "record_salt" else "'id'"
    for event, scope, condition, argument in (
        ("update", "FOR EACH ROW", change, ""),
        ("delete", "FOR EACH ROW", removal, by),
        ("truncate", "FOR EACH STATEMENT", "", ""),
    ):
        when = f" WHEN ({condition})" if condition else ""
        name = f"record_{table}_{event}"
        yield (
            name,
            f"CREATE TRIGGER {name} BEFORE {event.upper()} ON {table} {scope}{when}"
            f" EXECUTE FUNCTION record_refuse({argument})",
        )
