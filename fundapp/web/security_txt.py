"""Where to tell of a hole, as RFC 9116 has it: /.well-known/security.txt."""

from datetime import timedelta

from flask import Blueprint, Response, abort

from fundapp import clock
from fundapp.config import settings
from fundapp.web.access import public

blueprint = Blueprint("security_txt", __name__)
HOLDS = timedelta(days=180)  # RFC 9116 2.5.5: less than a year


@blueprint.get("/.well-known/security.txt")
@public
def show() -> Response:
    """404 where the municipality has set no address."""
    contact = settings().security_contact or abort(404)
    until = (clock.now() + HOLDS).replace(hour=0, minute=0, second=0, microsecond=0)
    lines = [
        f"Contact: {contact}",
        f"Expires: {until.isoformat().replace('+00:00', 'Z')}",
        "Preferred-Languages: sv, en",
        f"Canonical: {settings().base_url}/.well-known/security.txt",
    ]
    return Response("\n".join(lines) + "\n", content_type="text/plain; charset=utf-8")
