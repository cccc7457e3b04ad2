"""The officer's forms. Those that follow the fund's terms or the plan are built for each application."""

from collections.abc import Iterable, Mapping
from typing import Any

from markupsafe import Markup
from wtforms import BooleanField, HiddenField
from wtforms.validators import StopValidation

from fundapp import clock, languages
from fundapp.applications.answers import all_sections
from fundapp.applications.models import Application, ApplicationKind
from fundapp.applications.questions.base import ChoiceField, ChoicesField, choices
from fundapp.assessments import rules, together
from fundapp.assessments.models import Assessment, Finding, FormalCheck, WorkingTranslation
from fundapp.data_texts import chosen
from fundapp.goals.models import GoalArea, Objective
from fundapp.languages import Lazy, _d, _dl
from fundapp.web.fields import AtMost, DayField, Form, KronorField, LineField, Needed, TextField
from fundapp.workflow import Outcome


def term_text(item: Mapping[str, Any]) -> str:
    """An item of the fund's terms in the desk's language."""
    return chosen(item["text"])[1]


class FormalCheckForm(Form):
    """A finding and a note for each item; `finding_F1`, `note_F1` … An item without a finding is not saved. `seen`:
    the signs of what stood on the page when it was opened.
    """

    codes: tuple[str, ...] = ()

    seen = HiddenField()

    def validate(self, extra_validators: Any = None) -> bool:
        is_good = bool(super().validate(extra_validators))
        for _code, finding, note in self.rows():
            if note.data and not finding.data and not finding.errors:
                finding.errors = [_d("Choose a finding too: a note alone is not saved.")]
                is_good = False
        return is_good

    @property
    def seen_marks(self) -> dict[str, str]:
        return together.read_marks(self.seen.data or "")

    def go_on_from(self, now: Mapping[str, FormalCheck]) -> None:
        """Put what others changed meanwhile in the fields that the person left as they were, and begin from there."""
        mine = {code: (finding.data, note.data or "") for code, finding, note in self.rows() if finding.data}
        own = together.own_changes(mine, self.seen_marks)
        for code, finding, note in self.rows():
            if code in now and code not in own:
                finding.data, note.data = now[code].written
        self.seen.data = together.marks({code: row.written for code, row in now.items()})

    def rows(self) -> list[tuple[str, Any, Any]]:
        """Code, finding and note field of each item."""
        return [(code, self[f"finding_{code}"], self[f"note_{code}"]) for code in self.codes]

    def findings(self) -> dict[str, tuple[Finding, str]]:
        """What was answered, as `actions.check` takes it."""
        return {code: (Finding[finding.data], note.data or "") for code, finding, note in self.rows() if finding.data}


def formal_check_form(items: Iterable[Mapping[str, Any]], known: Mapping[str, FormalCheck]) -> FormalCheckForm:
    """The form for these items, filled with what is known."""
    answers = choices([("", _dl("Not answered")), *((finding.name, finding.label) for finding in Finding)])
    fields: dict[str, Any] = {}
    kept = {"seen": together.marks({code: row.written for code, row in known.items()})}
    codes = []
    for item in items:
        code = item["code"]
        codes.append(code)
        fields[f"finding_{code}"] = ChoiceField(term_text(item), choices=answers)
        fields[f"note_{code}"] = LineField(_dl("Note: %(item)s", item=term_text(item)), [AtMost(500)])
        if code in known:
            kept |= {f"finding_{code}": known[code].finding.name, f"note_{code}": known[code].note}
    made: type[FormalCheckForm] = type("FormalCheckForm", (FormalCheckForm,), fields | {"codes": tuple(codes)})
    return made(data=kept)


class CompletionForm(Form):
    """What the applicant is asked to add, where, and by when; `questions_budget` … are questions of one section."""

    codes: tuple[str, ...] = ()

    sections = ChoicesField(_dl("Sections the applicant may change"))
    what = TextField(
        _dl("What is missing"), [Needed(_dl("Write what the applicant should add or change.")), AtMost(4000)]
    )
    due_on = DayField(_dl("Last day"), [Needed(_dl("Write the last day for the completion."))])

    def validate_sections(self, field: ChoicesField) -> None:
        if not field.data and not self.questions():
            raise StopValidation(_d("Choose at least one section."))

    def question_fields(self) -> list[Any]:
        """For each section the field of its questions."""
        return [self[f"questions_{code}"] for code in self.codes]

    def questions(self) -> list[str]:
        """The questions that were ticked, as `actions.request_completion` takes them."""
        return [key for field in self.question_fields() for key in field.data or []]

    def validate_due_on(self, field: DayField) -> None:
        if field.data and rules.is_too_early(field.data, clock.today()):
            raise StopValidation(_d("Write today's date or a later one."))


