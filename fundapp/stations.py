"""Every table and every blueprint, in the order of the journey. A station that gets pages is added here alone."""

from flask import Blueprint

from fundapp import mail
from fundapp.accounts import views as accounts
from fundapp.applications import copying_views as copying
from fundapp.applications import models as application_tables
from fundapp.applications import signing_views as signing
from fundapp.applications import views as applications
from fundapp.assessments import models as assessment_tables
from fundapp.assessments import views as assessments
from fundapp.decisions import models as decision_tables
from fundapp.decisions import views as decisions
from fundapp.feedback import models as feedback_tables
from fundapp.feedback import views as feedback
from fundapp.funds import views as funds
from fundapp.goals import views as goals
from fundapp.history import views as history
from fundapp.meetings import minutes as minutes_tables
from fundapp.meetings import models as meeting_tables
from fundapp.meetings import proceedings as proceedings_tables
from fundapp.meetings import views as meetings
from fundapp.messages import models as message_tables
from fundapp.messages import views as messages
from fundapp.projects import models as project_tables
from fundapp.projects import views as projects
from fundapp.public import views as public_pages
from fundapp.registry import models as registry_tables
from fundapp.registry import views as registry
from fundapp.reports import models as report_tables
from fundapp.reports import views as reports

TABLES = (
    mail,
    registry_tables,
    application_tables,
    message_tables,
    assessment_tables,
    meeting_tables,
    proceedings_tables,
    minutes_tables,
    decision_tables,
    project_tables,
    report_tables,
    feedback_tables,
)

BLUEPRINTS: tuple[Blueprint, ...] = (
    public_pages.blueprint,
    accounts.blueprint,
    applications.blueprint,
    signing.blueprint,
    copying.blueprint,
    messages.blueprint,
    registry.blueprint,
    assessments.blueprint,
    funds.blueprint,
    history.blueprint,
    meetings.blueprint,
    decisions.blueprint,
    projects.blueprint,
    reports.blueprint,
    goals.blueprint,
    feedback.blueprint,
)

# Stations whose pages are an official's: denser type, the desk's catalogue.
DESK = frozenset({"registry", "assessments", "meetings", "decisions", "funds", "history"})
# Pages of theirs that the applicant opens, in any language.
OF_APPLICANTS = frozenset({"decisions.ask_for_translation", "decisions.letter", "decisions.translated_letter"})
