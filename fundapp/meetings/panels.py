"""What the panels beside a sitting need, by the name under which the template knows it."""

from typing import Any

from fundapp.meetings.models import Meeting


def of(meeting: Meeting) -> dict[str, Any]:
    return {}
