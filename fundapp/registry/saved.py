"""Named views of the list of cases: kept by a person, and shared with colleagues if the person likes."""

from flask_login import current_user
from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError

from fundapp import clock
from fundapp.accounts.models import Account
from fundapp.db import db
from fundapp.languages import Lazy, _dl
from fundapp.registry.choices import MOST_VIEWS
from fundapp.registry.listed import SavedView
from fundapp.search import folded

LONGEST_NAME, LONGEST_QUERY = 60, 1000


def view(public_id: str) -> SavedView | None:
    """A view of the signed-in person's own."""
    return db.session.scalar(
        select(SavedView).where(SavedView.public_id == public_id, SavedView.account_id == current_user.id)
    )


def own_views(person: Account) -> list[SavedView]:
    """The person's own, by name."""
    mine = select(SavedView).where(SavedView.account_id == person.id)
    return list(db.session.scalars(mine.order_by(SavedView.name_key)))


def fault_of(name: str, person: Account, *, but: SavedView | None = None) -> Lazy | None:
    """Why the person cannot have a view of that name, or None."""
    if not name:
        return _dl("Write a name for the view.")
    if len(name) > LONGEST_NAME:
        return _dl("Write a name of at most %(most)s letters.", most=LONGEST_NAME)
    others = select(SavedView.id).where(SavedView.account_id == person.id, SavedView.name_key == _key(name))
    if but is not None:
        others = others.where(SavedView.id != but.id)
    if db.session.scalar(others) is not None:
        return _dl("You have a view of that name already. Choose another name.")
    return None


def why_full(person: Account) -> Lazy | None:
    """Why the person can have no further view, or None."""
    count = db.session.scalar(select(func.count()).where(SavedView.account_id == person.id)) or 0
    return _dl("You have %(n)s views. Remove one first.", n=count) if count >= MOST_VIEWS else None


def save(name: str, query: str, *, is_shared: bool, by: Account) -> SavedView | None:
    """Keep the list under a name that `fault_of` has nothing against; None where the same name came just before."""
    view = SavedView(
        account_id=by.id,
        name=name,
        name_key=_key(name),
        query=query[:LONGEST_QUERY],
        is_shared=is_shared,
        saved_at=clock.now(),
    )
    return view if _keep(view) else None


def change(view: SavedView, name: str, *, is_shared: bool) -> bool:
    """Give it another name, share it or share it no more; False where the same name came just before."""
    view.name, view.name_key, view.is_shared = name, _key(name), is_shared
    return _keep(view)


def _keep(view: SavedView) -> bool:
    try:
        with db.session.begin_nested():
            db.session.add(view)
            db.session.flush()
    except IntegrityError:
        return False
    return True


def remove(view: SavedView) -> None:
    db.session.delete(view)
    db.session.flush()


def _key(name: str) -> str:
    return folded(name)[:LONGEST_NAME]
