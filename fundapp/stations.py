"""Every table and every blueprint, in the order of the journey. A station that gets pages is added here alone."""

from flask import Blueprint

from fundapp import mail
from fundapp.accounts import views as accounts
from fundapp.applications import models as application_tables
from fundapp.assessments import models as assessment_tables
from fundapp.decisions import models as decision_tables
from fundapp.meetings import models as meeting_tables
from fundapp.projects import models as project_tables
from fundapp.registry import models as registry_tables
from fundapp.reports import models as report_tables

TABLES = (
    mail,
    registry_tables,
    application_tables,
    assessment_tables,
    meeting_tables,
    decision_tables,
    project_tables,
    report_tables,
)

BLUEPRINTS: tuple[Blueprint, ...] = (accounts.blueprint,)

# Stations whose pages are an official's: denser type, the desk's catalogue.
DESK = frozenset({"registry", "assessments", "meetings", "decisions", "funds", "history"})
