"""Every column of every table is sent along with every form, by its rightful user: only the form's own fields count."""

from typing import Any

import pytest
from flask import request
from flask_login import current_user
from sqlalchemy import String

from fundapp.accounts.models import Account
from fundapp.db import Base
from tests.ground.foreign import Key, World
from tests.ground.forms import Filled

HOSTILE = "Främmande"
# Names that no column has, but that an object or a framework listens to.
OTHERS = (
    "__class__", "__dict__", "__init__", "__proto__", "constructor", "_sa_instance_state", "metadata", "registry",
    "query", "self", "by", "is_admin", "is_superuser", "admin", "permissions", "_method", "_key", "public_id[]",
    "account.roles", "roles[]", "organisation[public_id]",
)  # fmt: skip
Changes = dict[Key, dict[str, Any]]


def column_names() -> frozenset[str]:
    """Every attribute that a row has, columns and relationships."""
    return frozenset(name for mapper in Base.registry.mappers for name in mapper.attrs.keys())  # noqa: SIM118


def value_for(name: str) -> str:
    """What would do most where the name were taken at its word."""
    if name.endswith("_id") or name in ("id", "version", "number", "position"):
        return "1"
    if name in ("role", "roles"):
        return "administrator"
    if name.endswith(("_at", "_on")):
        return "2016-01-01"
    return "y" if name.startswith(("is_", "has_", "may_")) else HOSTILE


def everything_but(form: Filled) -> dict[str, str]:
    """Every name, but those that stand in the form or under one of its own (a row of a table of rows)."""
    own = form.names | {name.split("-")[-1] for name in form.names}
    return {name: value_for(name) for name in sorted(column_names() | set(OTHERS)) if name not in own}


def sent(world: World, form: Filled, extra: dict[str, str]) -> tuple[int, Changes]:
    """What the answer was, and each cell that became another, in new rows too; all is as it was afterwards."""
    watched = world.watched
    before = watched.first
    client = world.client_of(form.who)
    with client.post(form.address, data=dict(form.fields) | extra) as answer:
        status = answer.status_code
    after = watched.rows()
    watched.restore()
    changes: Changes = {}
    for key in before.keys() | after.keys():
        old, new = before.get(key, {}), after.get(key, {})
        if old != new and key[0] != "sent_form":  # a hash of all that came with the form, whatever it was
            cells = {name: new.get(name) for name in old.keys() | new.keys() if old.get(name) != new.get(name)}
            changes[key] = cells
    return status, changes


def faults_of(world: World, form: Filled) -> list[str]:
    """Where the form does something else when every other name comes along."""
    extra = everything_but(form)
    (status, plain), (status_with, loaded) = sent(world, form, {}), sent(world, form, extra)
    if (status, plain) == (status_with, loaded):
        return []
    _status, again = sent(world, form, {})
    found = [] if status == status_with else [f"{form.endpoint}: {status} became {status_with}"]
    if plain.keys() != loaded.keys():
        found.append(f"{form.endpoint}: other rows: {sorted(map(str, plain.keys() ^ loaded.keys()))[:6]}")
    for key in plain.keys() & loaded.keys():
        for name in plain[key].keys() | loaded[key].keys():
            was, now = plain[key].get(name), loaded[key].get(name)
            is_by_chance = was != again.get(key, {}).get(name)  # an id, a token, an instant: other each time
            if was != now and (not is_by_chance or now in extra.values()):
                found.append(f"{form.endpoint}: {key[0]}.{name}: {was!r} became {now!r}")
    return found


def _tried(world: World, forms: tuple[Filled, ...]) -> None:
    found, kept = [], 0
    for form in forms:
        found += faults_of(world, form)
        kept += sent(world, form, {})[0] < 400
    assert not found, "\n".join(found)
    assert kept > len(forms) / 2, "most forms must be taken, or nothing could have been assigned"


def test_a_sample_of_forms_takes_nothing_but_its_own_fields(world: World) -> None:
    _tried(world, world.forms.filled[::20])


@pytest.mark.slow
def test_no_form_takes_anything_but_its_own_fields(world: World) -> None:
    assert len(world.forms.filled) > 100
    _tried(world, world.forms.filled)


def test_an_action_that_takes_every_name_is_found(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    form = next(form for form in world.forms.filled if form.endpoint == "accounts.account")

    def take_all(_account: Any, **_facts: Any) -> None:
        texts = {each.key for each in Account.__table__.columns if isinstance(each.type, String)}
        for name in texts & set(request.form):
            setattr(current_user, name, request.form[name])

    assert faults_of(world, form) == []
    monkeypatch.setattr("fundapp.accounts.actions.correct_account", take_all)
    assert any("account" in fault.partition(":")[2] for fault in faults_of(world, form))
