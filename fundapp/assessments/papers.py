"""What the papers of this station say: the officer's report (tjänsteskrivelse) and the filed request for completion.

A paper's content is {"title", "municipality", "meta": [[label, value]], "sections": [{"heading", "blocks"}], "signed"};
a block is {"kind": "text" | "heading", "text", "lang"}, {"kind": "list" | "numbered", "items"} or {"kind": "rows",
"rows": [[label, value]]}. Always in Swedish: spraklagen 2009:600 10 §.
"""

from datetime import date
from typing import Any

from sqlalchemy import select

from fundapp import clock
from fundapp.accounts.models import OrganisationKind
from fundapp.applications.models import Application, ApplicationKind
from fundapp.assessments import rules
from fundapp.assessments.models import Assessment, CompletionRequest, Finding, FormalCheck, ObjectiveLink
from fundapp.db import db
from fundapp.funds.models import FundKind
from fundapp.goals.models import GoalArea, Objective
from fundapp.goals.rules import municipality_named
from fundapp.languages import _d, _dn, long_day, money, number, speaking
from fundapp.mail import Message
from fundapp.papers import filling
from fundapp.papers.models import PaperKind
from fundapp.referrals.papers import basis_lines
from fundapp.registry.actions import sender_of
from fundapp.registry.models import Direction, Document
from fundapp.workflow import Outcome

Block = dict[str, Any]


def report_subject() -> str:
    with speaking("sv"):
        return _d("Officer's report")


def report_file_name(application: Application) -> str:
    with speaking("sv"):
        return _file_name(_d("Officer's report"), application)


def completion_subject(due_on: date) -> str:
    with speaking("sv"):
        return _d("Request for completion by %(day)s", day=long_day(due_on))


def completion_file_name(application: Application) -> str:
    with speaking("sv"):
        return _file_name(_d("Request for completion"), application)


def _file_name(what: str, application: Application) -> str:
    mark = application.case.diary_number if application.case else application.reference
    return f"{what} {mark}.pdf".replace(" ", "-").replace(":", "-").replace("/", "-").lower()


def completion_content(request: CompletionRequest, message: Message) -> dict[str, Any]:
    """The mail as it was sent, in the language it was sent in."""
    application = request.application
    with speaking("sv"):
        meta = [
            [_d("To"), f"{sender_of(application)} <{message.to}>"],
            [_d("Date"), clock.today().isoformat()],
            [_d("Diary number"), application.case.diary_number if application.case else ""],
        ]
        return {
            "title": filling.heading_of(PaperKind.COMPLETION, application) or _d("Request for completion"),
            "municipality": municipality_named(application.round.fund.municipality).name,
            "meta": meta,
            "sections": [
                {
                    "heading": message.subject,
                    "lang": message.language,
                    "blocks": [_text(message.body, message.language)],
                }
            ],
            "signed": "",
        }


def report_content(application: Application, *, by: Any, serves_no_objective: bool) -> dict[str, Any]:
    """The officer's report as it stands now; the sums and documents are those of this moment.

    Headings: DOMAIN's template for a tjänsteskrivelse. A part that has not been written yet is left out.
    """
    assessment = db.session.scalar(select(Assessment).where(Assessment.application_id == application.id))
    fund = application.round.fund
    with speaking("sv"):
        title, sections = _laid_out(application, assessment, serves_no_objective, by)
        return {
            "title": title,
            "subject": application.case.subject if application.case else "",
            "municipality": municipality_named(fund.municipality).name,
            "meta": [
                [_d("Administration"), fund.board.administration or ""],
                [_d("Case officer"), by.name],
                [_d("Date"), clock.today().isoformat()],
                [_d("Diary number"), application.case.diary_number if application.case else ""],
                [_d("To"), fund.board.name],
            ],
            "sections": sections,
            "signed": _d("%(name)s, case officer", name=by.name),
        }


def _laid_out(
    application: Application, assessment: Assessment | None, serves_no_objective: bool, by: Any
) -> tuple[str, list[dict[str, Any]]]:
    """The report's title and sections, as the municipality's template orders them; without one, in our own order."""
    parts = {
        "förslag till beslut": (_d("Proposed decision"), _proposal(application, assessment)),
        "sammanfattning": (_d("Summary"), [_text(assessment.summary)] if assessment and assessment.summary else []),
        "beskrivning": (_d("Description of the case"), _description(application)),
        "bedömning": (_d("Assessment"), _judgement(application, assessment, serves_no_objective)),
        "ekonomi": (_d("Economy and funding"), _economy(application, assessment)),
        "beslutsunderlag": (_d("Basis for the decision"), _basis(application)),
        "beslutet skickas till": (_d("The decision is sent to"), _receivers(application, assessment)),
    }
    blocks = {name: part[1] for name, part in parts.items()}
    told = filling.laid_out(PaperKind.OFFICER_REPORT, application, blocks, by=by)
    if told is not None:
        return told
    return _d("Officer's report"), [{"heading": head, "blocks": found} for head, found in parts.values() if found]


