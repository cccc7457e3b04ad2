"""No cache keeps a private page: not by its own address, nor by one that looks like a file's, whatever is answered."""

from typing import Any

import pytest
from flask import Response
from flask.testing import FlaskClient
from sqlalchemy.exc import OperationalError

from fundapp.web.headers import versions
from tests.factories.foreign import CANARY
from tests.ground.foreign import World
from tests.ground.house import address_of, methods_of

# What may be hung on an address so that a cache takes the page behind it for a file that everybody may have.
TAILS = (
    "/x.css", "/x.js", "/static/base.css", ";x.css", ";/x.css", "%2fx.css", "%2Fx.css", "/", "//", "/.", "/..;/x.css",
    "%3fx.css", "%23x.css", "%00.css", "%0a.css", "%09.css", "%20.css", ".css", ".png", ".ico", "!x.css", "~x.css",
    "/%2e%2e/x.css", "\\x.css", "%5cx.css",
)  # fmt: skip
QUERIES = ("?x.css", "?v={v}", "?/x.css", "?static/base.css", "?utm_content=x.png")
HEADS = ("/static/..", "/static/%2e%2e", "/static/..%2f", "/static/x/../..", "/static;/..", "/.")


def _private(world: World) -> list[tuple[str, str, str]]:
    """Every page that is not everybody's: endpoint, address, and who may read it."""
    found = []
    for endpoint in sorted({rule.endpoint for rule in world.app.url_map.iter_rules()} - {"static"}):
        view: Any = world.app.view_functions[endpoint]
        if "GET" in methods_of(world.app, endpoint) and view.access != "public":
            found.append((endpoint, address_of(world.app, world.foreign.house, endpoint), "owner"))
    return found


def deceived(world: World, pages: list[tuple[str, str, str]]) -> list[str]:
    """Where an address that looks like a file's gives a private page, or any answer to it may be kept."""
    found = []
    version = versions()["base.css"]
    for endpoint, address, who in pages:
        client, path = world.client_of(who), address.partition("?")[0]
        addresses = [path + tail for tail in TAILS] + [path + query.format(v=version) for query in QUERIES]
        for asked in (*addresses, *(head + path for head in HEADS), f"/static/..{path}?v={version}"):
            with client.get(asked, headers={"Accept": "text/css,*/*;q=0.1"}) as answer:
                kept = answer.headers.get("Cache-Control", "")
                if kept != "no-store":
                    found.append(f"{endpoint} {asked}: {answer.status_code} {kept}")
                is_file = "?" not in asked and asked != path + "/"
                if is_file and answer.status_code == 200 and not asked.startswith("/."):
                    found.append(f"{endpoint} {asked}: a page")
                if answer.status_code >= 500:
                    found.append(f"{endpoint} {asked}: {answer.status_code}")
    return found


def test_an_address_that_looks_like_a_file_s_gives_no_private_page_to_keep(world: World) -> None:
    assert deceived(world, _private(world)[::40]) == []


@pytest.mark.slow
def test_no_private_page_at_all_is_given_to_keep_by_such_an_address(world: World) -> None:
    assert len(_private(world)) > 100
    assert deceived(world, _private(world)) == []


def test_a_server_that_forgives_what_is_hung_on_an_address_is_found(world: World) -> None:
    inner = world.app.wsgi_app

    def forgiving(environ: dict[str, Any], start: Any) -> Any:
        def begin(status: str, headers: list[tuple[str, str]], fault: Any = None) -> Any:
            kept = [("Cache-Control", "public") if name == "Cache-Control" else (name, v) for name, v in headers]
            return start(status, kept, fault)

        if environ["PATH_INFO"].endswith("/x.css"):
            return inner(environ | {"PATH_INFO": environ["PATH_INFO"].removesuffix("/x.css")}, begin)
        return inner(environ, start)

    world.app.wsgi_app = forgiving  # type: ignore[method-assign]
    found = deceived(world, [("accounts.account", "/sv/account", "owner")])
    assert any("public" in fault for fault in found)
    assert any("a page" in fault for fault in found)


# --- by each kind of answer ---------------------------------------------------------------------------------------


def _kept(client: FlaskClient, address: str, status: int, **how: Any) -> str:
    with client.open(address, **how) as answer:
        assert answer.status_code == status, (address, answer.status_code)
        assert "immutable" not in str(answer.headers)
        return answer.headers["Cache-Control"]


def _all_kinds(world: World, monkeypatch: pytest.MonkeyPatch) -> dict[int, str]:
    """One answer of each kind about something private, and how long a browser may keep it."""
    places, owner, stranger = world.foreign.house.places, world.client_of("owner"), world.client_of("stranger")
    own = f"/sv/applications/{places['applications.show']['public_id']}"
    found = {
        200: _kept(owner, own, 200),
        302: _kept(world.app.test_client(), own, 302),
        401: _kept(world.app.test_client(), f"{own}/submit", 401, method="POST"),
        403: _kept(world.client_of("administrator"), "/sv/cases", 403),
        404: _kept(stranger, own, 404),
        405: _kept(owner, own, 405, method="DELETE"),
        422: _kept(owner, f"/sv/organisations/{places['accounts.organisation']['public_id']}", 422, method="POST"),
    }
    with monkeypatch.context() as patch:
        patch.setattr("fundapp.web.limits.take", lambda *_what: 60)
        found[429] = _kept(owner, "/sv/accessibility", 429, method="POST", data={"text": CANARY})
    with monkeypatch.context() as patch:
        patch.setattr("fundapp.applications.views.queries.cards", _gone)
        found[503] = _kept(owner, "/sv/applications", 503)
    with monkeypatch.context() as patch:
        world.app.config["PROPAGATE_EXCEPTIONS"] = False
        patch.setattr("fundapp.applications.views.queries.cards", lambda _person: 1 // 0)
        found[500] = _kept(owner, "/sv/applications", 500)
    world.watched.restore()
    return found


def _gone(_person: Any) -> None:
    raise OperationalError("SELECT", {}, Exception("the server closed the connection"))


def test_no_kind_of_answer_about_what_is_private_is_kept(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    found = _all_kinds(world, monkeypatch)
    assert found == dict.fromkeys(found, "no-store")
    assert set(found) == {200, 302, 401, 403, 404, 405, 422, 429, 500, 503}


def test_an_answer_that_may_be_kept_is_found(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    def keep(response: Response) -> Response:
        response.headers["Cache-Control"] = "public, max-age=60"
        return response

    world.app.after_request_funcs[None].insert(0, keep)
    assert "public, max-age=60" in _all_kinds(world, monkeypatch).values()
