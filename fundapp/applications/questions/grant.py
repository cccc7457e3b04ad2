"""The sections that only an application for a grant has: project, goals, participants, activities, budget."""

from functools import cached_property
from typing import Any

from sqlalchemy import select
from wtforms import BooleanField
from wtforms.validators import StopValidation

from fundapp.applications import rules
from fundapp.applications.questions.base import (
    Answer,
    ChoiceField,
    ChoicesField,
    OneRow,
    RowForm,
    RowsField,
    SectionForm,
    choices,
    fund_label,
)
from fundapp.applications.questions.shared import DeclarationForm, future_day_text, is_after_today
from fundapp.data_texts import translation
from fundapp.db import db
from fundapp.goals.models import GoalArea, Plan
from fundapp.languages import _, _l, current, long_day, money
from fundapp.web.fields import AtMost, CountField, DayField, KronorField, LineField, Needed, TextField


class PartnerRow(RowForm):
    name = LineField(_l("Partner"), [Needed(_l("Write the partner's name.")), AtMost(200)])
    part = LineField(_l("What the partner does"), [AtMost(300)])


class ProjectForm(SectionForm):
    section_code = "project"
    section_title = _l("The project")

    title = LineField(_l("Name of the project"), [Needed(_l("Write a name for the project.")), AtMost(150)])
    summary = TextField(_l("Short summary"), [Needed(_l("Write a short summary.")), AtMost(600)])
    background = TextField(_l("Background and need"), [Needed(_l("Write why the project is needed.")), AtMost(4000)])
    purpose = TextField(_l("Purpose"), [Needed(_l("Write what the project is for.")), AtMost(4000)])
    results = TextField(
        _l("Expected results"), [Needed(_l("Write what will be different when the project is done.")), AtMost(4000)]
    )
    integration = TextField(
        _l("How the project promotes integration"),
        [Needed(_l("Write how the project promotes integration.")), AtMost(4000)],
    )
    place = LineField(_l("Place"), [Needed(_l("Write where the project takes place.")), AtMost(200)])
    starts_on = DayField(_l("First day"), [Needed(_l("Write the first day of the project."))])
    ends_on = DayField(_l("Last day"), [Needed(_l("Write the last day of the project."))])
    partners = RowsField(PartnerRow, _l("Partners"), at_first=1)
    afterwards = TextField(
        _l("How the project lives on"), [Needed(_l("Write what lives on after the project.")), AtMost(4000)]
    )
    measuring = TextField(
        _l("How you will see the results"), [Needed(_l("Write how you will measure the results.")), AtMost(4000)]
    )
    risks = TextField(_l("Risks"), [AtMost(4000)])

    def validate_starts_on(self, field: DayField) -> None:
        self._within_period(field)

    def validate_ends_on(self, field: DayField) -> None:
        if field.data and self.starts_on.data and field.data < self.starts_on.data:
            raise StopValidation(_("The last day must come after the first day."))
        self._within_period(field)

    def _within_period(self, field: DayField) -> None:
        round_ = self.application.round
        if field.data and not round_.period_start <= field.data <= round_.period_end:
            raise StopValidation(
                _(
                    "Write a day between %(first)s and %(last)s: that is the time the fund is for.",
                    first=long_day(round_.period_start),
                    last=long_day(round_.period_end),
                )
            )

    def facts(self) -> dict[str, Any]:
        return {name: self[name].data for name in ("title", "summary", "starts_on", "ends_on")}


class GoalsForm(SectionForm):
    section_code = "goals"
    section_title = _l("Goals and target groups")

    fund_goals = ChoicesField(_l("Goals of the fund"), [Needed(_l("Choose at least one goal of the fund."))])
    target_groups = ChoicesField(_l("Target groups"), [Needed(_l("Choose at least one target group."))])
    areas = ChoicesField(_l("Goal areas of the municipality's plan"))

    def fit(self) -> None:
        terms = self.application.terms
        for field, items in ((self.fund_goals, terms["goals"]), (self.target_groups, terms["target_groups"])):
            if field is not None:  # a fund may leave the question out
                field.choices = choices((item["code"], fund_label(item)) for item in (items or {"value": []})["value"])
        if self.areas is not None:
            self.areas.choices = choices((str(area.number), f"{area.number}. {area.name}") for area in self._plan_areas)

    @cached_property
    def _plan_areas(self) -> list[GoalArea]:
        municipality = self.application.round.fund.municipality
        found = select(GoalArea).join(Plan).where(Plan.code == municipality).order_by(GoalArea.number)
        return list(db.session.scalars(found))

    @property
    def areas_as_read(self) -> dict[str, str]:
        """What the areas are called in the language spoken now, by number, where that is known and is not Swedish."""
        named = {str(area.number): translation(area.name, current().code) for area in self._plan_areas}
        return {number: text for number, text in named.items() if text is not None}

    def facts(self) -> dict[str, Any]:
        chosen = self.areas.data if self.areas is not None else None
        return {"areas": [area for area in self._plan_areas if str(area.number) in (chosen or [])]}