def _text(text: str, lang: str = "sv") -> Block:
    return {"kind": "text", "text": text, "lang": lang}


def _heading(text: str) -> Block:
    return {"kind": "heading", "text": text}


def _proposal(application: Application, assessment: Assessment | None) -> list[Block]:
    if assessment is None or assessment.proposed_outcome is None:
        return []
    points = [proposed_words(application, assessment.proposed_outcome, assessment.proposed_amount)]
    conditions = rules.conditions_in(assessment.conditions)
    if not assessment.proposed_outcome.gives_money or not conditions:
        return [{"kind": "numbered", "items": points}]
    points.append(_d("These conditions apply to the grant."))
    return [{"kind": "numbered", "items": points}, {"kind": "list", "items": conditions}]


def proposed_words(application: Application, outcome: Outcome, amount: int | None) -> str:
    """The proposal as a sentence that can be decided as it stands."""
    fund = application.round.fund
    who = {"board": fund.board.name, "applicant": application.applicant_name or "", "fund": fund.name}
    if outcome.gives_money:
        sum_ = money(amount) if amount is not None else "…"
        if fund.kind is FundKind.STIPEND and amount is None:
            return _d("%(board)s awards %(fund)s to %(applicant)s.", **who)
        if fund.kind is FundKind.STIPEND:
            return _d("%(board)s awards %(applicant)s %(amount)s as %(fund)s.", amount=sum_, **who)
        title = application.title or ""
        return _d(
            "%(board)s grants %(applicant)s %(amount)s from %(fund)s for the project “%(title)s”.",
            amount=sum_,
            title=title,
            **who,
        )
    is_nomination = application.kind is ApplicationKind.NOMINATION
    if outcome is Outcome.REJECT and is_nomination:
        return _d("%(board)s does not award %(fund)s to %(applicant)s.", **who)
    if outcome is Outcome.DISMISS and is_nomination:
        return _d("%(board)s dismisses the nomination of %(applicant)s without examining it.", **who)
    if outcome is Outcome.REJECT:
        return _d("%(board)s rejects the application from %(applicant)s to %(fund)s.", **who)
    if outcome is Outcome.DISMISS:
        return _d("%(board)s dismisses the application from %(applicant)s without examining it.", **who)
    return _d("%(board)s writes the case off without a decision in the matter.", **who)


def _description(application: Application) -> list[Block]:
    organisation = application.organisation
    is_nomination = application.kind is ApplicationKind.NOMINATION
    rows = [
        [_d("Nominated") if is_nomination else _d("Applicant"), application.applicant_name or ""],
        [_d("Nominated by"), sender_of(application) if is_nomination else ""],
        [_d("Kind of applicant"), str(organisation.kind.label) if organisation else ""],
        [_d("Organisation number"), _org_number(application.org_number)],
        [_d("Project") if application.kind is ApplicationKind.GRANT else _d("The work"), application.title or ""],
        [_d("Period"), _period(application)],
        [_d("Planned participants"), _participants(application)],
    ]
    blocks: list[Block] = [{"kind": "rows", "rows": [row for row in rows if row[1]]}]
    if application.summary:
        blocks.append(_text(application.summary, application.text_language))
    return blocks


def _org_number(digits: str | None) -> str:
    return f"{digits[:6]}-{digits[6:]}" if digits else ""


def _period(application: Application) -> str:
    if application.starts_on is None or application.ends_on is None:
        return ""
    return f"{application.starts_on.isoformat()} – {application.ends_on.isoformat()}"


def _participants(application: Application) -> str:
    if application.participants is None:
        return ""
    return _d(
        "%(all)s: %(women)s women, %(men)s men, %(girls)s girls, %(boys)s boys",
        all=number(application.participants),
        women=application.women,
        men=application.men,
        girls=application.girls,
        boys=application.boys,
    )


