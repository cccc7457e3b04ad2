"""Recording at the table, one § at a time: outcomes, disqualifications, motions, votes, reservations, resolutions."""

from collections.abc import Callable, Mapping
from typing import Any

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask_login import current_user
from werkzeug.wrappers import Response

from fundapp import meanwhile
from fundapp.applications.models import Application
from fundapp.db import db
from fundapp.decisions import recording
from fundapp.decisions.forms import OutcomeForm
from fundapp.languages import _d, _dn
from fundapp.meetings import disqualifying, proposing, queries
from fundapp.meetings.holding import may_record
from fundapp.meetings.models import Meeting, MinuteItem
from fundapp.meetings.paragraphs import Paragraph, paragraph
from fundapp.meetings.proceedings import Disqualification, Motion, Remark, Vote
from fundapp.meetings.proceedings_forms import (
    DisqualifyForm,
    MotionForm,
    PropositionsForm,
    RemarkForm,
    ResolutionForm,
    TableForm,
    VoteForm,
)
from fundapp.meetings.table import TableOfOutcomes
from fundapp.permissions import Permission
from fundapp.seats.queries import seats_on
from fundapp.web.access import needs
from fundapp.web.once import once
from fundapp.workflow import MeetingStatus, StepNotPossible

blueprint = Blueprint("proceedings", __name__)
Page = str | tuple[str, int] | Response
_PLACE = "/meetings/<public_id>/items/<item>"


@blueprint.get(_PLACE)
@needs(Permission.READ_MEETING, of=queries.meeting)
def show(meeting: Meeting, item: str) -> Page:
    """One §, with the forms of the case that the address names."""
    return _page(_paragraph(meeting, item, request.args.get("case", "")))


@blueprint.post(f"{_PLACE}/as-proposed")
@needs(Permission.PREPARE_MEETING, of=queries.meeting, proof_of=Permission.RECORD_DECISION)
def as_proposed(meeting: Meeting, item: str) -> Page:
    """One case, or all under the §, as the officer proposed."""
    place = _item(meeting, item)
    case = _case(place, request.form.get("case", ""))
    done, left = recording.record_as_proposed(place, [case] if case is not None else None, by=current_user)
    if done:
        flash(
            _dn("%(n)s outcome is recorded as proposed.", "%(n)s outcomes are recorded as proposed.", len(done)), "good"
        )
    for one in left:
        flash(_d("%(name)s is left out: %(why)s", name=one.application.applicant_name, why=one.reason), "attention")
    if not done and not left:
        flash(_d("Every case here has its outcome."), "attention")
    return _back(meeting, place, case)


@blueprint.post(f"{_PLACE}/take-back")
@needs(Permission.PREPARE_MEETING, of=queries.meeting, proof_of=Permission.RECORD_DECISION)
def take_back(meeting: Meeting, item: str) -> Page:
    """Undo a pending outcome."""
    place = _item(meeting, item)
    case = _case(place, request.form.get("case", "")) or abort(404)
    version = request.form.get("version", "")
    is_number = version.isdecimal() and len(version) < 10
    recording.take_back(place, case, version=int(version) if is_number else None, by=current_user)
    flash(_d("The outcome is taken back. The case has none now."), "good")
    return _back(meeting, place, case)


@blueprint.post(f"{_PLACE}/outcomes")
@needs(Permission.PREPARE_MEETING, of=queries.meeting, proof_of=Permission.RECORD_DECISION)
def outcomes(meeting: Meeting, item: str) -> Page:
    """The outcomes of all cases under the §, saved together."""
    place = _paragraph(meeting, item)
    table = TableOfOutcomes(place)
    status = 422
    if table.validate():
        try:
            done = recording.record_table(place.item, table.entries(), by=current_user)
        except recording.TableRefused as refused:
            table.mark(refused)
            status = 409
        else:
            flash(_dn("%(n)s outcome is recorded.", "%(n)s outcomes are recorded.", len(done)), "good")
            return _back(meeting, place.item)
    return _page(_paragraph(meeting, item), table=table), status


@blueprint.post(f"{_PLACE}/disqualify")
@needs(Permission.PREPARE_MEETING, of=queries.meeting)
@once
def disqualify(meeting: Meeting, item: str) -> Page:
    """Somebody takes no part."""
    place = _chosen(meeting, item)
    form = _disqualify_form(place)

    def act() -> None:
        disqualifying.disqualify(place.item, application=place.application, by=current_user, **form.facts())

    return _do(place, form, act, _d("The disqualification is recorded. The case is closed for that person."))


