"""The page where an auditor reads who did what, and when."""

import enum
from collections.abc import Sequence
from typing import Any

from flask import Blueprint, render_template, request, url_for
from flask_login import current_user

from fundapp import workflow
from fundapp.history import queries
from fundapp.history.forms import HistoryFilter
from fundapp.history.queries import HistoryRow
from fundapp.languages import Lazy, _d, _dl, number
from fundapp.permissions import Permission, Role
from fundapp.web.access import needs

blueprint = Blueprint("history", __name__)

_STEPS: dict[str, tuple[dict[str, workflow.Step], type[enum.Enum]]] = {
    "application": (workflow.APPLICATION_STEPS, workflow.ApplicationStatus),
    "meeting": (workflow.MEETING_STEPS, workflow.MeetingStatus),
    "project": (workflow.PROJECT_STEPS, workflow.ProjectStatus),
    "instalment": (workflow.INSTALMENT_STEPS, workflow.InstalmentStatus),
    "report": (workflow.REPORT_STEPS, workflow.ReportStatus),
}
_SUBJECTS = {
    "account": _dl("Account"),
    "appeal": _dl("Appeal"),
    "application": _dl("Application"),
    "board_notice": _dl("Notice on the noticeboard"),
    "candidate": _dl("Candidate for the stipend"),
    "case": _dl("Case"),
    "change_request": _dl("Request to change the project"),
    "conflict": _dl("Conflict of interest"),
    "decision": _dl("Decision"),
    "delegated_decision": _dl("Delegated decision"),
    "delegation_point": _dl("Point of the delegation register"),
    "disqualification": _dl("Disqualification"),
    "flag": _dl("Flag"),
    "instalment": _dl("Instalment"),
    "giro_change": _dl("Change of account"),
    "found_answer": _dl("Answer to “Is this you?”"),
    "interest": _dl("Interest"),
    "invitation": _dl("Invitation"),
    "letter": _dl("Letter"),
    "meeting": _dl("Sitting"),
    "minutes": _dl("Minutes"),
    "minutes_signature": _dl("Signature under the minutes"),
    "minute_item": _dl("Item on the agenda"),
    "motion": _dl("Motion"),
    "note": _dl("Internal note"),
    "objective_board": _dl("Board's answer to the plan"),
    "organisation": _dl("Organisation"),
    "presence": _dl("Attendance"),
    "project": _dl("Project"),
    "referral": _dl("Referral for comment"),
    "remark": _dl("Reservation or note"),
    "repayment": _dl("Repayment"),
    "report": _dl("Report"),
    "review": _dl("Assessment of one's own"),
    "round": _dl("Round"),
    "seat": _dl("Seat"),
    "second_look": _dl("Second pair of eyes"),
    "vote": _dl("Vote"),
    "paper_template": _dl("Template of a paper"),
    "passkey": _dl("Passkey"),
    "text_block": _dl("Text block"),
}
_EVENTS = {
    "answer_referral": _dl("A comment came in on a referral"),
    "correct_note": _dl("Correct a note"),
    "raise_flag": _dl("Raise a flag"),
    "refer": _dl("Refer the case for comment"),
    "remind_of_referral": _dl("Reminded of a referral"),
    "resolve_flag": _dl("Resolve a flag"),
    "withdraw_referral": _dl("Withdraw a referral"),
    "write_note": _dl("Write a note"),
    "keep_interest": _dl("Put an interest into the register"),
    "change_interest": _dl("Change an interest"),
    "take_back_interest": _dl("Take an interest back"),
    "answer_found": _dl("Answered “Is this you?”"),
    "ask_review": _dl("Asked a colleague for an assessment of their own"),
    "save_review": _dl("Wrote on an assessment of their own"),
    "send_review": _dl("Sent an assessment of their own"),
    "open_review_again": _dl("Opened their own assessment again"),
    "withdraw_review": _dl("No longer waits for a colleague's assessment"),
    "take_over_reviews": _dl("Took the colleagues' texts over into the assessment"),
    "ask_second_look": _dl("Asked a colleague to look at the report"),
    "agree_second_look": _dl("Looked at the report and agrees"),
    "send_back_second_look": _dl("Looked at the report and sent it back"),
    "withdraw_second_look": _dl("Took the question to a colleague back"),
    "second_look_fell": _dl("The colleague's agreement fell, since something was changed"),
    "add_present": _dl("Record who else is present"),
    "arrive": _dl("Record who came"),
    "call_roll": _dl("Call the roll"),
    "change_chair": _dl("Change the chair"),
    "change_seat": _dl("Change a seat"),
    "choose_checker": _dl("Choose the minutes checker"),
    "correct_presence": _dl("Correct the attendance"),
    "end_seat": _dl("Change a seat's last day"),
    "give_seat": _dl("Give a seat"),
    "leave": _dl("Record who left"),
    "remove_seat": _dl("Take a seat away"),
    "strike_presence": _dl("Take away a line of the attendance"),
    "accept_invitation": _dl("Accept the invitation"),
    "add_point": _dl("Add a point to the register"),
    "decide_by_delegation": _dl("Decided by delegation"),
    "end_point": _dl("End a point of the register"),
    "mask_words": _dl("Set the words that the public does not read"),
    "report_delegated": _dl("Report delegated decisions"),
    "add_item": _dl("Add an item"),
    "allow_early_payment": _dl("Allowed payment before the decision is in force"),
    "announce": _dl("Announced on the noticeboard"),
    "end_appeal": _dl("The appeal ended"),
    "record_appeal": _dl("Recorded an appeal"),
    "add_round": _dl("Add a round"),
    "begin_try_out": _dl("Begin a try-out"),
    "change_round": _dl("Change the round"),
    "edit_fund": _dl("Change the fund"),
    "new_fund": _dl("Make a new fund"),
    "open_fund": _dl("Open the fund"),
    "try_fund": _dl("The try-out came to its end"),
    "add_organisation": _dl("Add the organisation"),
    "answer_change": _dl("Answered the project's request for a change"),
    "answer_for_board": _dl("Answer for the board"),
    "ask_for_change": _dl("The project asked for a change"),
    "attach": _dl("Attach a file"),
    "change_frame": _dl("Change the frame"),
    "change_meeting": _dl("Change the day, time or place of the sitting"),
    "change_rights": _dl("Change a person's rights"),
    "change_plan": _dl("Change the instalments"),
    "ask_for_account": _dl("Ask for another account"),
    "approve_account": _dl("Approve the new account"),
    "refuse_account": _dl("Do not change the account"),
    "take_back_account": _dl("Took the change of account back"),
    "pay": _dl("Mark as paid"),  # by one person, before two were asked for
    "check": _dl("Formal check"),
    "confirm_signature": _dl("Confirm as signatory"),
    "copy": _dl("Copy to a new draft"),
    "correct_account": _dl("Correct the account"),
    "correct_organisation": _dl("Correct the organisation"),
    "correct_field": _dl("Changed what is kept about the applicant"),
    "correct_outcome": _dl("Correct the outcome"),
    "create_account": _dl("Make the account"),
    "declare_conflict": _dl("Declare a conflict of interest"),
    "demand_repayment": _dl("Demand repayment"),
    "detach": _dl("Remove a file"),
    "end_conflict": _dl("End the conflict of interest"),
    "file_document": _dl("File a document"),
    "give_role": _dl("Give a role"),
    "set_password": _dl("Set a password and an app for codes"),
    "change_password": _dl("Changed the password"),
    "remove_password": _dl("Removed password and app"),
    "new_recovery_codes": _dl("Made new recovery codes"),
    "use_recovery_code": _dl("Signed in with a recovery code"),
    "connect_identity": _dl("Connected with the officials' sign-in"),
    "disconnect_identity": _dl("Disconnected from the officials' sign-in"),
    "add_passkey": _dl("Added a passkey"),
    "remove_passkey": _dl("Removed a passkey"),
    "end_other_sessions": _dl("Signed out everywhere else"),
    "clear_factors": _dl("Removed what somebody signs in with"),
    "close_account": _dl("Closed the account"),
    "reopen_account": _dl("Opened the account again"),
    "end_sessions": _dl("Signed out everywhere"),
    "end_role": _dl("Change the last day of a role"),
    "change_holiday": _dl("Change a holiday"),
    "take_back_holiday": _dl("Take back the change of a holiday"),
    "invite": _dl("Invite a person"),
    "invite_again": _dl("Send an invitation again"),
    "leave_organisation": _dl("Leave the organisation"),
    "link_objectives": _dl("Link objectives"),
    "lower": _dl("Lower the sum"),
    "approve_item": _dl("Approved a paragraph at once"),
    "approved_late": _dl("The minutes were approved late"),
    "draw_up_minutes": _dl("Drew up the minutes"),
    "record_signature": _dl("Recorded a signature on paper"),
    "release_letter": _dl("Released a letter"),
    "remind_of_minutes": _dl("Reminded of the minutes"),
    "sign_minutes": _dl("Signed the minutes"),
    "make_final": _dl("Make the decision final"),
    "message_in": _dl("A message came in from the applicant"),
    "message_out": _dl("Sent a message to the applicant"),
    "open_case": _dl("Open the case"),
    "plan_meeting": _dl("Plan the sitting"),
    "publish_notice": _dl("Publish the notice of meeting"),
    "receive_repayment": _dl("Receive repayment"),
    "record_outcome": _dl("Record the outcome"),
    "remind_of_completion": _dl("Remind of the additions"),
    "remind_of_report": _dl("Remind of the report"),
    "remove_person": _dl("Remove a person"),
    "ask_signatory": _dl("Ask a signatory to confirm"),
    "remove_item": _dl("Remove an item"),
    "save_assessment": _dl("Save the assessment"),
    "send_again": _dl("Send a letter again"),
    "start": _dl("Start"),
    "withdraw_invitation": _dl("Withdraw an invitation"),
    "take_role": _dl("Take back a role"),
    "ask_for_translation": _dl("The applicant asks for the decision in another language"),
    "attach_later": _dl("An attachment came that was said to come later"),
    "name_language": _dl("Named the language of the text"),
    "remind_of_draft": _dl("Reminded the applicant of the draft"),
    "remove_draft": _dl("Removed a draft that was never sent"),
    "save_translation": _dl("Saved a working translation"),
    "tell_of_removal": _dl("Told the applicant that the draft will be removed"),
    "translate_decision": _dl("Translated the decision"),
    "answer_candidate": _dl("The nominated association answered"),
    "ask_candidate": _dl("Asked the nominated association"),
    "confirm_candidate": _dl("Confirmed that the cases concern the same association"),
    "correct_candidate": _dl("Correct the candidate's particulars"),
    "gather": _dl("Gathered cases about the same association"),
    "merge_candidates": _dl("Made two candidates one"),
    "plan_ceremony": _dl("Plan the ceremony"),
    "split_candidate": _dl("Took a case out of a candidate"),
    "disqualify": _dl("Record a disqualification"),
    "lift_disqualification": _dl("Lift a disqualification"),
    "move": _dl("Record a motion"),
    "withdraw_motion": _dl("Withdraw a motion"),
    "put_propositions": _dl("Record the order of propositions"),
    "hold_vote": _dl("Record a vote"),
    "remove_vote": _dl("Take a vote away"),
    "announce_reservation": _dl("Record a reservation"),
    "add_note": _dl("Record a note for the minutes"),
    "write_remark": _dl("Write the text of a reservation or note"),
    "remove_remark": _dl("Take a reservation or note away"),
    "resolve": _dl("Record a decision without a case"),
    "take_back_outcome": _dl("Take an outcome back"),
    "mark_secrecy": _dl("Mark a document for secrecy examination"),
    "lift_secrecy": _dl("Lift a document's mark for secrecy examination"),
    "mask_copy": _dl("File a masked copy of a document"),
    "give_out": _dl("Give out a document"),
    "keep_template": _dl("Kept a new version of a template"),
    "end_template": _dl("Took a template out of use"),
    "add_text_block": _dl("Wrote a text block"),
    "change_text_block": _dl("Changed a text block"),
    "remove_text_block": _dl("Took a text block away"),
    "dispatch_paper": _dl("Sent a paper, and filed it"),
    "file_paper": _dl("Wrote a paper and filed it"),
    "rank_cases": _dl("Keep an order of the cases"),
    "order_by_ranking": _dl("Order the agenda by a kept order"),
}