def _judgement(application: Application, assessment: Assessment | None, serves_no_objective: bool) -> list[Block]:
    blocks = [_text(assessment.text)] if assessment and assessment.text else []
    policy = _policy(application)
    blocks += [_heading(_d("Formal check")), *_formal_check(application)]
    links = _objectives(application, serves_no_objective) if application.kind is ApplicationKind.GRANT else []
    if links:
        blocks += [_heading(_d("Objectives of the plan")), *links]
    if policy:
        blocks += [_heading(_d("The plan's priority")), _text(policy)]
    if assessment and assessment.reasons:
        blocks += [_heading(_d("Reasons for the proposal")), _text(assessment.reasons)]
    return blocks


def _policy(application: Application) -> str:
    """The plan's priority for municipal projects, where the applicant is one: it must be seen, since it outranks."""
    priority = application.terms["municipal_priority"]
    organisation = application.organisation
    if priority is None or organisation is None or organisation.kind is not OrganisationKind.MUNICIPAL_UNIT:
        return ""
    return f"{priority['value']['sv']} ({priority['source']})"


def _formal_check(application: Application) -> list[Block]:
    terms = {item["code"]: item["text"]["sv"] for item in application.terms["formal_checks"]["value"]}
    found = list(db.session.scalars(select(FormalCheck).where(FormalCheck.application_id == application.id)))
    order = list(terms)
    found.sort(key=lambda row: order.index(row.item) if row.item in order else len(order))
    open_points = [row for row in found if row.finding in (Finding.NO, Finding.MISSING)]
    noted = [row for row in found if row.note and row not in open_points]
    checked = _dn("%(n)s item is checked.", "%(n)s items are checked.", len(found))
    remarks = _d("Remarks:") if open_points else _d("Nothing is missing.")
    blocks = [_text(f"{checked} {remarks}")]
    lines = [
        ": ".join(part for part in (terms.get(row.item, row.item), str(row.finding.label), row.note) if part)
        for row in [*open_points, *noted]
    ]
    return [*blocks, {"kind": "list", "items": lines}] if lines else blocks


def _objectives(application: Application, serves_no_objective: bool) -> list[Block]:
    linked = db.session.execute(
        select(GoalArea.number, GoalArea.name, Objective.code, Objective.text)
        .join(Objective, Objective.area_id == GoalArea.id)
        .join(ObjectiveLink, ObjectiveLink.objective_id == Objective.id)
        .where(ObjectiveLink.application_id == application.id)
        .order_by(GoalArea.number, Objective.position)
    ).all()
    if not linked:
        return [_text(_d("The application serves none of the plan's objectives."))] if serves_no_objective else []
    return [{"kind": "list", "items": [f"{row.name} – {row.code} {row.text}" for row in linked]}]


def _economy(application: Application, assessment: Assessment | None) -> list[Block]:
    round_ = application.round
    proposed = assessment.proposed_amount if assessment else None
    is_stipend = round_.fund.kind is FundKind.STIPEND
    rows = [
        [_d("Sought"), _kronor(application.amount_requested)],
        [_d("Total cost of the project"), _kronor(application.total_cost)],
        [_d("Proposed"), _kronor(proposed)],
        [
            _d("The stipend's sum for %(round)s", round=round_.label)
            if is_stipend
            else _d("The fund's frame for %(round)s", round=round_.label),
            money(round_.frame),
        ],
        [_d("Granted so far"), money(round_.granted)],
        [_d("Reserved by pending decisions"), money(round_.reserved)],
        [_d("Left of the frame"), money(round_.left)],
        [_d("Left if the proposal is decided"), _kronor(round_.left - proposed if proposed is not None else None)],
    ]
    return [{"kind": "rows", "rows": [row for row in rows if row[1]]}]


def _kronor(kronor: int | None) -> str:
    return "" if kronor is None else money(kronor)


def _basis(application: Application) -> list[Block]:
    """Dated documents, this report first; what was sent out by us is no basis."""
    items = [_d("Officer's report, %(day)s", day=clock.today().isoformat())]
    if application.case is not None:
        items += [
            ", ".join(part for part in (document.subject, document.counterpart, document.dated.isoformat()) if part)
            for document in db.session.scalars(
                select(Document)
                .where(Document.case_id == application.case.id, Document.direction == Direction.RECEIVED)
                .order_by(Document.number)
            )
        ]
    items += basis_lines(application)
    return [{"kind": "list", "items": items}]


def _receivers(application: Application, assessment: Assessment | None) -> list[Block]:
    items = list(dict.fromkeys([application.applicant_name or _d("The applicant"), sender_of(application)]))
    items.append(_d("The case officer"))
    if assessment and assessment.proposed_outcome and assessment.proposed_outcome.gives_money:
        items.append(_d("The finance unit"))
    return [{"kind": "list", "items": items}]
