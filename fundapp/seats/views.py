"""The bodies with their seats and terms: read by who reads sittings, kept by who keeps seats."""

from flask import Blueprint, abort, flash, redirect, render_template, url_for
from flask_login import current_user
from werkzeug.wrappers import Response

from fundapp import clock
from fundapp.boards.models import Board
from fundapp.languages import _d
from fundapp.permissions import Permission, is_allowed
from fundapp.seats import actions, queries
from fundapp.seats.forms import GiveSeatForm, SeatForm
from fundapp.seats.models import Position, Seat
from fundapp.web.access import needs
from fundapp.web.once import once
from fundapp.workflow import StepNotPossible

blueprint = Blueprint("seats", __name__)
Page = str | tuple[str, int] | Response


@blueprint.get("/bodies")
@needs(Permission.READ_MEETING)
def list() -> str:
    """The bodies that sit here, each with its presidium and how many seats hold today."""
    houses = [queries.house_on(board, clock.today()) for board in queries.sitting_boards()]
    return render_template("seats/list.html", houses=houses, may_keep=is_allowed(current_user, Permission.KEEP_SEATS))


@blueprint.get("/bodies/<code>")
@needs(Permission.READ_MEETING)
def show(code: str) -> str:
    """A body: who sits in it today, who comes and who has been."""
    board = _board(code)
    may_keep = is_allowed(current_user, Permission.KEEP_SEATS, board)
    return render_template("seats/show.html", house=queries.house_on(board, clock.today()), may_keep=may_keep)


@blueprint.route("/bodies/<code>/seats", methods=["GET", "POST"])
@needs(Permission.KEEP_SEATS)
@once
def keep(code: str) -> Page:
    """Give seats, and reach each seat to change it."""
    board, form = _board(code), GiveSeatForm()
    status = form.status
    if form.validate_on_submit():
        try:
            seat = _give(board, form)
        except StepNotPossible as fault:
            form.form_errors.append(str(fault.reason))
            status = 409
        else:
            flash(_d("%(name)s has a seat from %(day)s.", name=seat.name, day=seat.begins_on.isoformat()), "good")
            return redirect(url_for("seats.keep", code=code))
    house = queries.house_on(board, clock.today())
    return render_template("seats/keep.html", house=house, boards=queries.sitting_boards(), form=form), status


def _give(board: Board, form: GiveSeatForm) -> Seat:
    return actions.give_seat(
        board,
        actions.person(form.email.data, form.name.data, by=current_user),
        Position[form.position.data],
        begins_on=form.begins_on.data,
        ends_on=form.ends_on.data,
        party=form.party.data or "",
        by=current_user,
    )


@blueprint.route("/bodies/<code>/seats/<seat_id>", methods=["GET", "POST"])
@needs(Permission.KEEP_SEATS)
def change(code: str, seat_id: str) -> Page:
    """A seat's party, place in the list and last day."""
    seat = _seat(code, seat_id)
    form = SeatForm(obj=seat)
    status = form.status
    if form.validate_on_submit():
        try:
            actions.change_seat(seat, party=form.party.data or "", rank=form.rank.data, by=current_user)
            if form.ends_on.data != seat.ends_on:
                actions.end_seat(seat, form.ends_on.data, by=current_user)
        except StepNotPossible as fault:
            form.form_errors.append(str(fault.reason))
            status = 409
        else:
            flash(_d("The seat is changed."), "good")
            return redirect(url_for("seats.keep", code=code))
    return render_template("seats/change.html", seat=seat, form=form), status


@blueprint.post("/bodies/<code>/seats/<seat_id>/remove")
@needs(Permission.KEEP_SEATS)
def remove(code: str, seat_id: str) -> Response:
    """A seat that was given by mistake goes."""
    seat = _seat(code, seat_id)
    name = seat.name
    actions.remove_seat(seat, by=current_user)
    flash(_d("%(name)s's seat is taken away.", name=name), "good")
    return redirect(url_for("seats.keep", code=code))


def _board(code: str) -> Board:
    return next((board for board in queries.sitting_boards() if board.code == code), None) or abort(404)


def _seat(code: str, seat_id: str) -> Seat:
    return queries.seat_of(_board(code), seat_id) or abort(404)
