"""The door: every route, method and role answered as the table below says; no GET writes; every POST needs its token.

The table is written by hand, beside `permissions.py` and not from it: a page that is added must be added here too.
"""

import sqlite3
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from fundapp.app import create_app
from fundapp.permissions import Role
from fundapp.web.access import SAFE
from tests.factories.house import House
from tests.ground.house import Restore, address_of, client_of, methods_of

ANYBODY = frozenset(
    {
        "nobody",
        "stranger",
        "owner",
        "conflicted",
        *(role.value for role in Role if role is not Role.APPLICANT),
    }
)
SIGNED_IN = ANYBODY - {"nobody"}
READERS = frozenset({"registrar", "officer", "secretary", "auditor"})
BOARD_ROOM = READERS | {"member", "conflicted"}  # `conflicted` is an officer with a conflict in the cases used here
OWNER = frozenset({"owner"})
CASE_READERS = READERS | {"member"}  # the case used here has stood on an agenda

# endpoint → who comes in. What each address is filled with stands in tests/factories/house.py.
PAGES: dict[str, frozenset[str]] = {
    "home": ANYBODY,
    "healthz": ANYBODY,
    "livez": ANYBODY,
    "security_txt.show": ANYBODY,
    "metrics": ANYBODY,  # of this machine; tests/test_watch.py has the others
    "public.start": ANYBODY,
    "public.fund": ANYBODY,
    "public.questions": ANYBODY,
    "public.eligibility": ANYBODY,
    "public.minority_languages": ANYBODY,
    "feedback.statement": ANYBODY,
    "feedback.list": frozenset({"administrator"}),
    "public.projects": ANYBODY,
    "public.project": ANYBODY,
    "public.paragraph": ANYBODY,
    **{f"record_pages.{name}": ANYBODY for name in ("noticeboard", "feed", "notice", "meetings", "meeting", "minutes")},
    "goals.show": ANYBODY,
    "goals.objective": ANYBODY,
    "goals.plan": ANYBODY,
    "goals.answer": frozenset({"officer", "secretary", "conflicted"}),
    "accounts.sign_in": ANYBODY,
    "accounts.enter_code": ANYBODY,
    "accounts.open_link": ANYBODY,
    "accounts.sign_out": ANYBODY,
    "accounts.stay": SIGNED_IN,
    **{f"factors.{name}": ANYBODY for name in ("by_password", "by_passkey", "challenge")},
    **{
        f"factors.{name}": SIGNED_IN
        for name in ("show", "set_password", "remove_password", "add_passkey", "new_passkey_challenge", "prove")
    },
    **{f"oidc.{name}": ANYBODY for name in ("start", "come_back", "signed_out")},
    **{f"oidc.{name}": SIGNED_IN for name in ("connect", "step_up", "disconnect")},
    "factors.new_recovery_codes": SIGNED_IN,
    "factors.end_other_sessions": SIGNED_IN,
    "factors.remove_passkey": OWNER,
    "factors.clear": frozenset({"administrator"}),
    **{f"people.{name}": frozenset({"administrator"}) for name in ("sign_out", "close", "reopen")},
    "accounts.account": SIGNED_IN,
    "accounts.organisations": SIGNED_IN,
    "accounts.new_organisation": SIGNED_IN,
    "accounts.organisation": OWNER,
    "accounts.members": OWNER,
    "accounts.member": OWNER,
    "accounts.invite": OWNER,
    "accounts.invite_again": OWNER,
    "accounts.withdraw_invitation": OWNER,
    "accounts.remove_member": OWNER,
    "accounts.leave": OWNER,
    "accounts.invitation": ANYBODY,
    "accounts.people": frozenset({"administrator"}),
    "accounts.person": frozenset({"administrator"}),
    "accounts.take_role": frozenset({"administrator"}),
    "accounts.role": frozenset({"administrator"}),
    "holidays.list": frozenset({"administrator"}),
    "holidays.take_back": frozenset({"administrator"}),
    "accounts.conflicts": BOARD_ROOM,
    "accounts.end_conflict": frozenset({"conflicted"}),
    "interests.list": BOARD_ROOM,
    "interests.found": BOARD_ROOM,
    "interests.register": frozenset({"secretary", "auditor"}),
    **{f"interests.{name}": frozenset({"conflicted"}) for name in ("change", "take_back", "is_me", "is_not_me")},
    "funds.list": BOARD_ROOM | {"administrator"},
    "funds.show": BOARD_ROOM | {"administrator"},
    "funds.change_frame": frozenset({"secretary"}),
    **{
        f"fund_editing.{name}": frozenset({"administrator"})
        for name in ("new", "show", "part", "texts", "questions", "own_question", "new_round", "edit_round", "confirm")
    },
    **{
        f"fund_editing.{name}": frozenset({"administrator"})
        for name in ("try_out", "remove_try_out", "open", "history")
    },
    "history.list": frozenset({"auditor"}),
    "record.show": frozenset({"auditor", "administrator"}),
    "record.entry": frozenset({"auditor", "administrator"}),
    "applications.list": SIGNED_IN,
    "applications.new": SIGNED_IN,
    "applications.show": OWNER,
    "applications.text_language": OWNER,
    "applications.section": OWNER,
    "applications.keep": OWNER,
    "applications.check": OWNER,
    "applications.submit": OWNER,
    "signing.ask": OWNER,
    "signing.confirm": ANYBODY,
    "copying.copy": OWNER,
    "applications.receipt": OWNER,
    "applications.receipt_pdf": OWNER,
    "applications.withdraw": OWNER,
    "applications.attach": OWNER,
    "applications.attach_later": OWNER,
    "applications.detach": OWNER,
    "applications.attachment": OWNER,
    "messages.show": OWNER,
    "messages.write": OWNER,
    "messages.mark_read": OWNER,
    "registry.start": BOARD_ROOM,
    "registry.list": BOARD_ROOM,
    "registry.export": BOARD_ROOM,
    "lists.assign": frozenset({"registrar", "officer", "conflicted"}),
    "lists.agenda": frozenset({"secretary"}),
    "lists.save_view": BOARD_ROOM,
    "lists.views": BOARD_ROOM,
    "lists.change_view": frozenset({"officer"}),  # whose it is
    "lists.remove_view": frozenset({"officer"}),
    "lists.export": BOARD_ROOM,
    **{f"lists.{name}": frozenset({"officer"}) for name in ("exported", "export_again", "file")},
    **{f"diary.{name}": READERS | {"conflicted"} for name in ("show", "as_csv", "as_xlsx", "as_pdf")},
    **{
        f"secrecy.{name}": frozenset({"registrar", "secretary"})
        for name in ("show", "mark", "lift", "copy", "give_out")
    },
    "secrecy.given_out": READERS | {"conflicted"},
    "public_diary.list": ANYBODY,
    "registry.show": CASE_READERS,
    "registry.versions": CASE_READERS,
    "registry.register": frozenset({"registrar"}),
    "registry.file_document": frozenset({"registrar", "officer"}),
    "registry.messages": frozenset({"registrar", "officer"}),
    "registry.messages_read": frozenset({"registrar", "officer"}),
    "registry.document": CASE_READERS,
    **{
        f"intake.{name}": frozenset({"registrar"})
        for name in ("list", "new", "show", "part", "attach", "scan", "receive", "additions", "remove", "merge")
    },
    "posting.list": frozenset({"registrar", "officer", "conflicted"}),
    **{f"posting.{name}": frozenset({"registrar", "officer"}) for name in ("show", "letter_pdf", "enclosed")},
    "correcting.list": frozenset({"registrar", "officer", "conflicted"}),
    **{
        f"correcting.{name}": frozenset({"registrar", "officer"})
        for name in ("propose", "change", "show", "approve", "decline")
    },
    "registry.letters_failed": frozenset({"registrar", "officer", "conflicted"}),
    "registry.send_again": frozenset({"registrar", "officer"}),
    "registry.submission_pdf": CASE_READERS,
    "registry.attachment": CASE_READERS,
    "assessments.take_up": frozenset({"officer"}),
    "assessments.formal_check": frozenset({"officer"}),
    "assessments.request_completion": frozenset({"officer"}),
    "assessments.go_on_without": frozenset({"officer"}),
    "assessments.objectives": frozenset({"officer"}),
    "assessments.assess": frozenset({"officer"}),
    "assessments.report": frozenset({"officer"}),
    "assessments.translate": frozenset({"registrar", "officer"}),
    "assessments.reopen": frozenset({"officer"}),
    "assessments.reconsider": frozenset({"officer"}),
    "assessments.declare_conflict": CASE_READERS,
    **{
        f"papers.{name}": frozenset({"registrar", "officer"})
        for name in ("new", "show", "edit", "preview", "finish", "throw_away")
    },
    **{f"paper_templates.{name}": frozenset({"administrator"}) for name in ("list", "edit", "version", "end")},
    **{
        f"text_blocks.{name}": frozenset({"registrar", "officer", "conflicted", "administrator"})
        for name in ("list", "new", "edit", "remove")
    },
    **{f"remarks.{name}": frozenset({"registrar", "officer", "secretary"}) for name in ("raise_flag", "resolve_flag")},
    "remarks.write_note": frozenset({"registrar", "officer"}),
    "remarks.correct_note": frozenset({"officer"}),  # who wrote it
    "referrals.list": frozenset({"registrar", "officer", "conflicted"}),
    "referrals.answer": frozenset({"registrar", "officer"}),
    **{f"referrals.{name}": frozenset({"officer"}) for name in ("refer", "withdraw")},
    **{f"referrals.{name}": frozenset({"stranger"}) for name in ("reply", "document")},  # whom the mail was sent to
    "reviews.list": BOARD_ROOM,
    "reviews.show": READERS,
    "reviews.second_look": READERS,
    **{f"reviews.{name}": frozenset({"officer"}) for name in ("ask", "close", "withdraw", "take_over", "write")},
    **{
        f"reviews.{name}": frozenset({"officer"})
        for name in ("open_again", "ask_for_look", "answer_look", "withdraw_look")
    },
    "announcing.announce": frozenset({"secretary"}),
    "appeals.new": frozenset({"registrar", "secretary"}),
    "appeals.end": frozenset({"registrar", "secretary"}),
    "appeals.allow_early_payment": frozenset({"secretary"}),
    "candidates.list": frozenset({"officer", "conflicted"}),
    "candidates.gather": frozenset({"officer", "conflicted"}),
    "candidates.divide": frozenset({"officer"}),  # who has a conflict in one case of the round divides nothing
    "candidates.ceremony": frozenset({"officer", "conflicted"}),
    "candidates.ceremony_list": frozenset({"officer", "conflicted"}),
    "candidates.diploma": frozenset({"officer"}),
    **{
        f"candidates.{name}": frozenset({"officer"})
        for name in ("show", "correct", "confirm", "split", "merge", "ask", "note_answer", "finish")
    },
    "candidates.answer": ANYBODY,
    "meetings.list": BOARD_ROOM,
    "meetings.show": BOARD_ROOM,
    "meetings.new": frozenset({"secretary"}),
    "meetings.add_item": frozenset({"secretary"}),
    "meetings.put_on_agenda": frozenset({"secretary"}),
    "meetings.take_off": frozenset({"secretary"}),
    "meetings.move": frozenset({"secretary"}),
    "meetings.open": frozenset({"secretary"}),
    "notices.show": BOARD_ROOM,
    "notices.pack": BOARD_ROOM,
    **{f"notices.{name}": frozenset({"secretary"}) for name in ("publish", "send_again", "order", "change")},
    "minutes.list": BOARD_ROOM,
    "minutes.show": BOARD_ROOM,
    "minutes.pdf": BOARD_ROOM,
    "minutes.sign": frozenset({"member"}),
    **{
        f"minutes.{name}": frozenset({"secretary"})
        for name in ("draw_up", "approve", "record_signature", "signed_page")
    },
    **{f"letters.{name}": frozenset({"secretary"}) for name in ("list", "show", "pdf", "release", "send_again")},
    "masking.show": frozenset({"secretary"}),
    **{f"ranking.{name}": frozenset({"officer", "secretary", "conflicted"}) for name in ("show", "lay")},
    "delegations.show": BOARD_ROOM,
    "delegations.list": BOARD_ROOM,
    "delegations.new_point": frozenset({"secretary", "administrator"}),
    "delegations.end_point": frozenset({"secretary", "administrator"}),
    "delegations.decide": frozenset({"officer", "registrar", "secretary", "conflicted"}),
    "delegations.report": frozenset({"secretary"}),
    "seats.list": BOARD_ROOM,
    "seats.show": BOARD_ROOM,
    "seats.keep": frozenset({"secretary", "administrator"}),
    "seats.change": frozenset({"secretary", "administrator"}),
    "seats.remove": frozenset({"secretary", "administrator"}),
    "attendance.show": BOARD_ROOM,
    "attendance.roll": frozenset({"secretary"}),
    "attendance.arrive": frozenset({"secretary"}),
    "attendance.leave": frozenset({"secretary"}),
    "attendance.chair": frozenset({"secretary"}),
    "attendance.other": frozenset({"secretary"}),
    "attendance.checker": frozenset({"secretary"}),
    "attendance.correct": frozenset({"secretary"}),
    "attendance.strike": frozenset({"secretary"}),
    "attendance.end": frozenset({"secretary"}),
    "attendance.resume": frozenset({"secretary"}),
    "proceedings.show": BOARD_ROOM,
    "proceedings.as_proposed": frozenset({"secretary"}),
    "proceedings.take_back": frozenset({"secretary"}),
    "proceedings.outcomes": frozenset({"secretary"}),
    "proceedings.disqualify": frozenset({"secretary"}),
    "proceedings.lift": frozenset({"secretary"}),
    "proceedings.move": frozenset({"secretary"}),
    "proceedings.put_propositions": frozenset({"secretary"}),
    "proceedings.vote": frozenset({"secretary"}),
    "proceedings.remark": frozenset({"secretary"}),
    "proceedings.resolve": frozenset({"secretary"}),
    "decisions.record_outcome": frozenset({"secretary"}),
    "decisions.letter": OWNER | CASE_READERS,
    "decisions.translated_letter": OWNER | CASE_READERS,
    "decisions.ask_for_translation": OWNER,
    "decisions.translate": frozenset({"registrar", "officer"}),
    "projects.list": BOARD_ROOM,
    "projects.show": OWNER | READERS | {"member"},
    "projects.pay": frozenset({"officer"}),
    "projects.approve": frozenset({"officer", "secretary"}),
    "projects.send_back": frozenset({"officer", "secretary"}),
    "projects.take_back": frozenset({"officer"}),
    "projects.plan": frozenset({"officer"}),
    "giros.list": frozenset({"officer", "secretary", "conflicted"}),
    **dict.fromkeys(("giros.show", "giros.approve", "giros.refuse"), frozenset({"officer", "secretary"})),
    "giros.take_back": OWNER,
    "projects.ask_for_change": OWNER,
    "projects.answer_change": frozenset({"officer"}),
    "reports.edit": OWNER,
    "reports.check": OWNER,
    "reports.submit": OWNER,
    "reports.review": frozenset({"officer"}),
    "reports.repaid": frozenset({"officer"}),
}


