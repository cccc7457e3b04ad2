"""What is moved, put, voted and reserved under a §, in one of its cases or in the § as a whole.

Sources: KL 2017:725 4:25 and 4:27 (who votes, reservations), 5:53–56 by 6:33 (propositions, votes, the chair's casting
vote), 5:67 by 6:35 (what the minutes hold of it); before 2018 the rules are named without a paragraph.
"""

from collections import Counter
from collections.abc import Mapping
from typing import Any

from sqlalchemy import select

from fundapp import clock, meanwhile
from fundapp.applications.models import Application
from fundapp.db import db, reread
from fundapp.history.actions import record
from fundapp.languages import Lazy, _d, _dl, speaking
from fundapp.meetings.holding import UNTIL_APPROVAL, cite, hold, taking_part
from fundapp.meetings.models import AgendaCase, ItemKind, MinuteItem
from fundapp.meetings.presences import Room, room_of
from fundapp.meetings.proceedings import Ballot, Choice, Motion, Remark, RemarkKind, Vote
from fundapp.seats.models import Seat
from fundapp.workflow import StepNotPossible


class WrittenMeanwhile(StepNotPossible):
    """Somebody else at the table wrote the same text after the page was opened; `theirs` is what stands there now."""

    def __init__(self, theirs: str) -> None:
        super().__init__(_dl("Somebody else saved this part while you wrote. Compare, and save again."))
        self.theirs = theirs


def move(item: MinuteItem, seat: Seat, text: str, *, application: Application | None = None, by: Any) -> Motion:
    """One who serves moves that the body decides so. Errors: NotAllowed, StepNotPossible."""
    hold(item, application, by=by)
    _demand_serving(item, application, seat)
    _demand_text(text, _dl("Write what is moved."))
    motion = Motion(item=item, application_id=_id(application), seat=seat, text=text.strip(), moved_at=clock.now())
    db.session.add(motion)
    record(motion, "move", by=by, seat=seat, case=application)
    db.session.flush()
    return motion


def withdraw_motion(motion: Motion, *, by: Any) -> None:
    """It was withdrawn before it was put, so it stays out of the minutes. Errors: NotAllowed, StepNotPossible."""
    hold(motion.item, _case(motion), by=by)
    if motion.withdrawn_at is not None:
        raise StepNotPossible(_dl("The motion is withdrawn already."))
    motion.withdrawn_at = clock.now()
    record(motion, "withdraw_motion", by=by, seat=motion.seat)
    db.session.flush()


def put_propositions(
    item: MinuteItem, text: str, *, application: Application | None = None, seen: str | None = None, by: Any
) -> None:
    """In which order the chair put the motions; an empty text takes it away.

    `seen`: the sign of the text that stood on the page. Errors: NotAllowed, WrittenMeanwhile, StepNotPossible.
    """
    hold(item, application, by=by, during=UNTIL_APPROVAL)
    place: Any = item
    if application is not None:
        of_case = select(AgendaCase).where(AgendaCase.minute_item_id == item.id)
        of_case = of_case.where(AgendaCase.application_id == application.id)
        place = db.session.scalars(of_case.execution_options(populate_existing=True)).one()
    _demand_seen(place.propositions, text, seen)
    place.propositions = text.strip()
    record(item, "put_propositions", by=by, case=application)
    db.session.flush()


def usual_resolution(item: MinuteItem) -> str:
    """What a body decides as a rule under a § that comes with every sitting, in Swedish; proposed, never recorded."""
    if item.kind is not ItemKind.AGENDA:
        return ""
    with speaking("sv"):
        return _d("%(board)s approves the agenda.", board=item.meeting.board.name)


