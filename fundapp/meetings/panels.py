"""What the panels beside a sitting need, by the name under which the template knows it."""

from typing import Any

from flask_login import current_user

from fundapp.decisions import announcing
from fundapp.delegations import queries as delegations
from fundapp.meetings import minutes_queries, notices, presences
from fundapp.meetings.models import Meeting
from fundapp.permissions import Permission, is_allowed


def of(meeting: Meeting) -> dict[str, Any]:
    return {
        "notice_panel": notices.panel(meeting, current_user),
        "attendance": presences.standing(meeting),
        "delegated": delegations.panel(meeting),
        "announced": announcing.panel(meeting),
        "minutes_panel": minutes_queries.panel(meeting, current_user),
        "may_rank": is_allowed(current_user, Permission.RANK_CASES),
    }