def _is_let_in(answer: Any) -> bool:
    is_sent_to_sign_in = answer.status_code == 302 and "/sign-in?next=" in answer.location
    return answer.status_code not in (401, 403, 404) and not is_sent_to_sign_in


def test_every_route_stands_in_the_table(app: Flask) -> None:
    routes = {rule.endpoint for rule in app.url_map.iter_rules()} - {"static"}
    assert routes == set(PAGES)


def test_a_route_that_names_no_permission_is_shut(settings: Any) -> None:
    app = create_app(settings)
    app.add_url_rule("/sv/forgotten", "forgotten", lambda: "open")
    app.config["PROPAGATE_EXCEPTIONS"] = False
    assert app.test_client().get("/sv/forgotten").status_code == 500


@pytest.mark.parametrize("endpoint", PAGES)
def test_each_person_is_let_in_as_the_table_says(endpoint: str, house: House, copied: tuple[Flask, Restore]) -> None:
    app, restore = copied
    address = address_of(app, house, endpoint)
    found = {}
    for method in methods_of(app, endpoint):
        for who in sorted(ANYBODY):
            posted = None if method in SAFE else house.posts.get(endpoint)
            with client_of(app, house, who).open(address, method=method, data=posted) as answer:
                assert answer.status_code < 500, (method, who, answer.status)
                found[method, who] = _is_let_in(answer)
            if method not in SAFE:
                restore()
    wanted = {(method, who): who in PAGES[endpoint] for method in methods_of(app, endpoint) for who in ANYBODY}
    assert found == wanted