def resolve(item: MinuteItem, text: str, *, seen: str | None = None, by: Any) -> None:
    """What was decided under a § without cases, in Swedish; an empty text takes it away.

    `seen`: the sign of the text that stood on the page. Errors: NotAllowed, WrittenMeanwhile, StepNotPossible (no
    quorum, the § has cases).
    """
    hold(item, None, by=by)
    if item.cases:
        raise StepNotPossible(_dl("Each case under this paragraph has its own outcome. Record it there."))
    _demand_seen(item.resolution, text, seen)
    if text.strip():
        room_of(item.meeting).demand_quorum(item)
    item.resolution = text.strip()
    record(item, "resolve", by=by)
    db.session.flush()


def hold_vote(
    item: MinuteItem,
    choices: Mapping[Seat, Choice],
    *,
    yes_means: str,
    no_means: str,
    application: Application | None = None,
    by: Any,
) -> Vote:
    """An open vote by name: everyone who serves says yes, no, or abstains; at a tie the chair's vote decides.

    Errors: NotAllowed, StepNotPossible (no quorum, a vote is missing or one too many, a tie the chair abstained in).
    """
    hold(item, application, by=by)
    _demand_text(yes_means, _dl("Write what a yes means."))
    _demand_text(no_means, _dl("Write what a no means."))
    room = room_of(item.meeting)
    room.demand_quorum(item, application)
    _demand_all(item, application, choices, room)
    is_carried, casting = _result(item, application, choices, room)
    vote = Vote(
        item=item,
        application_id=_id(application),
        yes_means=yes_means.strip()[:500],
        no_means=no_means.strip()[:500],
        is_carried=is_carried,
        casting_seat=casting,
        held_at=clock.now(),
        recorded_by_id=by.id,
        ballots=[Ballot(seat=seat, choice=choice) for seat, choice in choices.items()],
    )
    db.session.add(vote)
    record(vote, "hold_vote", by=by, case=application, is_carried=is_carried)
    db.session.flush()
    return vote


def _demand_all(item: MinuteItem, application: Application | None, choices: Mapping[Seat, Choice], room: Room) -> None:
    """Who votes is exactly who serves in the case."""
    serving = taking_part(room, item, application)
    law = cite(item.meeting, "KL 5:67")
    extra = [seat.name for seat in choices if seat not in serving]
    if extra:
        raise StepNotPossible(
            _dl(
                "The vote does not add up: %(names)s does not serve here, or is disqualified%(law)s.",
                names=", ".join(extra),
                law=law,
            )
        )
    missing = [seat.name for seat in serving if seat not in choices]
    if missing:
        raise StepNotPossible(
            _dl(
                "The vote does not add up: %(n)s serve here, and %(names)s has neither yes, no nor abstained%(law)s.",
                n=len(serving),
                names=", ".join(missing),
                law=law,
            )
        )
    if not serving:
        raise StepNotPossible(_dl("Call the roll first: nobody is recorded as present."))


def _result(
    item: MinuteItem, application: Application | None, choices: Mapping[Seat, Choice], room: Room
) -> tuple[bool, Seat | None]:
    """Whether yes won, and whose casting vote decided where as many said no."""
    count = Counter(choices.values())
    if count[Choice.YES] != count[Choice.NO]:
        return count[Choice.YES] > count[Choice.NO], None
    chair = room.chair_under(item, application)
    if chair is None or chair not in choices:
        raise StepNotPossible(_dl("It is a tie, and nobody is in the chair here. Choose who leads the sitting first."))
    if choices[chair] is Choice.ABSTAIN:
        raise StepNotPossible(
            _dl(
                "It is a tie, and then the chair must vote: %(name)s has the casting vote%(law)s.",
                name=chair.name,
                law=cite(item.meeting, "KL 5:54, 6:33"),
            )
        )
    return choices[chair] is Choice.YES, chair


def remove_vote(vote: Vote, *, by: Any) -> None:
    """It was recorded wrongly; record it anew. Errors: NotAllowed, StepNotPossible."""
    hold(vote.item, _case(vote), by=by)
    record(vote, "remove_vote", by=by)
    db.session.delete(vote)
    db.session.flush()