@blueprint.post(f"{_PLACE}/lift")
@needs(Permission.PREPARE_MEETING, of=queries.meeting)
def lift(meeting: Meeting, item: str) -> Page:
    """A disqualification was a mistake."""
    place = _paragraph(meeting, item)
    row: Disqualification = _row(place.disqualified)
    disqualifying.lift(row, by=current_user)
    flash(_d("The disqualification is lifted."), "good")
    return _back(meeting, place.item, row.application)


@blueprint.post(f"{_PLACE}/motions")
@needs(Permission.PREPARE_MEETING, of=queries.meeting)
@once
def move(meeting: Meeting, item: str) -> Page:
    """A motion, moved or withdrawn."""
    place = _chosen(meeting, item)
    if "motion" in request.form:
        motion: Motion = _row(place.motions, "motion")
        proposing.withdraw_motion(motion, by=current_user)
        flash(_d("The motion is withdrawn. It stays out of the minutes."), "good")
        return _back(meeting, place.item, place.application)
    form = MotionForm(seats=place.serving)

    def act() -> None:
        text = form.text.data or ""
        proposing.move(place.item, form.chosen, text, application=place.application, by=current_user)

    return _do(place, form, act, _d("The motion is recorded."))


@blueprint.post(f"{_PLACE}/propositions")
@needs(Permission.PREPARE_MEETING, of=queries.meeting)
def put_propositions(meeting: Meeting, item: str) -> Page:
    """In which order the chair put the motions."""
    place = _chosen(meeting, item)
    form = PropositionsForm()

    def act() -> None:
        text, seen = form.text.data or "", form.seen.data or ""
        proposing.put_propositions(place.item, text, application=place.application, seen=seen, by=current_user)

    return _do(place, form, act, _d("The order of propositions is recorded."))


@blueprint.post(f"{_PLACE}/votes")
@needs(Permission.PREPARE_MEETING, of=queries.meeting)
@once
def vote(meeting: Meeting, item: str) -> Page:
    """An open vote, recorded or taken away."""
    place = _chosen(meeting, item)
    if "vote" in request.form:
        row: Vote = _row(place.votes, "vote")
        proposing.remove_vote(row, by=current_user)
        flash(_d("The vote is taken away. Record it anew."), "good")
        return _back(meeting, place.item, place.application)
    form = VoteForm(seats=place.serving, typed=request.form)

    def act() -> None:
        means = {"yes_means": form.yes_means.data or "", "no_means": form.no_means.data or ""}
        proposing.hold_vote(place.item, form.choices, application=place.application, by=current_user, **means)

    return _do(place, form, act, _d("The vote is recorded."))


@blueprint.post(f"{_PLACE}/remarks")
@needs(Permission.PREPARE_MEETING, of=queries.meeting)
@once
def remark(meeting: Meeting, item: str) -> Page:
    """A reservation or a note: announced, its text written, or taken away."""
    place = _chosen(meeting, item)
    if "remark" in request.form:
        return _change_remark(meeting, place, _row(place.remarks, "remark"))
    form = RemarkForm(seats=place.serving)

    def act() -> None:
        record = proposing.announce_reservation if form.is_reservation else proposing.add_note
        record(place.item, form.chosen, form.text.data or "", application=place.application, by=current_user)

    return _do(place, form, act, _d("It is recorded."))


def _change_remark(meeting: Meeting, place: Paragraph, row: Remark) -> Page:
    if request.form.get("what") == "remove":
        proposing.remove_remark(row, by=current_user)
        flash(_d("It is taken away."), "good")
    else:
        text, seen = request.form.get("text", "")[:5000], request.form.get("seen", "")
        try:
            with db.session.begin_nested():
                proposing.write_remark(row, text, seen=seen, by=current_user)
        except proposing.WrittenMeanwhile:
            return _page(_chosen(meeting, place.item.public_id), unsaved={row.public_id: text}), 409
        flash(_d("The text is saved."), "good")
    return _back(meeting, place.item, place.application)


@blueprint.post(f"{_PLACE}/resolution")
@needs(Permission.PREPARE_MEETING, of=queries.meeting, proof_of=Permission.RECORD_DECISION)
def resolve(meeting: Meeting, item: str) -> Page:
    """What was decided under a § without cases."""
    place = _paragraph(meeting, item)
    form = ResolutionForm()

    def act() -> None:
        proposing.resolve(place.item, form.text.data or "", seen=form.seen.data or "", by=current_user)

    return _do(place, form, act, _d("The decision is recorded."))


