"""The sittings' pages: the list, planning one, and the sitting itself with its agenda."""

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask_login import current_user
from werkzeug.wrappers import Response

from fundapp.languages import _d, _dn
from fundapp.meetings import actions, panels, queries
from fundapp.meetings.forms import EACH, TOGETHER, AgendaForm, ItemForm, MeetingForm
from fundapp.meetings.holding import may_record
from fundapp.meetings.models import Meeting, MinuteItem
from fundapp.permissions import Permission, is_allowed
from fundapp.web.access import needs
from fundapp.web.once import once

blueprint = Blueprint("meetings", __name__)
Page = str | tuple[str, int] | Response


@blueprint.get("/sittings")
@needs(Permission.READ_MEETING)
def list() -> str:
    """Sittings to come and approved ones."""
    coming, approved = queries.meetings()
    may_prepare = is_allowed(current_user, Permission.PREPARE_MEETING)
    return render_template("meetings/list.html", coming=coming, approved=approved, may_prepare=may_prepare)


@blueprint.route("/meetings/new", methods=["GET", "POST"])
@needs(Permission.PREPARE_MEETING)
@once
def new() -> Page:
    """Plan a sitting."""
    form = MeetingForm()
    if not form.validate_on_submit():
        return render_template("meetings/new.html", form=form), form.status
    meeting = actions.plan_meeting(
        board=form.boards[form.board.data],
        held_on=form.held_on.data,
        begins_at=form.begins_at.data,
        place=form.place.data or "",
        is_public=form.is_public.data,
        by=current_user,
    )
    flash(_d("The sitting is planned. Now make its agenda."), "good")
    return _back_to(meeting)


@blueprint.get("/meetings/<public_id>")
@needs(Permission.READ_MEETING, of=queries.meeting)
def show(meeting: Meeting) -> Page:
    """The sitting: its agenda, its cases, the frame."""
    return _page(meeting)


@blueprint.post("/meetings/<public_id>/items")
@needs(Permission.PREPARE_MEETING, of=queries.meeting)
@once
def add_item(meeting: Meeting) -> Page:
    """A paragraph without a case."""
    form = ItemForm()
    if not form.validate_on_submit():
        return _page(meeting, item_form=form)
    item = actions.add_item(meeting, form.heading.data, text=form.text.data or "", by=current_user)
    flash(_d("“%(heading)s” is on the agenda.", heading=item.heading), "good")
    return _back_to(meeting, item)


@blueprint.post("/meetings/<public_id>/agenda")
@needs(Permission.PREPARE_MEETING, of=queries.meeting)
@once
def put_on_agenda(meeting: Meeting) -> Page:
    """Ready cases come to the agenda."""
    form = AgendaForm(sitting=queries.sitting(meeting))
    if not form.validate_on_submit():
        return _page(meeting, agenda_form=form)
    cases = queries.cases_named(form.cases.data)
    item = None if form.place.data in (EACH, TOGETHER) else _item(meeting, form.place.data)
    items = actions.put_on_agenda(meeting, cases, item=item, is_together=form.place.data == TOGETHER, by=current_user)
    flash(_dn("%(n)s case is on the agenda.", "%(n)s cases are on the agenda.", len(cases)), "good")
    return _back_to(meeting, items[0] if items else None)


@blueprint.post("/meetings/<public_id>/take-off")
@needs(Permission.PREPARE_MEETING, of=queries.meeting)
@once
def take_off(meeting: Meeting) -> Page:
    """A case, or a paragraph without cases, leaves the agenda."""
    if "case" in request.form:
        case = next(iter(queries.cases_named([request.form["case"]])), None) or abort(404)
        actions.take_off_agenda(meeting, case, by=current_user)
        flash(_d("The case is off the agenda."), "good")
    else:
        actions.remove_item(_item(meeting, request.form.get("item", "")), by=current_user)
        flash(_d("The paragraph is off the agenda."), "good")
    return _back_to(meeting)


@blueprint.post("/meetings/<public_id>/move")
@needs(Permission.PREPARE_MEETING, of=queries.meeting)
def move(meeting: Meeting) -> Page:
    """A paragraph goes up or down by one."""
    item = _item(meeting, request.form.get("item", ""))
    actions.move_item(item, up=request.form.get("way") == "up", by=current_user)
    return _back_to(meeting, item)


@blueprint.post("/meetings/<public_id>/open")
@needs(Permission.PREPARE_MEETING, of=queries.meeting)
@once
def open(meeting: Meeting) -> Page:
    """The sitting opens and its paragraphs get their numbers."""
    actions.open_meeting(meeting, by=current_user)
    flash(_d("The sitting is opened. Its paragraphs have their numbers."), "good")
    return _back_to(meeting)


def _item(meeting: Meeting, public_id: str) -> MinuteItem:
    return queries.item_of(meeting, public_id) or abort(404)


def _back_to(meeting: Meeting, item: MinuteItem | None = None) -> Response:
    anchor = f"item-{item.public_id}" if item is not None else None
    return redirect(url_for("meetings.show", public_id=meeting.public_id, _anchor=anchor))


def _page(meeting: Meeting, *, item_form: ItemForm | None = None, agenda_form: AgendaForm | None = None) -> Page:
    """The sitting's page, with a form that was not accepted as it was typed."""
    sitting = queries.sitting(meeting)
    failed = item_form or agenda_form
    page = render_template(
        "meetings/show.html",
        sitting=sitting,
        meeting=meeting,
        item_form=item_form or ItemForm(formdata=None),
        agenda_form=agenda_form or AgendaForm(sitting=sitting, formdata=None),
        failed=failed,
        may_prepare=is_allowed(current_user, Permission.PREPARE_MEETING, meeting),
        may_record=may_record(current_user, meeting),
        may_approve=is_allowed(current_user, Permission.APPROVE_MINUTES, meeting),
        **panels.of(meeting),
    )
    return page, failed.status if failed is not None else 200
