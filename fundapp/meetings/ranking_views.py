"""Laying the cases of a planned sitting in order, against what is left of the frame. Nothing is decided here."""

from collections.abc import Mapping, Sequence
from typing import Any

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask_login import current_user
from werkzeug.wrappers import Response

from fundapp.languages import _d, _dl, _dn
from fundapp.meetings import queries, ranking, ranking_rules, ranking_table
from fundapp.meetings.models import Meeting
from fundapp.permissions import Permission, is_allowed
from fundapp.web.access import needs
from fundapp.web.fields import LARGEST_SUM, AtMost, Form, LineField, read_whole_number, tidy
from fundapp.workflow import MeetingStatus

blueprint = Blueprint("ranking", __name__)
Page = str | tuple[str, int] | Response


class RankingForm(Form):
    """A number and a sum to try at each case, under its public id. `typed` is what stands in each box by the box's
    name, `faults` beside which; `order` and `amounts` are what is meant.
    """

    name = LineField(_dl("Name of the order"), [AtMost(ranking.LONGEST_NAME)])

    def __init__(self, order: Sequence[str], amounts: Mapping[str, int | None], **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.order, self.amounts = list(order), dict(amounts)
        self.faults: dict[str, str] = {}
        self._write()

    def _write(self) -> None:
        self.typed = {f"place-{key}": str(place) for place, key in enumerate(self.order, 1)}
        sums = {key: self.amounts.get(key) for key in self.order}
        self.typed |= {f"sum-{key}": "" if amount is None else str(amount) for key, amount in sums.items()}

    def read(self) -> bool:
        """Take what was sent; False where something cannot be read. The boxes keep what was typed."""
        places: dict[str, int] = {}
        for name in self.typed:
            self.typed[name] = tidy(request.form.get(name, self.typed[name]))[:20]
            kind, _dash, key = name.partition("-")
            if not self.typed[name]:
                self.amounts |= {key: None} if kind == "sum" else {}
                continue
            number = read_whole_number(self.typed[name])
            if kind == "place" and (number is None or number > 1000):
                self.faults[name] = _d("Write a whole number, for example 3.")
            elif kind == "sum" and (number is None or number > LARGEST_SUM):
                self.faults[name] = _d("Write whole kronor with digits only, for example 45000.")
            elif kind == "place" and number is not None:
                places[key] = number
            else:
                self.amounts[key] = number
        if self.faults:
            return False
        self.order = ranking_rules.by_numbers(self.order, places)
        self._write()
        return True

    def move(self, key: str, *, up: bool) -> None:
        self.order = ranking_rules.moved(self.order, key, up=up)
        self._write()


@blueprint.get("/meetings/<public_id>/ranking")
@needs(Permission.RANK_CASES, of=queries.meeting)
def show(meeting: Meeting) -> Page:
    """The order that the address names, else the agenda's with what is ready after it."""
    sitting = queries.sitting(meeting)
    kept = None
    if "order" in request.args:
        kept = ranking.ranking(meeting, request.args["order"]) or abort(404)
    places = kept.places if kept is not None else []
    form = RankingForm(
        ranking_rules.in_order(list(ranking_table.cases_of(sitting)), places),
        {place["case"]: place["amount"] for place in places},
        formdata=None,
        data={"name": kept.name if kept is not None else ""},
    )
    return _page(sitting, form, kept)


@blueprint.post("/meetings/<public_id>/ranking")
@needs(Permission.RANK_CASES, of=queries.meeting)
def lay(meeting: Meeting) -> Page:
    """Reckon with what was typed; or move a case, keep the order, or put the agenda in it."""
    sitting = queries.sitting(meeting)
    kept = ranking.ranking(meeting, request.form.get("kept", "")[:12])
    keys = list(ranking_table.cases_of(sitting))
    form = RankingForm(ranking_rules.in_order(keys, kept.places if kept is not None else []), {})
    is_read, is_fit = form.read(), form.validate()
    wanted, _dash, key = request.form.get("do", "").partition("-")
    if not (is_read and is_fit):
        return _page(sitting, form, kept), 422
    if wanted in ("up", "down"):
        form.move(key, up=wanted == "up")
    elif wanted == "save":
        return _save(meeting, form, kept) or (_page(sitting, form, kept), 422)
    elif wanted == "use":
        return _use(meeting, form)
    return _page(sitting, form, kept)


def _save(meeting: Meeting, form: RankingForm, kept: ranking.Ranking | None) -> Page | None:
    if not form.name.data:
        form.name.errors = [_d("Write a name for the order, for example your own and the day.")]
        return None
    seen = kept.version if kept is not None and kept.name == form.name.data else 0
    row = ranking.save(meeting, form.name.data, form.order, form.amounts, by=current_user)
    flash(_d("Kept as “%(name)s”, version %(version)s.", name=row.name, version=row.version), "good")
    if row.version - 1 != seen:
        flash(_d("Version %(version)s of that name was there already, and is kept beside.", version=row.version - 1))
    return redirect(url_for("ranking.show", public_id=meeting.public_id, order=row.public_id))


def _use(meeting: Meeting, form: RankingForm) -> Page:
    moved = ranking.use_for_agenda(meeting, form.order, by=current_user)
    flash(
        _dn("%(n)s paragraph has another place on the agenda.", "%(n)s paragraphs have other places.", moved)
        if moved
        else _d("The agenda stood in this order already."),
        "good",
    )
    return redirect(url_for("meetings.show", public_id=meeting.public_id))


def _page(sitting: queries.Sitting, form: RankingForm, kept: ranking.Ranking | None) -> str:
    return render_template(
        "meetings/ranking.html",
        meeting=sitting.meeting,
        form=form,
        kept=kept,
        table_=ranking_table.table(sitting, form.order, form.amounts),
        versions=ranking.rankings(sitting.meeting),
        may_use=is_allowed(current_user, Permission.PREPARE_MEETING, sitting.meeting),
        is_open=sitting.meeting.status is MeetingStatus.PLANNED,
    )
