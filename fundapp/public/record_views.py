"""The public record: the noticeboard with its feed, sittings with their approved minutes. Everybody may read it."""

from datetime import date

from flask import Blueprint, Response, abort, render_template, request
from werkzeug.routing import BaseConverter, ValidationError

from fundapp import clock
from fundapp.config import settings
from fundapp.decisions import legal
from fundapp.meetings.models import Meeting
from fundapp.paging import beyond_of
from fundapp.public import record
from fundapp.web.access import public
from fundapp.web.kept import kept

blueprint = Blueprint("record_pages", __name__)
IN_FEED = 50


class DayConverter(BaseConverter):
    """A local day in an address: `2017-03-06`."""

    regex = r"\d{4}-\d{2}-\d{2}"

    def to_python(self, value: str) -> date:
        try:
            return date.fromisoformat(value)
        except ValueError:
            raise ValidationError from None

    def to_url(self, value: date) -> str:
        return value.isoformat()


@blueprint.record_once
def _know_days(state: object) -> None:
    state.app.url_map.converters["day"] = DayConverter  # type: ignore[attr-defined]  # a BlueprintSetupState


@blueprint.get("/noticeboard")
@public
def noticeboard() -> str:
    return kept(_noticeboard_page, seconds=60)


def _noticeboard_page() -> str:
    return render_template("public/noticeboard.html", board=record.noticeboard(beyond_of(request.args)))


@blueprint.get("/noticeboard.atom")
@public
def feed() -> Response:
    """The newest notices as an Atom feed (RFC 4287)."""
    notices = record.newest_notices(IN_FEED)
    updated = max((notice.recorded_at for notice in notices), default=clock.start_of(clock.today()))
    text = render_template(
        "public/noticeboard.xml", notices=notices, updated=updated, root=settings().base_url, legal=legal
    )
    return Response(text, mimetype="application/atom+xml")


@blueprint.get("/noticeboard/<public_id>")
@public
def notice(public_id: str) -> str:
    """One notice; its address stays when it is taken down."""
    found = record.notice(public_id)
    if found is None:
        abort(404)
    return render_template(
        "public/notice.html",
        notice=found,
        meeting=found.meeting,
        law=legal.legal_on(found.meeting.held_on),
        stands=not found.is_physical and found.taken_down_on > clock.today(),
    )


@blueprint.get("/meetings")
@public
def meetings() -> str:
    return kept(
        lambda: render_template("public/meetings.html", page=record.meetings(beyond_of(request.args))), seconds=60
    )


@blueprint.get("/meetings/<board>/<day:held_on>")
@public
def meeting(board: str, held_on: date) -> str:
    """A body's sitting of a day: what is approved of it."""
    found = [record.published(each) for each in _meetings_on(board, held_on)]
    return render_template("public/meeting.html", meeting=found[0].meeting, sittings=found)


@blueprint.get("/meetings/<board>/<day:held_on>/<version>.pdf")
@public
def minutes(board: str, held_on: date, version: str) -> Response:
    """Approved minutes as a PDF, masked, by the public id of their version."""
    for each in _meetings_on(board, held_on):
        for one in record.published(each).versions:
            if one.public_id == version:
                response = Response(record.minutes_pdf(each, one), mimetype="application/pdf")
                name = f"protokoll-{board}-{held_on.isoformat()}.pdf"
                response.headers.set("Content-Disposition", "inline", filename=name)
                return response
    return abort(404)


def _meetings_on(board: str, held_on: date) -> list[Meeting]:
    return record.meetings_on(board, held_on) or abort(404)
