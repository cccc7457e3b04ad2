"""The report as a paper: what was sent, frozen, in Swedish beside the association's own words."""

from typing import Any

from fundapp import clock, languages
from fundapp.config import settings
from fundapp.goals.rules import municipality_named
from fundapp.languages import _, long_day, money, speaking
from fundapp.mail import Message
from fundapp.reports.models import Report
from fundapp.reports.rules import CARRIED_OUT


def file_name(report: Report) -> str:
    """`redovisning-k3v9….pdf`: the project's public id, no title, so that it is safe on every disk."""
    return f"redovisning-{report.project.public_id}.pdf"


def report_content(report: Report) -> dict[str, Any]:
    """What `reports/documents/report.typ` shows: headings in Swedish, typed texts as they are, sums as written."""
    with speaking("sv"):
        return {
            "municipality": municipality_named(settings().municipality).name,
            "title": _("Report on %(title)s", title=report.project.title),
            "lang": "sv",
            "meta": _meta(report),
            "numbers": _numbers(report),
            "texts": [text for text in _texts(report) if text["text"]],
            "results_heading": _("Results for the plan's objectives"),
            "results": [
                {"objective": f"{result.objective.code} {result.objective.text}", "text": result.text}
                for result in report.results
            ],
        }


def mail_content(message: Message, report: Report) -> dict[str, Any]:
    """What `reports/documents/mail.typ` shows: a mail as it was sent, in the language it was sent in."""
    with speaking("sv"):
        return {
            "municipality": municipality_named(settings().municipality).name,
            "title": message.subject,
            "lang": message.language,
            "meta": [
                [_("To"), f"{report.project.application.applicant_name or ''} <{message.to}>"],
                [_("Date"), long_day(clock.today())],
            ],
            "text": message.body.strip(),
        }


def _meta(report: Report) -> list[list[str]]:
    application, sent = report.project.application, report.submitted_at or clock.now()
    return [
        [_("Sent by"), application.applicant_name or ""],
        [_("Diary number"), application.case.diary_number if application.case else ""],
        [_("Decision"), report.project.decision.item.designation],
        [_("Sent"), languages.day_and_time(sent)],
        [_("Written in"), languages.LANGUAGES[report.language].own_name],
        [_("Project period"), f"{long_day(report.project.starts_on)} – {long_day(report.project.ends_on)}"],
    ]


def _numbers(report: Report) -> list[list[str]]:
    unused = report.unused or 0
    return [
        [_("Sum granted"), money(report.project.granted)],
        [_("Used"), money(report.used or 0)],
        [_("Not used"), money(unused)],
        [_("Women"), str(report.women)],
        [_("Men"), str(report.men)],
        [_("Girls"), str(report.girls)],
        [_("Boys"), str(report.boys)],
        [_("Participants in all"), str(report.participants)],
    ]


def _texts(report: Report) -> list[dict[str, str]]:
    return [
        {"heading": _("Was the project carried out"), "text": str(CARRIED_OUT.get(report.carried_out, ""))},
        {"heading": _("What was done"), "text": report.what_was_done},
        {"heading": _("What differed from the application"), "text": report.deviations},
        {"heading": _("What lives on"), "text": report.lives_on},
    ]
