"""What is done with the list of cases: views kept, many cases given out or put on an agenda, files of it."""

from typing import Any
from urllib.parse import parse_qsl, urlencode

from flask import Blueprint, Response, abort, flash, redirect, render_template, request, url_for
from flask_login import current_user
from werkzeug.datastructures import MultiDict

from fundapp import store
from fundapp.languages import _d, _dn
from fundapp.meetings import queries as meetings
from fundapp.permissions import Permission
from fundapp.registry import bulk, choices, exports, filters, making, saved
from fundapp.registry.listed import ListExport, SavedView
from fundapp.web.access import needs
from fundapp.web.fields import tidy
from fundapp.workflow import StepNotPossible

blueprint = Blueprint("lists", __name__)


class Picked:
    """What a form of the list is about: the list it stands on, and the rows that were chosen in it."""

    def __init__(self) -> None:
        self.choices = choices.find(current_user)
        self.filters = filters.read(MultiDict(parse_qsl(request.form.get("list", "")[:2000])), self.choices)
        self.is_all = request.form.get("which") == "all"
        is_page = request.form.get("which") == "page"
        rows = request.form.get("page", "").split() if is_page else request.form.getlist("case")
        self.rows = list(dict.fromkeys(row[:12] for row in rows))

    @property
    def address(self) -> str:
        return url_for("registry.list", **self.filters.words())

    @property
    def query(self) -> str:
        """The list's address without its path."""
        return urlencode(self.filters.words(), doseq=True)

    def keys(self) -> list[int]:
        """Errors: StepNotPossible."""
        if self.is_all:
            return bulk.whole(current_user, self.filters, self.choices)
        return bulk.chosen(current_user, self.rows)

    def back(self, reason: object) -> Any:
        """The list again, with a word about what is missing."""
        flash(str(reason), "attention")
        return redirect(self.address)


@blueprint.post("/cases/assign")
@needs(Permission.ASSIGN_OFFICER)
def assign() -> Any:
    """Give the chosen cases to an officer."""
    picked = Picked()
    officer = bulk.officer(request.form.get("officer", "")[:12])
    if officer is None:
        return picked.back(_d("Choose an officer."))
    try:
        keys = picked.keys()
    except StepNotPossible as fault:
        return picked.back(fault.reason)
    done = bulk.give(keys, officer, by=current_user, asked=_asked(picked, keys))
    words = _dn(
        "%(name)s is now the officer of %(n)s case.",
        "%(name)s is now the officer of %(n)s cases.",
        done.count,
        name=officer.name,
    )
    return _told(picked, done, words)


@blueprint.post("/cases/agenda")
@needs(Permission.PREPARE_MEETING)
def agenda() -> Any:
    """Put the chosen cases on a sitting's agenda."""
    picked = Picked()
    meeting = meetings.meeting(request.form.get("meeting", "")[:12])
    if meeting is None:
        return picked.back(_d("Choose a sitting."))
    try:
        keys = picked.keys()
        done = bulk.bring(keys, meeting, by=current_user, asked=_asked(picked, keys))
    except StepNotPossible as fault:
        return picked.back(fault.reason)
    words = _dn("%(n)s case is on the agenda.", "%(n)s cases are on the agenda.", done.count)
    return _told(picked, done, words)


def _asked(picked: Picked, keys: list[int]) -> int:
    return len(keys) if picked.is_all else len(picked.rows)


def _told(picked: Picked, done: bulk.Done, words: str) -> Any:
    """The list again where all is done, else a page that names what is not."""
    if not done.refused and not done.gone:
        flash(words, "good")
        return redirect(picked.address)
    return render_template("registry/bulk.html", done=done, words=words, back=picked.address)


def _name() -> str:
    """The name of a view, as it was typed, on one line."""
    return " ".join(tidy(request.form.get("name")).split())


@blueprint.post("/cases/views")
@needs(Permission.LIST_CASES)
def save_view() -> Any:
    """Keep the list under a name."""
    picked, name = Picked(), _name()
    fault = saved.fault_of(name, current_user) or saved.why_full(current_user)
    if fault is None and saved.save(name, picked.query, is_shared="shared" in request.form, by=current_user) is None:
        fault = saved.fault_of(name, current_user)
    if fault is not None:
        return render_template("registry/save_view.html", fault=fault, name=name, picked=picked), 422
    flash(_d("The view “%(name)s” is kept. You find it above the list.", name=name), "good")
    return redirect(picked.address)


