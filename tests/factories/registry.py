"""Applications that have their case and diary number, reached by the real steps."""

from typing import Any

from fundapp.accounts.models import Account
from fundapp.applications.models import Application
from fundapp.permissions import Role
from fundapp.registry.actions import register
from tests.factories.applications import submitted
from tests.factories.people import official


def registered(*, registrar: Account | None = None, **choices: Any) -> Application:
    """A registered application; `choices` go to `submitted`."""
    application = submitted(**choices)
    register(application, by=registrar or official(Role.REGISTRAR))
    return application
