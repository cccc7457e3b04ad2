"""The door: every route, method and role answered as the table below says; no GET writes; every POST needs its token.

The table is written by hand, beside `permissions.py` and not from it: a page that is added must be added here too.
"""

import shutil
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import inspect, text
from werkzeug.test import TestResponse

from fundapp.accounts.actions import begin_session, declare_conflict
from fundapp.accounts.models import Account
from fundapp.app import create_app
from fundapp.db import db
from fundapp.permissions import Role
from tests.factories import house
from tests.ground.databases import settings_for

ANYBODY = frozenset(
    {
        "nobody",
        "stranger",
        "owner",
        "conflicted",
        *(role.value for role in Role if role is not Role.APPLICANT),
    }
)
SIGNED_IN = ANYBODY - {"nobody"}
READERS = frozenset({"registrar", "officer", "secretary", "auditor"})
BOARD_ROOM = READERS | {"member", "conflicted"}  # `conflicted` is an officer with a conflict in the cases used here
OWNER = frozenset({"owner"})
NOBODY: frozenset[str] = frozenset()

# endpoint → who comes in. What each address is filled with stands in tests/factories/house.py.
PAGES: dict[str, frozenset[str]] = {
    "home": ANYBODY,
    "healthz": ANYBODY,
    "public.start": ANYBODY,
    "public.projects": ANYBODY,
    "public.project": ANYBODY,
    "public.paragraph": ANYBODY,
    "goals.show": ANYBODY,
    "goals.objective": ANYBODY,
    "goals.plan": ANYBODY,
    "goals.answer": frozenset({"officer", "secretary", "conflicted"}),
    "accounts.sign_in": ANYBODY,
    "accounts.enter_code": ANYBODY,
    "accounts.open_link": ANYBODY,
    "accounts.sign_out": ANYBODY,
    "accounts.account": SIGNED_IN,
    "accounts.organisations": SIGNED_IN,
    "accounts.new_organisation": SIGNED_IN,
    "accounts.organisation": OWNER,
    "accounts.people": frozenset({"administrator"}),
    "accounts.person": frozenset({"administrator"}),
    "accounts.conflicts": BOARD_ROOM,
    "accounts.end_conflict": frozenset({"conflicted"}),
    "funds.list": BOARD_ROOM | {"administrator"},
    "funds.show": BOARD_ROOM | {"administrator"},
    "funds.change_frame": frozenset({"secretary"}),
    "history.list": frozenset({"auditor"}),
    "applications.list": SIGNED_IN,
    "applications.new": SIGNED_IN,
    "applications.show": OWNER,
    "applications.section": OWNER,
    "applications.check": OWNER,
    "applications.submit": OWNER,
    "applications.receipt": OWNER,
    "applications.receipt_pdf": OWNER,
    "applications.withdraw": OWNER,
    "applications.attach": OWNER,
    "applications.detach": OWNER,
    "applications.attachment": OWNER,
    "registry.start": BOARD_ROOM,
    "registry.list": BOARD_ROOM,
    "registry.show": READERS,
    "registry.register": frozenset({"registrar"}),
    "registry.file_document": frozenset({"registrar", "officer"}),
    "registry.document": READERS,
    "registry.submission_pdf": READERS,
    "registry.attachment": READERS,
    "assessments.take_up": frozenset({"officer"}),
    "assessments.formal_check": frozenset({"officer"}),
    "assessments.request_completion": frozenset({"officer"}),
    "assessments.go_on_without": frozenset({"officer"}),
    "assessments.objectives": frozenset({"officer"}),
    "assessments.assess": frozenset({"officer"}),
    "assessments.report": frozenset({"officer"}),
    "assessments.reopen": frozenset({"officer"}),
    "assessments.reconsider": frozenset({"officer"}),
    "assessments.declare_conflict": READERS,
    "meetings.list": BOARD_ROOM,
    "meetings.show": BOARD_ROOM,
    "meetings.new": frozenset({"secretary"}),
    "meetings.add_item": frozenset({"secretary"}),
    "meetings.put_on_agenda": frozenset({"secretary"}),
    "meetings.take_off": frozenset({"secretary"}),
    "meetings.move": frozenset({"secretary"}),
    "meetings.open": frozenset({"secretary"}),
    "meetings.approve": frozenset({"secretary"}),
    "decisions.record_outcome": frozenset({"secretary"}),
    "decisions.letter": OWNER | READERS,
    "projects.list": BOARD_ROOM,
    "projects.show": OWNER | READERS | {"member"},
    "projects.pay": frozenset({"officer"}),
    "projects.plan": frozenset({"officer"}),
    "reports.edit": OWNER,
    "reports.check": OWNER,
    "reports.submit": OWNER,
    "reports.review": frozenset({"officer"}),
    "reports.repaid": frozenset({"officer"}),
}