@blueprint.get("/cases/views")
@needs(Permission.LIST_CASES)
def views() -> str:
    """One's own views: rename, share, remove."""
    return _views_page()


def _views_page(changed: SavedView | None = None, name: str = "", fault: object = None) -> str:
    own = saved.own_views(current_user)
    return render_template("registry/saved_views.html", own=own, changed=changed, name=name, fault=fault)


@blueprint.post("/cases/views/<public_id>")
@needs(Permission.LIST_CASES, of=saved.view)
def change_view(view: SavedView) -> Any:
    """Rename, share, or share no more."""
    name = _name()
    fault = saved.fault_of(name, current_user, but=view)
    if fault is not None:
        return _views_page(view, name, fault), 422
    if not saved.change(view, name, is_shared="shared" in request.form):
        raise StepNotPossible(_d("You have a view of that name already. Choose another name."))
    flash(_d("The view is changed."), "good")
    return redirect(url_for("lists.views"))


@blueprint.post("/cases/views/<public_id>/remove")
@needs(Permission.LIST_CASES, of=saved.view)
def remove_view(view: SavedView) -> Any:
    saved.remove(view)
    flash(_d("The view is removed. The cases are where they were."), "good")
    return redirect(url_for("lists.views"))


def own_export(public_id: str) -> ListExport | None:
    return making.own_export(public_id, current_user)


@blueprint.post("/cases/export")
@needs(Permission.LIST_CASES)
def export() -> Any:
    """Ask for a file of the chosen cases, or of the whole list."""
    picked, kind = Picked(), request.form.get("kind", "")
    if kind not in exports.TYPES:
        return picked.back(_d("Choose what kind of file you want."))
    if not picked.is_all and not picked.rows:
        return picked.back(_d("Choose at least one case in the list."))
    if len(picked.rows) > bulk.MOST:
        return picked.back(_d("At most %(most)s cases at once. Narrow the list first.", most=bulk.MOST))
    rows = None if picked.is_all else picked.rows
    try:
        total = exports.size(current_user, picked.filters, picked.choices, rows)
    except StepNotPossible as fault:
        return picked.back(fault.reason)
    made = making.ask(kind=kind, query=picked.query, chosen=rows, total=total, by=current_user)
    return redirect(url_for("lists.exported", public_id=made.public_id))


@blueprint.get("/exports/<public_id>")
@needs(Permission.LIST_CASES, of=own_export)
def exported(export: ListExport) -> str:
    """How far a file is, and then the file."""
    return render_template(
        "registry/export.html",
        export=export,
        is_ready=making.is_ready(export, current_user),
        is_outdated=making.is_outdated(export, current_user),
        back=f"{url_for('registry.list')}?{export.query}",
    )


@blueprint.post("/exports/<public_id>/again")
@needs(Permission.LIST_CASES, of=own_export)
def export_again(export: ListExport) -> Any:
    """Make it anew where that failed, or where the person may see other cases now."""
    if export.failed_at is None and not making.is_outdated(export, current_user):
        raise StepNotPossible(_d("The file is made, or is being made."))
    making.again(export)
    return redirect(url_for("lists.exported", public_id=export.public_id))


@blueprint.get("/exports/<public_id>/file")
@needs(Permission.LIST_CASES, of=own_export)
def file(export: ListExport) -> Response:
    """The file itself; a small one is made now."""
    if making.is_direct(export):
        narrowed, offered = making.list_of(export, current_user)
        return exports.cases(current_user, narrowed, offered, kind=export.kind, chosen=export.chosen)
    if not making.is_ready(export, current_user):
        abort(404)
    length, pieces = store.read(export.store_key)
    response = Response(pieces, mimetype=exports.TYPES[export.kind])
    response.content_length = length
    response.headers.set("Content-Disposition", "attachment", filename=exports.file_name(export.kind))
    return response
