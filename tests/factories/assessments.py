"""Applications under assessment and ready for a sitting, reached by the real steps."""

from typing import Any

from sqlalchemy import select

from fundapp.accounts.models import Account
from fundapp.applications.models import Application, ApplicationKind
from fundapp.assessments import actions, rules
from fundapp.assessments.models import Assessment, Finding
from fundapp.db import db
from fundapp.goals.models import GoalArea, Objective, Plan
from fundapp.permissions import Role
from fundapp.workflow import Outcome
from tests.factories.people import official
from tests.factories.registry import registered

REASONS = "Projektet ger möten mellan nyanlända och andra invånare."


def under_assessment(*, officer: Account | None = None, **choices: Any) -> Application:
    """A case that an officer took up; `choices` go to `registered`."""
    application = registered(**choices)
    actions.take_up(application, by=officer or official(Role.OFFICER))
    return application


def objective(code: str, plan: str = "kalix") -> Objective:
    return db.session.scalars(
        select(Objective).join(GoalArea).join(Plan).where(Plan.code == plan, Objective.code == code)
    ).one()


def checked(application: Application, *, by: Account) -> None:
    """Every item of the formal check answered with yes."""
    kind = application.organisation.kind.value if application.organisation else None
    items = rules.check_items(application.round.fund.terms, kind)
    actions.check(application, {item["code"]: (Finding.YES, "") for item in items}, by=by)


def assessed(
    *,
    officer: Account | None = None,
    outcome: Outcome = Outcome.GRANT,
    amount: int | None = None,
    objectives: tuple[str, ...] = ("2.3", "5.1"),
    reasons: str = REASONS,
    **choices: Any,
) -> Application:
    """A case with a finished report: checked, linked, assessed. `amount` in kronor: what was sought by default."""
    by = officer or official(Role.OFFICER)
    application = under_assessment(officer=by, **choices)
    assess(application, by=by, outcome=outcome, amount=amount, objectives=objectives, reasons=reasons)
    return application


def assess(
    application: Application,
    *,
    by: Account,
    outcome: Outcome = Outcome.GRANT,
    amount: int | None = None,
    objectives: tuple[str, ...] = ("2.3", "5.1"),
    reasons: str = REASONS,
) -> None:
    """Everything from taken up to the finished report."""
    checked(application, by=by)
    if application.kind is ApplicationKind.GRANT:
        actions.link_objectives(application, [objective(code) for code in objectives], by=by)
    before = db.session.scalar(select(Assessment).where(Assessment.application_id == application.id))
    if outcome.gives_money and amount is None:
        amount = application.amount_requested or 10_000
    actions.save_assessment(
        application,
        version=before.version if before else 0,
        by=by,
        scores={"K1": 3, "K2": 2} if application.kind is ApplicationKind.GRANT else {},
        summary="Föreningen vill ordna språkkafé varje vecka.",
        text="Projektet möter fondens mål och når målgruppen.",
        proposed_outcome=outcome,
        proposed_amount=amount if outcome.gives_money else None,
        reasons=reasons,
        conditions=rules.standard_conditions(application.round.fund.terms),
    )
    actions.finish_report(application, by=by, serves_no_objective=not objectives)
