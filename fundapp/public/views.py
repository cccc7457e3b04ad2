"""Pages that anybody may read: start, funded projects, and the § under which they were decided."""

from flask import Blueprint, abort, current_app, render_template, request, session

from fundapp.languages import current
from fundapp.public import queries
from fundapp.public.rules import WAY
from fundapp.web.access import public

blueprint = Blueprint("public", __name__)


@blueprint.get("/")
@public
def start() -> str:
    """Whoever comes without a cookie gets the page as it was drawn a moment ago, unless anything has happened since."""
    if session or request.args:
        return _start_page()
    kept: dict[tuple[str, str], tuple[str, str]] = current_app.extensions.setdefault("fundapp.start_pages", {})
    key, stamp = (current().code, request.base_url), queries.stamp()
    if kept.get(key, ("", ""))[0] != stamp:
        if len(kept) > 50:  # addresses that nobody serves under
            kept.clear()
        kept[key] = (stamp, _start_page())
    return kept[key][1]


def _start_page() -> str:
    return render_template(
        "public/start.html", offers=queries.offers(current().code), way=WAY, projects=queries.funded_projects(limit=3)
    )


@blueprint.get("/funded-projects")
@public
def projects() -> str:
    funded = queries.funded_projects()
    return render_template(
        "public/projects.html",
        projects=funded,
        reports=queries.approved_reports(funded),
        granted=sum(project.granted for project in funded),
    )


@blueprint.get("/funded-projects/<public_id>")
@public
def project(public_id: str) -> str:
    found = queries.funded_project(public_id)
    if found is None:
        abort(404)
    report = queries.approved_reports([found]).get(found.id)
    return render_template("public/project.html", project=found, report=report, place=queries.place_of(found))


@blueprint.get("/decisions/<board>/<int(max=9999):year>/<int(max=999999):number>")
@public
def paragraph(board: str, year: int, number: int) -> str:
    decisions = queries.granted_under(board, year, number)
    if not decisions:
        abort(404)
    return render_template(
        "public/paragraph.html",
        item=decisions[0].item,
        decisions=decisions,
        projects=queries.projects_of(decisions),
    )