def _do(place: Paragraph, form: TableForm, act: Callable[[], None], said: str) -> Page:
    """Do what an accepted form asks; else its page again, as it was typed."""
    meeting, status = place.item.meeting, 422
    if form.validate():
        try:
            with db.session.begin_nested():
                act()
        except StepNotPossible as refusal:
            form.refuse(refusal)
            status = 409
        else:
            flash(said, "good")
            return _back(meeting, place.item, place.application)
    case = place.application.public_id if place.application is not None else ""
    return _page(_paragraph(meeting, place.item.public_id, case), failed=form), status


def _disqualify_form(place: Paragraph, **rest: Any) -> DisqualifyForm:
    seats = seats_on(place.item.meeting.board, place.item.meeting.held_on)
    return DisqualifyForm(seats=seats, substitutes=place.substitutes, **rest)


def _item(meeting: Meeting, public_id: str) -> MinuteItem:
    return queries.item_of(meeting, public_id) or abort(404)


def _case(item: MinuteItem, public_id: str) -> Application | None:
    """The case that is named; 404 where it is not under the § for this reader."""
    if not public_id:
        return None
    is_here = any(each.public_id == public_id for each in disqualifying.cases_under(item))
    return next(iter(queries.cases_named([public_id]) if is_here else ()), None) or abort(404)


def _paragraph(meeting: Meeting, item: str, case: str = "") -> Paragraph:
    found, may = _item(meeting, item), may_record(current_user, meeting)
    return paragraph(found, case=case, reader=current_user, may_record=may) or abort(404)


def _chosen(meeting: Meeting, item: str) -> Paragraph:
    """The § with the case that the form is about."""
    return _paragraph(meeting, item, request.form.get("case", ""))


def _row(rows: list[Any], field: str = "row") -> Any:
    """The row that the form names, among those that the reader sees."""
    named = request.form.get(field, "")
    return next((row for row in rows if row.public_id == named), None) or abort(404)


def _back(meeting: Meeting, item: MinuteItem, case: Application | None = None) -> Response:
    """To the §, or to the sitting's page where it was pressed there."""
    if request.form.get("next") == "sitting":
        anchor = f"case-{case.public_id}" if case is not None else f"item-{item.public_id}"
        return redirect(url_for("meetings.show", public_id=meeting.public_id, _anchor=anchor))
    several = case is not None and len(item.cases) > 1
    chosen = case.public_id if several and case is not None else None
    return redirect(url_for("proceedings.show", public_id=meeting.public_id, item=item.public_id, case=chosen))


def _page(
    place: Paragraph,
    *,
    failed: TableForm | None = None,
    table: TableOfOutcomes | None = None,
    unsaved: Mapping[str, str] | None = None,
) -> str:
    """The §'s page; a form that was not accepted stands there as it was typed, and so does a remark in `unsaved`."""
    meeting = place.item.meeting
    may = may_record(current_user, meeting)
    is_open = meeting.status is MeetingStatus.OPENED and place.item.approved_on is None
    return render_template(
        "meetings/item.html",
        place=place,
        meeting=meeting,
        failed=failed,
        unsaved=unsaved or {},
        sign=meanwhile.sign,
        forms=_forms(place, failed) if may else {},
        table=table or (TableOfOutcomes(place, is_blank=True) if may and is_open else None),
        may_record=may,
        is_open=is_open,
        is_before=meeting.status is MeetingStatus.PLANNED,
        is_unapproved=meeting.status is not MeetingStatus.APPROVED and place.item.approved_on is None,
    )


def _forms(place: Paragraph, failed: TableForm | None) -> dict[str, Any]:
    """Every form of the page by its name, blank but for the one that failed."""
    serving = place.serving
    resolution = place.item.resolution or proposing.usual_resolution(place.item)
    blank: dict[str, TableForm] = {
        "disqualify": _disqualify_form(place, formdata=None),
        "motion": MotionForm(seats=serving, formdata=None),
        "remark": RemarkForm(seats=serving, formdata=None),
        "vote": VoteForm(seats=serving, formdata=None),
        "propositions": PropositionsForm(
            formdata=None, data={"text": _put(place), "seen": meanwhile.sign(_put(place))}
        ),
        "resolution": ResolutionForm(
            formdata=None, data={"text": resolution, "seen": meanwhile.sign(place.item.resolution)}
        ),
    }
    return {name: failed if type(failed) is type(form) else form for name, form in blank.items()} | {
        "outcome": _outcome_form(place)
    }


def _put(place: Paragraph) -> str:
    own = place.application.id if place.application is not None else None
    return place.propositions.get(own, "")


def _outcome_form(place: Paragraph) -> OutcomeForm | None:
    if place.case is None:
        return None
    application = place.case.application
    assessment = place.assessments.get(application.id)
    return OutcomeForm(application, place.case.decision, assessment, formdata=None)
