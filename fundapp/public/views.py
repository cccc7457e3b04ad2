"""Pages that anybody may read: start, funded projects, and the § under which they were decided."""

from flask import Blueprint, abort, render_template, request

from fundapp.languages import current
from fundapp.paging import beyond_of
from fundapp.public import queries
from fundapp.public.rules import WAY
from fundapp.web.access import public
from fundapp.web.kept import kept

blueprint = Blueprint("public", __name__)


@blueprint.get("/")
@public
def start() -> str:
    return kept(_start_page, seconds=5)  # rounds open and close by the clock


def _start_page() -> str:
    return render_template(
        "public/start.html", offers=queries.offers(current().code), way=WAY, projects=queries.latest_projects(3)
    )


@blueprint.get("/funded-projects")
@public
def projects() -> str:
    return kept(_projects_page, seconds=60)


def _projects_page() -> str:
    count, granted = queries.funded_in_all()
    page = queries.funded_projects(beyond_of(request.args))
    return render_template("public/projects.html", page=page, count=count, granted=granted)


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