def completion_form(application: Application) -> CompletionForm:
    """The sections are those of the applicant's own form, as it was sent; their questions those that it asks."""
    submission = application.last_submission
    sent = submission.content["sections"] if submission else []
    key = "title_sv" if languages.current().code == languages.AUTHORITY_LANGUAGE else "title"
    titles = {part["code"]: part[key] for part in sent}
    asked = [form for form in all_sections(application) if form.section_code in titles]
    fields = {f"questions_{form.section_code}": ChoicesField(titles[form.section_code]) for form in asked}
    own = {"codes": tuple(form.section_code for form in asked)}
    made: type[CompletionForm] = type("CompletionForm", (CompletionForm,), fields | own)
    form = made()
    form.sections.choices = choices(titles.items())
    for section, field in zip(asked, form.question_fields(), strict=True):
        field.choices = choices((f"{section.section_code}.{code}", text) for code, text in section.questions())
    return form


class ObjectivesForm(Form):
    """The objectives of each area, `area_1` …; the values are the objectives' ids. `seen`: those that were linked when
    the page was opened.
    """

    numbers: tuple[int, ...] = ()

    seen = HiddenField()

    @property
    def seen_ids(self) -> set[int]:
        found = (self.seen.data or "").split()
        return {int(text) for text in found if text.isascii() and text.isdigit() and len(text) < 10}

    def areas(self) -> list[tuple[int, Any]]:
        """Each area's number and its field."""
        return [(number, self[f"area_{number}"]) for number in self.numbers]

    def chosen(self) -> set[int]:
        """The ids of the objectives that were ticked."""
        return {int(key) for _number, field in self.areas() for key in field.data or []}


def objectives_form(areas: Iterable[GoalArea], linked: set[int]) -> ObjectivesForm:
    """The plan's areas with what is linked now ticked. Names of the plan are Swedish."""
    fields: dict[str, Any] = {}
    numbers = []
    for area in areas:
        numbers.append(area.number)
        fields[f"area_{area.number}"] = ChoicesField(
            Markup('<bdi lang="sv">{} {}</bdi>').format(area.number, area.name),
            choices=choices((str(o.id), f"{o.code} {o.text}") for o in area.objectives),
        )
    made: type[ObjectivesForm] = type("ObjectivesForm", (ObjectivesForm,), fields | {"numbers": tuple(numbers)})
    ticked = {f"area_{area.number}": [str(o.id) for o in area.objectives if o.id in linked] for area in areas}
    return made(data=ticked | {"seen": " ".join(str(key) for key in sorted(linked))})


def chosen_objectives(form: ObjectivesForm, areas: Iterable[GoalArea]) -> list[Objective]:
    wanted = form.chosen()
    return [objective for area in areas for objective in area.objectives if objective.id in wanted]


class AssessmentForm(Form):
    """The written assessment and the proposal; `score_K1` … are points 0–3, or empty. Nothing must be there to save."""

    codes: tuple[str, ...] = ()
    sought: int | None = None

    version = HiddenField(default="0")
    summary = TextField(_dl("Summary of the case"), [AtMost(2000)])
    text = TextField(_dl("Assessment"), [AtMost(20_000)])
    proposed_outcome = ChoiceField(_dl("Proposed outcome"))
    proposed_amount = KronorField(_dl("Proposed amount"))
    reasons = TextField(_dl("Reasons for the proposal"), [AtMost(8000)])
    conditions = TextField(_dl("Conditions"), [AtMost(8000)])

    def scores(self) -> list[tuple[str, Any]]:
        """Each criterion's code and field."""
        return [(code, self[f"score_{code}"]) for code in self.codes]

    @property
    def outcome(self) -> Outcome | None:
        return Outcome[self.proposed_outcome.data] if self.proposed_outcome.data else None

    @property
    def read_version(self) -> int:
        """The version that was on the page; 0 where there was none."""
        text = self.version.data or ""
        return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else 0

    def validate(self, extra_validators: Any = None) -> bool:
        if not super().validate(extra_validators):
            return False
        faults: dict[str, Lazy] = rules.proposal_faults(self.outcome, self.proposed_amount.data, sought=self.sought)
        for name, sentence in faults.items():
            self[name].errors = [str(sentence)]
        return not faults

    def values(self) -> dict[str, Any]:
        """What `actions.save_assessment` keeps."""
        return {
            "scores": {code: int(field.data) for code, field in self.scores() if field.data},
            "summary": self.summary.data or "",
            "text": self.text.data or "",
            "proposed_outcome": self.outcome,
            "proposed_amount": self.proposed_amount.data,
            "reasons": self.reasons.data or "",
            "conditions": self.conditions.data or "",
        }


