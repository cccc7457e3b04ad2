"""Every table and every blueprint, in the order of the journey. A station that gets pages is added here alone."""

from flask import Blueprint

from fundapp import mail
from fundapp.accounts import closing_views as closing
from fundapp.accounts import found as found_tables
from fundapp.accounts import giro_tables
from fundapp.accounts import interests_views as interests
from fundapp.accounts import views as accounts
from fundapp.applications import copying_views as copying
from fundapp.applications import models as application_tables
from fundapp.applications import searched as searched_tables
from fundapp.applications import signing_views as signing
from fundapp.applications import views as applications
from fundapp.assessments import models as assessment_tables
from fundapp.assessments import views as assessments
from fundapp.candidates import models as candidate_tables
from fundapp.candidates import views as candidates
from fundapp.decisions import announcing_views as announcing
from fundapp.decisions import appeals_views as appeals
from fundapp.decisions import letters_views as letters
from fundapp.decisions import models as decision_tables
from fundapp.decisions import views as decisions
from fundapp.delegations import models as delegation_tables
from fundapp.delegations import views as delegations
from fundapp.factors import views as factors
from fundapp.feedback import models as feedback_tables
from fundapp.feedback import views as feedback
from fundapp.funds import editing_views as fund_editing
from fundapp.funds import views as funds
from fundapp.goals import views as goals
from fundapp.history import views as history
from fundapp.holidays import views as holidays
from fundapp.intake import correcting_views as correcting
from fundapp.intake import posting_views as posting
from fundapp.intake import views as intake
from fundapp.meetings import attendance_views as attendance
from fundapp.meetings import masked as masked_tables
from fundapp.meetings import masking_views as masking
from fundapp.meetings import minutes as minutes_tables
from fundapp.meetings import minutes_views as minutes
from fundapp.meetings import models as meeting_tables
from fundapp.meetings import noticing_views as notices
from fundapp.meetings import proceedings as proceedings_tables
from fundapp.meetings import proceedings_views as proceedings
from fundapp.meetings import ranking_views as ranking
from fundapp.meetings import views as meetings
from fundapp.messages import models as message_tables
from fundapp.messages import views as messages
from fundapp.oidc import views as oidc
from fundapp.papers import blocks_views as text_blocks
from fundapp.papers import keeping_views as paper_templates
from fundapp.papers import views as papers
from fundapp.projects import giros_views as giros
from fundapp.projects import models as project_tables
from fundapp.projects import views as projects
from fundapp.public import diary_views as public_diary
from fundapp.public import record_views as public_record
from fundapp.public import views as public_pages
from fundapp.record import models as record_tables
from fundapp.record import views as record_pages
from fundapp.referrals import views as referrals
from fundapp.registry import diary_views as diary
from fundapp.registry import listed as listed_tables
from fundapp.registry import lists_views as lists
from fundapp.registry import models as registry_tables
from fundapp.registry import secrecy_views as secrecy
from fundapp.registry import views as registry
from fundapp.remarks import views as remarks
from fundapp.reports import models as report_tables
from fundapp.reports import views as reports
from fundapp.reviews import views as reviews
from fundapp.seats import views as seats

TABLES = (
    mail,
    registry_tables,
    listed_tables,
    application_tables,
    found_tables,
    giro_tables,
    searched_tables,
    message_tables,
    candidate_tables,
    assessment_tables,
    meeting_tables,
    proceedings_tables,
    minutes_tables,
    masked_tables,
    decision_tables,
    delegation_tables,
    project_tables,
    report_tables,
    feedback_tables,
    record_tables,
)

BLUEPRINTS: tuple[Blueprint, ...] = (
    public_pages.blueprint,
    public_record.blueprint,
    public_diary.blueprint,
    accounts.blueprint,
    closing.blueprint,
    factors.blueprint,
    oidc.blueprint,
    interests.blueprint,
    applications.blueprint,
    signing.blueprint,
    copying.blueprint,
    messages.blueprint,
    registry.blueprint,
    lists.blueprint,
    diary.blueprint,
    secrecy.blueprint,
    intake.blueprint,
    posting.blueprint,
    correcting.blueprint,
    assessments.blueprint,
    reviews.blueprint,
    papers.blueprint,
    paper_templates.blueprint,
    text_blocks.blueprint,
    remarks.blueprint,
    referrals.blueprint,
    candidates.blueprint,
    funds.blueprint,
    fund_editing.blueprint,
    history.blueprint,
    holidays.blueprint,
    record_pages.blueprint,
    seats.blueprint,
    meetings.blueprint,
    masking.blueprint,
    ranking.blueprint,
    attendance.blueprint,
    proceedings.blueprint,
    notices.blueprint,
    minutes.blueprint,
    decisions.blueprint,
    delegations.blueprint,
    letters.blueprint,
    announcing.blueprint,
    appeals.blueprint,
    projects.blueprint,
    giros.blueprint,
    reports.blueprint,
    goals.blueprint,
    feedback.blueprint,
)

# Stations whose pages are an official's: denser type, the desk's catalogue.
DESK = frozenset({
    "registry", "lists", "assessments", "candidates", "seats", "meetings", "attendance", "proceedings",
    "notices", "minutes", "decisions", "letters", "announcing", "appeals", "funds", "fund_editing", "history",
    "record", "delegations", "holidays", "masking", "ranking", "diary", "secrecy", "reviews", "interests", "remarks",
    "referrals", "papers", "oidc", "paper_templates", "text_blocks", "intake", "posting", "correcting", "giros",
    "people",
})  # fmt: skip
# Pages of theirs that the applicant opens, in any language.
OF_APPLICANTS = frozenset(
    {"candidates.answer", "decisions.ask_for_translation", "decisions.letter", "decisions.translated_letter"}
)