class ParticipantsForm(SectionForm):
    section_code = "participants"
    section_title = _l("Participants")

    women = CountField(_l("Women"), [Needed(_l("Write how many women. Write 0 for none."))])
    men = CountField(_l("Men"), [Needed(_l("Write how many men. Write 0 for none."))])
    girls = CountField(_l("Girls"), [Needed(_l("Write how many girls. Write 0 for none."))])
    boys = CountField(_l("Boys"), [Needed(_l("Write how many boys. Write 0 for none."))])
    reach = TextField(_l("How you reach the participants"), [AtMost(2000)])
    access = TextField(_l("How everybody can take part on equal terms"), [AtMost(2000)])

    def validate_boys(self, field: CountField) -> None:
        counts = [f.data for f in (self.women, self.men, self.girls, self.boys)]
        if None not in counts and not sum(counts):
            raise StopValidation(_("Write at least one participant in all."))

    def facts(self) -> dict[str, Any]:
        return {name: self[name].data for name in ("women", "men", "girls", "boys")}


class ActivityRow(RowForm):
    what = LineField(_l("What you do"), [Needed(_l("Write what you do.")), AtMost(300)])
    when = LineField(_l("When"), [Needed(_l("Write when, for example Mondays in April.")), AtMost(150)])
    where = LineField(_l("Where"), [Needed(_l("Write where.")), AtMost(150)])
    who = LineField(_l("Who is in charge"), [AtMost(150)])


class ActivitiesForm(SectionForm):
    section_code = "activities"
    section_title = _l("Activities")

    activities = RowsField(ActivityRow, _l("Activities"), [OneRow(_l("Write at least one activity."))])


COST_CATEGORIES = [
    ("", _l("Choose")),
    ("staff", _l("Leaders and fees")),
    ("premises", _l("Premises")),
    ("material", _l("Material")),
    ("equipment", _l("Equipment")),
    ("travel", _l("Travel and transport")),
    ("food", _l("Food and drink")),
    ("interpreting", _l("Interpreting and translation")),
    ("marketing", _l("Marketing")),
    ("services", _l("Lecturers and bought services")),
    ("insurance", _l("Insurance and permits")),
    ("administration", _l("Administration")),
    ("other", _l("Other")),
]
INCOME_KINDS = [
    ("", _l("Choose")),
    ("own", _l("Our own money")),
    ("fees", _l("Participants' fees")),
    ("applied", _l("Another grant, applied for")),
    ("granted", _l("Another grant, granted")),
    ("other", _l("Other income")),
]


class CostRow(RowForm):
    category = ChoiceField(
        _l("Kind of cost"), [Needed(_l("Choose the kind of cost."))], choices=choices(COST_CATEGORIES)
    )
    what = LineField(_l("What"), [Needed(_l("Write what the cost is for.")), AtMost(200)])
    kronor = KronorField(_l("Kronor"), [Needed(_l("Write the cost in kronor."))])


class IncomeRow(RowForm):
    kind = ChoiceField(_l("Kind of income"), [Needed(_l("Choose the kind of income."))], choices=choices(INCOME_KINDS))
    funder = LineField(_l("From whom"), [AtMost(200)])
    kronor = KronorField(_l("Kronor"), [Needed(_l("Write the income in kronor."))])

    def validate_funder(self, field: LineField) -> None:
        if self.kind.data in ("applied", "granted") and not field.data:
            raise StopValidation(_("Write who gives the other grant."))


class BudgetForm(SectionForm):
    section_code = "budget"
    section_title = _l("Budget")

    costs = RowsField(CostRow, _l("Costs"), [OneRow(_l("Write at least one cost."))], at_first=3)
    incomes = RowsField(IncomeRow, _l("Other income"), at_first=1)
    amount = KronorField(_l("Amount you apply for"), [Needed(_l("Write the amount you apply for."))])

    def validate_amount(self, field: KronorField) -> None:
        if field.data == 0:
            raise StopValidation(_("Write an amount above 0 kronor."))

    @property
    def sums(self) -> rules.Sums:
        """What the page shows; rows that cannot be read count as nothing."""
        return rules.sums(
            costs=[row.kronor.data for row in self.costs.filled],
            incomes=[row.kronor.data for row in self.incomes.filled],
            amount=self.amount.data,
        )

    def answers(self) -> list[Answer]:
        sums = self.sums
        return [
            *super().answers(),
            Answer("total_cost", _("Costs in all"), money(sums.costs), is_figure=True, is_field=False),
            Answer("total_income", _("Other income in all"), money(sums.incomes), is_figure=True, is_field=False),
            Answer("to_cover", _("Costs minus other income"), money(sums.to_cover), is_figure=True, is_field=False),
        ]

    def facts(self) -> dict[str, Any]:
        return {"amount_requested": self.amount.data, "total_cost": self.sums.costs}


class GrantDeclarationForm(DeclarationForm):
    has_read_rules = BooleanField(
        _l("We have read the fund's conditions"), [Needed(_l("Confirm that you have read the conditions."))]
    )
    accepts_conditions = BooleanField(
        _l(
            "If we get a grant we use it only for this project, tell you of changes, name the municipality as partner, "
            "report in time, and repay what is not used or is used for something else"
        ),
        [Needed(_l("Confirm that you accept what follows with a grant."))],
    )
    decided_on = DayField(
        _l("Day the board decided to apply"), [Needed(_l("Write the day the board, or the manager, decided to apply."))]
    )

    def validate_decided_on(self, field: DayField) -> None:
        if is_after_today(field.data):
            raise StopValidation(future_day_text())
