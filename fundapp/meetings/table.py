"""Many cases under one §: their outcomes as the rows of one table, each with an outcome, sum and reasons of its own."""

from typing import Any

from fundapp.decisions.forms import OutcomeForm
from fundapp.decisions.recording import Entry, TableRefused
from fundapp.meetings.paragraphs import Paragraph
from fundapp.meetings.queries import CaseRow


class TableOfOutcomes:
    """A form for each case; a row where no outcome is chosen is left as it is."""

    def __init__(self, place: Paragraph, *, is_blank: bool = False) -> None:
        rest: dict[str, Any] = {"formdata": None} if is_blank else {}
        own = [case for case in place.row.cases if case.application.id not in place.following]
        self.rows = [(case, _form(place, case, **rest)) for case in own if not case.is_withdrawn]
        self.refusals: dict[int, Any] = {}

    def _filled(self) -> list[tuple[CaseRow, OutcomeForm]]:
        return [(case, form) for case, form in self.rows if form.outcome.raw_data and form.outcome.raw_data[0]]

    def _changed(self) -> list[tuple[CaseRow, OutcomeForm]]:
        """Rows that say something else than what is recorded."""
        return [(case, form) for case, form in self._filled() if not _says(form, case)]

    def validate(self) -> bool:
        faulty = [form for _case, form in self._filled() if not form.validate()]
        return not faulty

    def entries(self) -> list[Entry]:
        found = []
        for case, form in self._changed():
            facts = form.facts()
            found.append(Entry(case.application, **facts))
        return found

    def mark(self, refused: TableRefused) -> None:
        """Say at each row why it was refused."""
        self.refusals = {one.application.id: one.reason for one in refused.refusals}

    @property
    def is_refused(self) -> bool:
        return bool(self.refusals) or any(form.errors for _case, form in self.rows)

    @property
    def errors(self) -> list[tuple[str, str]]:
        """Field and message of each, for the summary above the page."""
        found = []
        for case, form in self.rows:
            name = case.application.applicant_name or ""
            for field, messages in form.errors.items():
                found += [(form[field].id if field else "", f"{name}: {message}") for message in messages]
            if case.application.id in self.refusals:
                found.append((form.outcome.id, f"{name}: {self.refusals[case.application.id]}"))
        return found


def _form(place: Paragraph, case: CaseRow, **rest: Any) -> OutcomeForm:
    application = case.application
    assessment = place.assessments.get(application.id)
    return OutcomeForm(application, case.decision, assessment, prefix=f"{application.public_id}-", **rest)


def _says(form: OutcomeForm, case: CaseRow) -> bool:
    """Whether the row says what is recorded already."""
    decision, facts = case.decision, form.facts()
    if decision is None:
        return False
    recorded = (decision.outcome, decision.amount, decision.reasons, decision.conditions)
    return recorded == tuple(facts[name] for name in ("outcome", "amount", "reasons", "conditions"))