def test_every_post_needs_its_token(house: House, copied: tuple[Flask, Restore]) -> None:
    app, _restore = copied
    app.config["WTF_CSRF_ENABLED"] = True
    found = {}
    for endpoint in PAGES:
        if "POST" in methods_of(app, endpoint):
            client = client_of(app, house, min(PAGES[endpoint]))
            found[endpoint] = client.post(address_of(app, house, endpoint)).status_code
    assert len(found) > 150
    assert {endpoint: status for endpoint, status in found.items() if status != 400} == {}


def test_no_get_writes(house: House, copied: tuple[Flask, Restore], tmp_path: Path) -> None:
    app, _restore = copied
    connection = sqlite3.connect(tmp_path / "copy.db")

    def rows() -> list[str]:
        return [line for line in connection.iterdump() if 'INTO "login_session"' not in line]

    before = rows()
    for endpoint in PAGES:
        if "GET" in methods_of(app, endpoint):
            who = sorted(PAGES[endpoint] - {"nobody"} or {"nobody"})[0]
            client_of(app, house, who).get(address_of(app, house, endpoint)).close()
    assert rows() == before
    connection.close()


def test_the_auditor_writes_nothing(house: House, copied: tuple[Flask, Restore], tmp_path: Path) -> None:
    """Outside what is everybody's own: the account, an own organisation or application, a conflict, an interest."""
    app, _restore = copied
    own = {"accounts.account", "accounts.new_organisation", "accounts.sign_out", "applications.new"}
    own |= {"accounts.conflicts", "assessments.declare_conflict", "accounts.sign_in", "accounts.enter_code"}
    own |= {"accounts.stay", "accounts.open_link", "feedback.statement", "signing.confirm", "accounts.invitation"}
    own |= {f"factors.{name}" for name in ("by_password", "by_passkey", "challenge", "set_password", "prove")}
    own |= {f"factors.{name}" for name in ("remove_password", "add_passkey", "new_passkey_challenge")}
    own |= {"factors.new_recovery_codes", "factors.end_other_sessions", "oidc.come_back", "oidc.disconnect"}
    own |= {"lists.save_view", "lists.export", "interests.list"}
    own |= {"candidates.answer"}
    for endpoint in set(PAGES) - own:
        if "POST" in methods_of(app, endpoint):
            answer = client_of(app, house, "auditor").post(address_of(app, house, endpoint))
            assert answer.status_code in (403, 404), endpoint