def event_of(row: HistoryRow) -> Lazy | str:
    """What was done, as a step is called on its button; an event without words shows its own name."""
    steps, _statuses = _STEPS.get(row.subject, ({}, enum.Enum))
    step = steps.get(row.event)
    return step.label if step is not None else _EVENTS.get(row.event, row.event.replace("_", " "))


def subject_of(row: HistoryRow) -> Lazy | str:
    return _SUBJECTS.get(row.subject, row.subject.replace("_", " "))


def facts_of(row: HistoryRow) -> Sequence[str]:
    """The event's facts in words: the change of status first, then what else was kept."""
    rest = dict(row.facts)
    told = []
    if row.subject in _STEPS and {"old", "new"} <= rest.keys():
        statuses = _STEPS[row.subject][1].__members__
        old, new = (_label(statuses, rest.pop(name)) for name in ("old", "new"))
        told.append(_d("%(old)s → %(new)s", old=old, new=new))
    if "role" in rest:
        told.append(_label(Role.__members__, rest.pop("role")))
    return told + [
        f"{name.replace('_', ' ')}: {_plain(value)}" for name, value in rest.items() if value not in (None, "")
    ]


def _plain(value: Any) -> str:
    return number(value) if type(value) is int else str(value)


def _label(members: Any, name: str) -> str:
    return str(members[name].label) if name in members else str(name)


@blueprint.get("/history")
@needs(Permission.READ_HISTORY)
def list() -> str:
    """Newest first; the address holds what is asked for and where the page begins."""
    form = HistoryFilter(formdata=request.args)
    form.validate()
    asked = {"person": form.person.data or "", "day": form.day.data, "thread": form.thread.data or ""}
    shown = {name: value for name, value in asked.items() if value}
    page = queries.history_page(
        current_user, **asked, before=request.args.get("before", type=int), after=request.args.get("after", type=int)
    )
    return render_template(
        "history/list.html",
        form=form,
        page=page,
        asked=shown,
        older_url=url_for("history.list", **shown, before=page.older) if page.older else None,
        newer_url=url_for("history.list", **shown, after=page.newer) if page.newer else None,
        event_of=event_of,
        subject_of=subject_of,
        facts_of=facts_of,
    )
