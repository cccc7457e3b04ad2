"""Pages that anybody may read: start, each fund before one applies, funded projects, and the § of their decision."""

from flask import Blueprint, abort, render_template, request

from fundapp.decisions.force import forces
from fundapp.languages import LANGUAGES, current
from fundapp.meetings.models import designation
from fundapp.paging import beyond_of
from fundapp.public import eligibility as asking
from fundapp.public import queries, reading, record
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
        "public/start.html",
        offers=queries.offers(current().code),
        way=WAY,
        projects=queries.latest_projects(3),
        notices=record.newest_notices(3),
    )


def _offer_or_404(code: str) -> queries.Offer:
    found = queries.offer(code, current().code)
    if found is None:
        abort(404)
    return found


@blueprint.get("/grants/<code>")
@public
def fund(code: str) -> str:
    """What one fund is for, and what to know before one applies."""
    return kept(lambda: _fund_page(code), seconds=5)


def _fund_page(code: str) -> str:
    offer = _offer_or_404(code)
    return render_template("public/fund.html", offer=offer, terms=offer.fund.terms, kinds_of=queries.kinds_of, way=WAY)


@blueprint.get("/grants/<code>/questions")
@public
def questions(code: str) -> str:
    """Every question of its forms."""
    return kept(lambda: _questions_page(code), seconds=60)


def _questions_page(code: str) -> str:
    offer = _offer_or_404(code)
    return render_template("public/questions.html", offer=offer, papers=reading.papers(offer.round))


@blueprint.get("/grants/<code>/can-we-apply")
@public
def eligibility(code: str) -> str:
    """Five questions, and what the answers mean. The address holds them, and nothing else does."""
    offer = _offer_or_404(code)
    terms, is_asked = offer.fund.terms, bool(request.args)
    form = asking.form_for(terms, request.args)
    is_answered = is_asked and form.validate()
    return render_template(
        "public/eligibility.html",
        offer=offer,
        form=form,
        questions=asking.questions(terms),
        who_skips=asking.who_skips,
        refusals=asking.refusals(terms, form) if is_answered else None,
    )


@blueprint.get("/minority-languages")
@public
def minority_languages() -> str:
    """The rights of who speaks Finnish or Meänkieli. Source: lag 2009:724 3 and 8 §§."""
    return render_template("public/minority_languages.html", speakers=[LANGUAGES["fi"], LANGUAGES["fit"]])


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
    return render_template("public/project.html", project=found, report=report, texts=queries.texts_of(found, report))


@blueprint.get("/decisions/<board>/<int(max=9999):year>/<int(max=999999):number>")
@public
def paragraph(board: str, year: int, number: int) -> str:
    found = record.paragraph(board, year, number)
    grants = queries.granted_under(board, year, number)
    if found is None and not grants:
        abort(404)
    meeting = found[0] if found is not None else grants[0].decision.item.meeting
    return render_template(
        "public/paragraph.html",
        meeting=meeting,
        designation=designation(meeting.board.abbreviation, meeting.held_on, number),
        number=number,
        item=found[1] if found is not None else None,
        heading=found[1]["heading"] if found is not None else queries.heading_of(grants),
        grants=grants,
        forces=forces([grant.decision for grant in grants]),
    )
