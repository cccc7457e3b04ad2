"""The pages of who is there: the roll, comings and goings, the chair, the checker; and the end of the sitting."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask_login import current_user
from werkzeug.wrappers import Response

from fundapp.languages import _d
from fundapp.meetings import attendance, attended, comings, ending, queries
from fundapp.meetings.attendance_forms import (
    ABSENT,
    IDLE,
    IN_ORDER,
    ArriveForm,
    ChairForm,
    CheckerForm,
    CorrectForm,
    LeaveForm,
    PresentForm,
    RollForm,
    SubstituteForm,
    answer_so_far,
    number_of,
)
from fundapp.meetings.models import Meeting
from fundapp.meetings.proceedings import Presence
from fundapp.permissions import Permission, is_allowed
from fundapp.seats.models import Seat
from fundapp.seats.queries import seats_on
from fundapp.web.access import needs
from fundapp.web.fields import Form
from fundapp.web.once import once
from fundapp.workflow import MeetingStatus, StepNotPossible

blueprint = Blueprint("attendance", __name__)
Page = str | tuple[str, int] | Response


@dataclass(frozen=True)
class Around:
    """What every form here chooses from."""

    seats: dict[str, Seat]
    numbers: list[int]

    def seat(self, public_id: str | None) -> Seat | None:
        return self.seats.get(public_id or "")


def _around(meeting: Meeting) -> Around:
    seats = {seat.public_id: seat for seat in seats_on(meeting.board, meeting.held_on)}
    return Around(seats, [item.number or 0 for item in attended.numbered(meeting)])


@blueprint.get("/meetings/<public_id>/attendance")
@needs(Permission.READ_MEETING, of=queries.meeting)
def show(meeting: Meeting) -> Page:
    """Who is there for which §, and for the secretary all that can change."""
    return _page(meeting)


@blueprint.route("/meetings/<public_id>/roll", methods=["GET", "POST"])
@needs(Permission.PREPARE_MEETING, of=queries.meeting)
def roll(meeting: Meeting) -> Page:
    """Call the roll, also anew."""
    if meeting.status is not MeetingStatus.OPENED and request.method == "GET":
        return redirect(url_for("attendance.show", public_id=meeting.public_id))
    around = _around(meeting)
    called = comings.presences_of(meeting)
    form = RollForm(seats=[*around.seats.values()], called=called)
    subs = {seat: _substitute(seat, around, called) for seat in form.substitutes}
    status = form.status
    is_answered = all(sub.validate_on_submit() for sub in subs.values())
    if form.is_submitted() and not is_answered:
        form.form_errors.append(_d("Choose for each substitute one of the answers in the list."))
    if form.validate_on_submit() and is_answered:
        try:
            _call(meeting, form, subs)
        except StepNotPossible as fault:
            form.form_errors.append(str(fault.reason))
            status = 409
        else:
            flash(_d("The roll is called."), "good")
            return redirect(url_for("meetings.show", public_id=meeting.public_id))
    page = render_template("meetings/roll.html", meeting=meeting, form=form, subs=subs, is_called=bool(called))
    return page, status


def _substitute(seat: Seat, around: Around, called: list[Presence]) -> SubstituteForm:
    members = [each for each in around.seats.values() if each.is_member]
    so_far = {"serves": answer_so_far(seat, called)}
    return SubstituteForm(prefix=f"{seat.public_id}-", members=members, data=so_far)


def _call(meeting: Meeting, form: RollForm, subs: dict[Seat, SubstituteForm]) -> None:
    present = [form.seats[public_id] for public_id in form.present.data or []]
    answers = {seat: sub.serves.data for seat, sub in subs.items() if sub.serves.data != ABSENT}
    attendance.call_roll(
        meeting,
        [*present, *answers],
        places={seat: form.seats[answer] for seat, answer in answers.items() if answer not in (IN_ORDER, IDLE)},
        idle=[seat for seat, answer in answers.items() if answer == IDLE],
        others=[(row.form.name.data, row.form.title.data or "") for row in form.others if row.form.name.data],
        chair=form.seats.get(form.chair.data),
        by=current_user,
    )


@blueprint.post("/meetings/<public_id>/attendance/arrive")
@needs(Permission.PREPARE_MEETING, of=queries.meeting)
def arrive(meeting: Meeting) -> Page:
    """Somebody of the body comes."""
    around = _around(meeting)
    form = ArriveForm(seats=[*around.seats.values()], numbers=around.numbers)
    return _do(
        meeting,
        "arrive",
        form,
        lambda: comings.arrives(
            meeting,
            around.seats[form.who.data],
            int(form.first.data),
            in_place_of=around.seat(form.in_place_of.data),
            serves=not form.is_idle.data,
            by=current_user,
        ),
    )


@blueprint.post("/meetings/<public_id>/attendance/leave")
@needs(Permission.PREPARE_MEETING, of=queries.meeting)
def leave(meeting: Meeting) -> Page:
    """Somebody of the body goes."""
    around = _around(meeting)
    form = LeaveForm(seats=[*around.seats.values()], numbers=around.numbers)
    return _do(
        meeting,
        "leave",
        form,
        lambda: comings.leaves(
            meeting,
            around.seats[form.who.data],
            int(form.last.data),
            replaced_by=around.seat(form.replaced_by.data),
            is_replaced=form.replaced_by.data != IDLE,
            by=current_user,
        ),
    )


@blueprint.post("/meetings/<public_id>/attendance/chair")
@needs(Permission.PREPARE_MEETING, of=queries.meeting)
def chair(meeting: Meeting) -> Page:
    """Somebody else is in the chair."""
    around = _around(meeting)
    form = ChairForm(seats=[*around.seats.values()], numbers=around.numbers)
    return _do(
        meeting,
        "chair",
        form,
        lambda: comings.change_chair(
            meeting, around.seats[form.who.data], number_of(form.first), number_of(form.last), by=current_user
        ),
    )


@blueprint.post("/meetings/<public_id>/attendance/other")
@needs(Permission.PREPARE_MEETING, of=queries.meeting)
def other(meeting: Meeting) -> Page:
    """Somebody who is not of the body is there."""
    form = PresentForm(numbers=_around(meeting).numbers)
    return _do(
        meeting,
        "other",
        form,
        lambda: attendance.add_other(
            meeting,
            form.name.data,
            form.title.data or "",
            first=number_of(form.first),
            last=number_of(form.last),
            by=current_user,
        ),
    )


@blueprint.post("/meetings/<public_id>/attendance/checker")
@needs(Permission.PREPARE_MEETING, of=queries.meeting)
def checker(meeting: Meeting) -> Page:
    """Who approves the minutes beside the chair, where and when."""
    around = _around(meeting)
    form = CheckerForm(seats=[*around.seats.values()])
    return _do(
        meeting,
        "checker",
        form,
        lambda: attendance.choose_checker(
            meeting,
            around.seats[form.who.data],
            signing_on=form.signing_on.data,
            place=form.place.data or "",
            by=current_user,
        ),
    )


@blueprint.route("/meetings/<public_id>/attendance/<row_id>", methods=["GET", "POST"])
@needs(Permission.PREPARE_MEETING, of=queries.meeting)
def correct(meeting: Meeting, row_id: str) -> Page:
    """Put right from and to which § somebody was there."""
    row = _row(meeting, row_id)
    form = CorrectForm(presence=row, numbers=_around(meeting).numbers)
    status = form.status
    if form.validate_on_submit():
        try:
            comings.correct_presence(row, number_of(form.first), number_of(form.last), by=current_user)
        except StepNotPossible as fault:
            form.form_errors.append(str(fault.reason))
            status = 409
        else:
            return _back(meeting)
    return render_template("meetings/presence.html", meeting=meeting, row=row, form=form), status


@blueprint.post("/meetings/<public_id>/attendance/<row_id>/strike")
@needs(Permission.PREPARE_MEETING, of=queries.meeting)
def strike(meeting: Meeting, row_id: str) -> Response:
    """A row that was a mistake goes."""
    comings.strike_presence(_row(meeting, row_id), by=current_user)
    return _back(meeting)


@blueprint.post("/meetings/<public_id>/end")
@needs(Permission.PREPARE_MEETING, of=queries.meeting)
@once
def end(meeting: Meeting) -> Response:
    """The sitting is over."""
    ending.end_meeting(meeting, by=current_user)
    flash(_d("The sitting is ended. Now its minutes can be drawn up."), "good")
    return redirect(url_for("meetings.show", public_id=meeting.public_id))


@blueprint.post("/meetings/<public_id>/resume")
@needs(Permission.PREPARE_MEETING, of=queries.meeting)
@once
def resume(meeting: Meeting) -> Response:
    """Back to the sitting."""
    ending.resume_meeting(meeting, by=current_user)
    flash(_d("The sitting is opened again."), "good")
    return redirect(url_for("meetings.show", public_id=meeting.public_id))


def _row(meeting: Meeting, row_id: str) -> Presence:
    return next((row for row in comings.presences_of(meeting) if row.public_id == row_id), None) or abort(404)


def _back(meeting: Meeting) -> Response:
    flash(_d("The attendance is changed."), "good")
    return redirect(url_for("attendance.show", public_id=meeting.public_id))


def _do(meeting: Meeting, name: str, form: Form, act: Callable[[], None]) -> Page:
    """What the form says, or the page again with what was typed and why it cannot be."""
    if not form.validate_on_submit():
        return _page(meeting, {name: form}, form.status)
    try:
        act()
    except StepNotPossible as fault:
        form.form_errors.append(str(fault.reason))
        return _page(meeting, {name: form}, 409)
    return _back(meeting)


def _page(meeting: Meeting, typed: dict[str, Form] | None = None, status: int = 200) -> Page:
    may_change = meeting.status is MeetingStatus.OPENED and is_allowed(
        current_user, Permission.PREPARE_MEETING, meeting
    )
    page = render_template(
        "meetings/attendance.html",
        meeting=meeting,
        rows=comings.presences_of(meeting),
        chairings=comings.chairings_of(meeting),
        forms=(_forms(meeting) | (typed or {})) if may_change else {},
        failed=next(iter((typed or {}).values()), None),
        may_change=may_change,
    )
    return page, status


def _forms(meeting: Meeting) -> dict[str, Any]:
    around = _around(meeting)
    seats, numbers = [*around.seats.values()], around.numbers
    forms: dict[str, Any] = {
        "arrive": ArriveForm(seats=seats, numbers=numbers, formdata=None),
        "leave": LeaveForm(seats=seats, numbers=numbers, formdata=None),
        "chair": ChairForm(seats=seats, numbers=numbers, formdata=None),
        "other": PresentForm(numbers=numbers, formdata=None),
        "checker": CheckerForm(seats=seats, formdata=None),
    }
    if meeting.checker is not None:
        chosen = forms["checker"]
        chosen.who.data = meeting.checker.public_id
        chosen.signing_on.data, chosen.place.data = meeting.signing_on, meeting.signing_place
    return forms