_POINTS = choices(
    (
        ("", _dl("No points")),
        ("0", _dl("0 – not at all")),
        ("1", _dl("1 – a little")),
        ("2", _dl("2 – well")),
        ("3", _dl("3 – very well")),
    )
)


def assessment_form(application: Application, known: Assessment | None) -> AssessmentForm:
    """The form for the fund's criteria, filled with what is saved; the fund's conditions to begin with."""
    terms = application.terms
    criteria = terms["criteria"]["value"]
    fields = {f"score_{item['code']}": ChoiceField(term_text(item), choices=_POINTS) for item in criteria}
    own = {"codes": tuple(item["code"] for item in criteria), "sought": application.amount_requested}
    made: type[AssessmentForm] = type("AssessmentForm", (AssessmentForm,), fields | own)
    form = made(data=_kept(known) if known else {"conditions": rules.standard_conditions(terms)})
    proposals = rules.PROPOSALS[application.kind.name]
    form.proposed_outcome.choices = choices([("", _dl("Not decided yet")), *((o.name, o.label) for o in proposals)])
    if application.kind is not ApplicationKind.GRANT:
        form.proposed_amount.label.text = _d("Proposed share of the year's sum")
    return form


def _kept(assessment: Assessment) -> dict[str, Any]:
    kept = {f"score_{code}": str(points) for code, points in assessment.scores.items()}
    names = ("summary", "text", "proposed_amount", "reasons", "conditions")
    kept |= {name: getattr(assessment, name) for name in names}
    outcome = assessment.proposed_outcome
    return kept | {"version": str(assessment.version), "proposed_outcome": outcome.name if outcome else ""}


class ReportForm(Form):
    """Finishing the officer's report."""

    serves_no_objective = BooleanField(_dl("The application serves none of the plan's objectives"))


class ConflictForm(Form):
    """Why the person must keep away from the case."""

    reason = TextField(
        _dl("Why you have a conflict of interest"), [Needed(_dl("Write the reason in a few words.")), AtMost(500)]
    )


class TranslationForm(Form):
    """A Swedish text for each answer, `project.title` …; `seen` is the newest version that was on the page."""

    answers: tuple[rules.TypedAnswer, ...] = ()

    seen = HiddenField(default="0")

    @property
    def seen_version(self) -> int:
        text = self.seen.data or ""
        return int(text) if text.isascii() and text.isdigit() and len(text) < 18 else 0

    def rows(self) -> list[tuple[rules.TypedAnswer, Any]]:
        """Each answer and its field."""
        return [(answer, self[answer.key]) for answer in self.answers]

    def texts(self) -> dict[str, str]:
        """What stands in the fields, as `translations.save_translations` takes it."""
        return {answer.key: field.data or "" for answer, field in self.rows()}

    def go_on_from(self, texts: Mapping[str, str], versions: list[WorkingTranslation]) -> None:
        """Begin again from these texts, with all of the versions seen."""
        for answer, field in self.rows():
            field.data = texts.get(answer.key, "")
        self.seen.data = _newest_of(versions)


def translation_form(application: Application, versions: list[WorkingTranslation]) -> TranslationForm:
    """A field for every answer in the applicant's own words, filled with what there is."""
    submission = application.last_submission
    answers = rules.typed_answers(submission.content) if submission else []
    fields: dict[str, Any] = {answer.key: TextField(answer.question, [AtMost(20_000)]) for answer in answers}
    made: type[TranslationForm] = type("TranslationForm", (TranslationForm,), fields | {"answers": tuple(answers)})
    kept = {row.question: row.text for row in versions}
    return made(data=kept | {"seen": _newest_of(versions)})


def _newest_of(versions: list[WorkingTranslation]) -> str:
    return str(max((row.id for row in versions), default=0))