def announce_reservation(
    item: MinuteItem, seat: Seat, text: str = "", *, application: Application | None = None, by: Any
) -> Remark:
    """One who took part dissents from the decision, before the sitting ends; the text may come until the approval.

    Source: KL 4:27. Errors: NotAllowed, StepNotPossible.
    """
    if item.meeting.ended_at is not None:
        law = cite(item.meeting, "KL 4:27")
        raise StepNotPossible(_dl("A reservation is announced before the sitting ends%(law)s.", law=law))
    return _remark(item, seat, text, RemarkKind.RESERVATION, application, by)


def add_note(item: MinuteItem, seat: Seat, text: str, *, application: Application | None = None, by: Any) -> Remark:
    """A note for the minutes, of one who took part. Errors: NotAllowed, StepNotPossible."""
    _demand_text(text, _dl("Write the note."))
    return _remark(item, seat, text, RemarkKind.NOTE, application, by)


def _remark(
    item: MinuteItem, seat: Seat, text: str, kind: RemarkKind, application: Application | None, by: Any
) -> Remark:
    hold(item, application, by=by)
    _demand_serving(item, application, seat)
    remark = Remark(
        item=item,
        application_id=_id(application),
        seat=seat,
        kind=kind,
        text=text.strip(),
        announced_at=clock.now(),
    )
    db.session.add(remark)
    record(remark, "announce_reservation" if kind is RemarkKind.RESERVATION else "add_note", by=by, seat=seat)
    db.session.flush()
    return remark


def write_remark(remark: Remark, text: str, *, seen: str | None = None, by: Any) -> None:
    """The reservation's written text, or the note put right, until the minutes are approved.

    `seen`: the sign of the text that stood on the page. Errors: NotAllowed, WrittenMeanwhile, StepNotPossible.
    """
    hold(remark.item, _case(remark), by=by, during=UNTIL_APPROVAL)
    reread(remark)
    _demand_seen(remark.text, text, seen)
    if remark.kind is RemarkKind.NOTE:
        _demand_text(text, _dl("Write the note."))
    remark.text = text.strip()
    record(remark, "write_remark", by=by)
    db.session.flush()


def remove_remark(remark: Remark, *, by: Any) -> None:
    """It was recorded wrongly, or taken back at the sitting. Errors: NotAllowed, StepNotPossible."""
    hold(remark.item, _case(remark), by=by)
    record(remark, "remove_remark", by=by, kind=remark.kind)
    db.session.delete(remark)
    db.session.flush()


def _demand_serving(item: MinuteItem, application: Application | None, seat: Seat) -> None:
    """Only who takes part moves and reserves: nobody absent, disqualified, or there as a substitute without a place."""
    room = room_of(item.meeting)
    if seat in taking_part(room, item, application):
        return
    facts = {"name": seat.name, "number": item.number}
    out = [each.seat for each in room.asides if each.is_out and each.item_id == item.id]
    if seat in out:
        law = cite(item.meeting, "KL 6:30")
        raise StepNotPossible(
            _dl("%(name)s is disqualified here and takes no part%(law)s, under § %(number)s.", law=law, **facts)
        )
    raise StepNotPossible(
        _dl(
            "%(name)s does not serve under § %(number)s, and only one who takes part can do this%(law)s.",
            law=cite(item.meeting, "KL 4:27"),
            **facts,
        )
    )


def _demand_seen(now: str, text: str, seen: str | None) -> None:
    """A page that says nothing of it has seen an empty text."""
    if seen is not None and meanwhile.sign(now) not in (seen or meanwhile.sign(), meanwhile.sign(text.strip())):
        raise WrittenMeanwhile(now)


def _demand_text(text: str, what: Lazy) -> None:
    if not text.strip():
        raise StepNotPossible(what)


def _id(application: Application | None) -> int | None:
    return application.id if application is not None else None


def _case(row: Any) -> Application | None:
    """The case that a motion, vote or remark is about."""
    return db.session.get_one(Application, row.application_id) if row.application_id is not None else None
