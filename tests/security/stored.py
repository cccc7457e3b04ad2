"""Put a text into every field of a database that somebody's words are kept in: past every form, check and trigger."""

import json
import re
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

from sqlalchemy import JSON, Enum, String

from fundapp.db import Base

# What the app itself writes and goes by: names of things, keys, hashes, codes, languages, addresses within the app.
STRUCTURE = re.compile(
    r".*\.(public_id|.*_hash|hash|.*_key|key|token|sha256|media_type|code|language|.*_language|municipality|kind|item"
    r"|template|table_name|salt|hashes|root|public_key|signature|event|part|thread|origin|occasion|message_id|query"
    r"|rights|next_path|org_number|diary_pattern|store_key|page|search_text|token_hash|secret|state|method)"
    r"|history_entry\.subject|paper_template\.heading_key|board\.(abbreviation|sittings|code)|list_export\.chosen"
    r"|ranking\.places|assessment\.scores|review\.scores|completion_request\.sections"
    r"|section_change\.before|correction\.(before|after)"
    r"|(account|message|sign_in_attempt|referral)\.(email|to)|objective\.code|delegation_point\.number|saved_view\.name_key"
    r"|passkey\.(credential_id|public_key)|passkey_challenge\..*|totp_key\.sealed|identity\.(issuer|subject)"
)
TextFor = Callable[[str], str]


def text_columns() -> Iterator[tuple[str, str, bool]]:
    """Table, column, and whether it is a document (JSON), of every field that holds text."""
    for table in Base.metadata.sorted_tables:
        for column in table.columns:
            if isinstance(column.type, JSON) or type(column.type).__name__.startswith("JSON"):
                yield table.name, column.name, True
            elif isinstance(column.type, String) and not isinstance(column.type, Enum):
                yield table.name, column.name, False


def filled() -> list[tuple[str, str, bool]]:
    """The fields that somebody's words are kept in."""
    return [one for one in text_columns() if not STRUCTURE.fullmatch(f"{one[0]}.{one[1]}")]


def fill(file: Path, text_for: TextFor) -> int:
    """Put `text_for("table.column")` after what stands there, wherever something does. Gives how many values it was."""
    count = 0
    with closing(sqlite3.connect(file)) as database, database:
        for (name,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
            database.execute(f'DROP TRIGGER "{name}"')
        there = {name for (name,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
        database.execute("PRAGMA ignore_check_constraints = ON")
        for table, column, is_document in filled():
            if table not in there:
                continue
            text = text_for(f"{table}.{column}")
            rows = database.execute(f'SELECT rowid, "{column}" FROM "{table}" WHERE "{column}" > \'\'').fetchall()  # noqa: S608  names of our own tables
            for place, before in rows:
                after = json.dumps(within(json.loads(before), text)) if is_document else f"{text}{place}"
                database.execute(f'UPDATE OR IGNORE "{table}" SET "{column}" = ? WHERE rowid = ?', (after, place))  # noqa: S608
                count += 1
    return count


def within(document: Any, text: str) -> Any:
    """The document with `text` for every value in it that is somebody's words: letters and a blank."""
    if isinstance(document, dict):
        return {key: within(value, text) for key, value in document.items()}
    if isinstance(document, list):
        return [within(value, text) for value in document]
    is_words = isinstance(document, str) and re.search(r"[^\W\d_]", document) and re.search(r"\s", document)
    return text if is_words else document
