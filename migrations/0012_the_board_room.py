"""The board room: seats, proceedings, notices of meeting, minutes and their signatures, the noticeboard, appeals.

A sitting may be ended before its minutes are approved, a letter held until it is released, a project annulled.
"""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

# table, its CHECK, its values before, and what comes to them; a row that has one of the new falls back to the last.
MEETING = ("meeting", "meetingstatus", ("PLANNED", "OPENED", "APPROVED"), ("ENDED",), "OPENED")
PROJECT = ("project", "projectstatus", ("RUNNING", "CLOSED"), ("ANNULLED",), "CLOSED")
MESSAGE = ("message", "messagestatus", ("WAITING", "SENDING", "SENT", "FAILED"), ("HELD",), "WAITING")
ITEM_RULES = {
    "approved_has_instant": "(approved_on IS NULL) = (approved_at IS NULL)",
    "only_numbered_is_approved": "approved_on IS NULL OR number IS NOT NULL",
    "immediate_is_approved": "NOT is_immediate OR approved_on IS NOT NULL",
}
ITEM_KINDS = ("ROLL_CALL", "CHECKER", "AGENDA", "CASES", "DELEGATIONS", "OTHER")


def _key() -> sa.types.TypeEngine[int]:
    return sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def _in(values: tuple[str, ...]) -> str:
    return "status IN ({})".format(", ".join(f"'{value}'" for value in values))


def _widen(*columns: tuple[str, str, tuple[str, ...], tuple[str, ...], str]) -> None:
    for name, rule, old, new, _instead in columns:
        with op.batch_alter_table(name) as table:
            table.drop_constraint(table.f(f"ck_{name}_{rule}"), type_="check")
            table.create_check_constraint(table.f(f"ck_{name}_{rule}"), _in((*old, *new)))


def _narrow(*columns: tuple[str, str, tuple[str, ...], tuple[str, ...], str]) -> None:
    for name, rule, old, new, instead in columns:
        op.execute(f"UPDATE {name} SET status = '{instead}' WHERE {_in(new)}")  # noqa: S608
        with op.batch_alter_table(name) as table:
            table.drop_constraint(table.f(f"ck_{name}_{rule}"), type_="check")
            table.create_check_constraint(table.f(f"ck_{name}_{rule}"), _in(old))


def _add_columns() -> None:
    """New columns; what the rows there are begin with is no default afterwards."""
    _add("agenda_case", sa.Column("propositions", sa.String(), server_default="", nullable=False))
    _add("board", sa.Column("sittings", sa.JSON(), server_default="{}", nullable=False))
    _add(
        "meeting",
        sa.Column("begins_at", sa.Time(), nullable=True),
        sa.Column("is_public", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("checker_id", _key(), sa.ForeignKey("seat.id", name="fk_meeting_checker_id_seat"), nullable=True),
        sa.Column("signing_on", sa.Date(), nullable=True),
        sa.Column("signing_place", sa.String(length=200), server_default="", nullable=False),
    )
    _add(
        "minute_item",
        sa.Column("kind", sa.String(length=40), server_default="OTHER", nullable=False),
        sa.Column("resolution", sa.String(), server_default="", nullable=False),
        sa.Column("propositions", sa.String(), server_default="", nullable=False),
        sa.Column("approved_on", sa.Date(), nullable=True),
        sa.Column("approved_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("is_immediate", sa.Boolean(), server_default=sa.false(), nullable=False),
    )
    with op.batch_alter_table("minute_item") as table:
        kinds = ", ".join(f"'{kind}'" for kind in ITEM_KINDS)
        table.create_check_constraint(table.f("ck_minute_item_itemkind"), f"kind IN ({kinds})")


def _add(name: str, *columns: sa.Column[object]) -> None:
    with op.batch_alter_table(name) as table:
        for column in columns:
            table.add_column(column)
    with op.batch_alter_table(name) as table:
        for column in columns:
            if column.server_default is not None:
                table.alter_column(column.name, existing_type=column.type, server_default=None)


def upgrade() -> None:
    op.create_table(
        "seat",
        sa.Column("id", _key(), nullable=False),
        sa.Column("public_id", sa.String(length=12), nullable=False),
        sa.Column("board_id", _key(), nullable=False),
        sa.Column("account_id", _key(), nullable=False),
        sa.Column(
            "position",
            sa.Enum(
                "CHAIR",
                "FIRST_VICE_CHAIR",
                "SECOND_VICE_CHAIR",
                "MEMBER",
                "SUBSTITUTE",
                name="position",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("party", sa.String(length=60), nullable=False),
        sa.Column("rank", _key(), nullable=False),
        sa.Column("begins_on", sa.Date(), nullable=False),
        sa.Column("ends_on", sa.Date(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("ends_on >= begins_on", name=op.f("ck_seat_ends_after_begin")),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_seat_account_id_account")),
        sa.ForeignKeyConstraint(["board_id"], ["board.id"], name=op.f("fk_seat_board_id_board")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_seat")),
        sa.UniqueConstraint("public_id", name=op.f("uq_seat_public_id")),
    )
    with op.batch_alter_table("seat", schema=None) as batch_op:
        batch_op.create_index("ix_seat_account_id_board_id", ["account_id", "board_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_seat_board_id"), ["board_id"], unique=False)

    op.create_table(
        "board_notice",
        sa.Column("id", _key(), nullable=False),
        sa.Column("public_id", sa.String(length=12), nullable=False),
        sa.Column("meeting_id", _key(), nullable=False),
        sa.Column("paragraphs", sa.String(length=200), nullable=False),
        sa.Column("is_immediate", sa.Boolean(), nullable=False),
        sa.Column("is_physical", sa.Boolean(), nullable=False),
        sa.Column("announced_on", sa.Date(), nullable=False),
        sa.Column("last_appeal_day", sa.Date(), nullable=False),
        sa.Column("taken_down_on", sa.Date(), nullable=False),
        sa.Column("kept_at", sa.String(length=200), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("recorded_by_id", _key(), nullable=False),
        sa.CheckConstraint("last_appeal_day > announced_on", name=op.f("ck_board_notice_appeal_after_announcement")),
        sa.CheckConstraint("taken_down_on > last_appeal_day", name=op.f("ck_board_notice_stands_until_appeal_is_over")),
        sa.ForeignKeyConstraint(["meeting_id"], ["meeting.id"], name=op.f("fk_board_notice_meeting_id_meeting")),
        sa.ForeignKeyConstraint(
            ["recorded_by_id"], ["account.id"], name=op.f("fk_board_notice_recorded_by_id_account")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_board_notice")),
        sa.UniqueConstraint("public_id", name=op.f("uq_board_notice_public_id")),
    )
    with op.batch_alter_table("board_notice", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_board_notice_announced_on"), ["announced_on"], unique=False)
        batch_op.create_index(batch_op.f("ix_board_notice_meeting_id"), ["meeting_id"], unique=False)

    op.create_table(
        "chairing",
        sa.Column("id", _key(), nullable=False),
        sa.Column("meeting_id", _key(), nullable=False),
        sa.Column("seat_id", _key(), nullable=False),
        sa.Column("first", _key(), nullable=True),
        sa.Column("last", _key(), nullable=True),
        sa.CheckConstraint("first IS NULL OR last IS NULL OR first <= last", name=op.f("ck_chairing_range_in_order")),
        sa.ForeignKeyConstraint(["meeting_id"], ["meeting.id"], name=op.f("fk_chairing_meeting_id_meeting")),
        sa.ForeignKeyConstraint(["seat_id"], ["seat.id"], name=op.f("fk_chairing_seat_id_seat")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_chairing")),
    )
    with op.batch_alter_table("chairing", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_chairing_meeting_id"), ["meeting_id"], unique=False)

    op.create_table(
        "notice_of_meeting",
        sa.Column("id", _key(), nullable=False),
        sa.Column("public_id", sa.String(length=12), nullable=False),
        sa.Column("meeting_id", _key(), nullable=False),
        sa.Column("version", _key(), nullable=False),
        sa.Column("content", sa.JSON(), nullable=False),
        sa.Column("published_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("published_by_id", _key(), nullable=False),
        sa.ForeignKeyConstraint(["meeting_id"], ["meeting.id"], name=op.f("fk_notice_of_meeting_meeting_id_meeting")),
        sa.ForeignKeyConstraint(
            ["published_by_id"], ["account.id"], name=op.f("fk_notice_of_meeting_published_by_id_account")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_notice_of_meeting")),
        sa.UniqueConstraint("meeting_id", "version", name=op.f("uq_notice_of_meeting_meeting_id_version")),
        sa.UniqueConstraint("public_id", name=op.f("uq_notice_of_meeting_public_id")),
    )
    op.create_table(
        "presence",
        sa.Column("id", _key(), nullable=False),
        sa.Column("public_id", sa.String(length=12), nullable=False),
        sa.Column("meeting_id", _key(), nullable=False),
        sa.Column("seat_id", _key(), nullable=True),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("title", sa.String(length=100), nullable=False),
        sa.Column(
            "capacity",
            sa.Enum(
                "SERVING", "SUBSTITUTE", "OTHER", name="capacity", native_enum=False, create_constraint=True, length=40
            ),
            nullable=False,
        ),
        sa.Column("in_place_of_id", _key(), nullable=True),
        sa.Column("first", _key(), nullable=True),
        sa.Column("last", _key(), nullable=True),
        sa.CheckConstraint(
            "(capacity = 'OTHER') = (seat_id IS NULL)", name=op.f("ck_presence_only_others_have_no_seat")
        ),
        sa.CheckConstraint(
            "in_place_of_id IS NULL OR capacity = 'SERVING'", name=op.f("ck_presence_only_serving_takes_a_place")
        ),
        sa.CheckConstraint("first IS NULL OR last IS NULL OR first <= last", name=op.f("ck_presence_range_in_order")),
        sa.ForeignKeyConstraint(["in_place_of_id"], ["seat.id"], name=op.f("fk_presence_in_place_of_id_seat")),
        sa.ForeignKeyConstraint(["meeting_id"], ["meeting.id"], name=op.f("fk_presence_meeting_id_meeting")),
        sa.ForeignKeyConstraint(["seat_id"], ["seat.id"], name=op.f("fk_presence_seat_id_seat")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_presence")),
        sa.UniqueConstraint("public_id", name=op.f("uq_presence_public_id")),
    )
    with op.batch_alter_table("presence", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_presence_meeting_id"), ["meeting_id"], unique=False)

    op.create_table(
        "board_notice_item",
        sa.Column("board_notice_id", _key(), nullable=False),
        sa.Column("minute_item_id", _key(), nullable=False),
        sa.ForeignKeyConstraint(
            ["board_notice_id"], ["board_notice.id"], name=op.f("fk_board_notice_item_board_notice_id_board_notice")
        ),
        sa.ForeignKeyConstraint(
            ["minute_item_id"], ["minute_item.id"], name=op.f("fk_board_notice_item_minute_item_id_minute_item")
        ),
        sa.PrimaryKeyConstraint("board_notice_id", "minute_item_id", name=op.f("pk_board_notice_item")),
        sa.UniqueConstraint("minute_item_id", name=op.f("uq_board_notice_item_minute_item_id")),
    )
    op.create_table(
        "disqualification",
        sa.Column("id", _key(), nullable=False),
        sa.Column("public_id", sa.String(length=12), nullable=False),
        sa.Column("minute_item_id", _key(), nullable=False),
        sa.Column("application_id", _key(), nullable=True),
        sa.Column("seat_id", _key(), nullable=True),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column(
            "ground",
            sa.Enum(
                "DECLARED", "FOUND", "DECIDED", name="ground", native_enum=False, create_constraint=True, length=40
            ),
            nullable=False,
        ),
        sa.Column("replaced_by_id", _key(), nullable=True),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("recorded_by_id", _key(), nullable=True),
        sa.ForeignKeyConstraint(
            ["application_id"], ["application.id"], name=op.f("fk_disqualification_application_id_application")
        ),
        sa.ForeignKeyConstraint(
            ["minute_item_id"], ["minute_item.id"], name=op.f("fk_disqualification_minute_item_id_minute_item")
        ),
        sa.ForeignKeyConstraint(
            ["recorded_by_id"], ["account.id"], name=op.f("fk_disqualification_recorded_by_id_account")
        ),
        sa.ForeignKeyConstraint(["replaced_by_id"], ["seat.id"], name=op.f("fk_disqualification_replaced_by_id_seat")),
        sa.ForeignKeyConstraint(["seat_id"], ["seat.id"], name=op.f("fk_disqualification_seat_id_seat")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_disqualification")),
        sa.UniqueConstraint(
            "minute_item_id",
            "application_id",
            "seat_id",
            name=op.f("uq_disqualification_minute_item_id_application_id_seat_id"),
        ),
        sa.UniqueConstraint("public_id", name=op.f("uq_disqualification_public_id")),
    )
    with op.batch_alter_table("disqualification", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_disqualification_application_id"), ["application_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_disqualification_minute_item_id"), ["minute_item_id"], unique=False)

    op.create_table(
        "minutes",
        sa.Column("id", _key(), nullable=False),
        sa.Column("public_id", sa.String(length=12), nullable=False),
        sa.Column("meeting_id", _key(), nullable=False),
        sa.Column("minute_item_id", _key(), nullable=True),
        sa.Column("version", _key(), nullable=False),
        sa.Column("paper_id", _key(), nullable=False),
        sa.Column("drawn_up_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("drawn_up_by_id", _key(), nullable=False),
        sa.ForeignKeyConstraint(["drawn_up_by_id"], ["account.id"], name=op.f("fk_minutes_drawn_up_by_id_account")),
        sa.ForeignKeyConstraint(["meeting_id"], ["meeting.id"], name=op.f("fk_minutes_meeting_id_meeting")),
        sa.ForeignKeyConstraint(
            ["minute_item_id"], ["minute_item.id"], name=op.f("fk_minutes_minute_item_id_minute_item")
        ),
        sa.ForeignKeyConstraint(["paper_id"], ["paper.id"], name=op.f("fk_minutes_paper_id_paper")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_minutes")),
        sa.UniqueConstraint(
            "meeting_id", "minute_item_id", "version", name=op.f("uq_minutes_meeting_id_minute_item_id_version")
        ),
        sa.UniqueConstraint("public_id", name=op.f("uq_minutes_public_id")),
    )
    with op.batch_alter_table("minutes", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_minutes_meeting_id"), ["meeting_id"], unique=False)

    op.create_table(
        "motion",
        sa.Column("id", _key(), nullable=False),
        sa.Column("public_id", sa.String(length=12), nullable=False),
        sa.Column("minute_item_id", _key(), nullable=False),
        sa.Column("application_id", _key(), nullable=True),
        sa.Column("seat_id", _key(), nullable=False),
        sa.Column("text", sa.String(), nullable=False),
        sa.Column("moved_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("withdrawn_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["application_id"], ["application.id"], name=op.f("fk_motion_application_id_application")
        ),
        sa.ForeignKeyConstraint(
            ["minute_item_id"], ["minute_item.id"], name=op.f("fk_motion_minute_item_id_minute_item")
        ),
        sa.ForeignKeyConstraint(["seat_id"], ["seat.id"], name=op.f("fk_motion_seat_id_seat")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_motion")),
        sa.UniqueConstraint("public_id", name=op.f("uq_motion_public_id")),
    )
    with op.batch_alter_table("motion", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_motion_minute_item_id"), ["minute_item_id"], unique=False)

    op.create_table(
        "remark",
        sa.Column("id", _key(), nullable=False),
        sa.Column("public_id", sa.String(length=12), nullable=False),
        sa.Column("minute_item_id", _key(), nullable=False),
        sa.Column("application_id", _key(), nullable=True),
        sa.Column("seat_id", _key(), nullable=False),
        sa.Column(
            "kind",
            sa.Enum("RESERVATION", "NOTE", name="remarkkind", native_enum=False, create_constraint=True, length=40),
            nullable=False,
        ),
        sa.Column("text", sa.String(), nullable=False),
        sa.Column("announced_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["application_id"], ["application.id"], name=op.f("fk_remark_application_id_application")
        ),
        sa.ForeignKeyConstraint(
            ["minute_item_id"], ["minute_item.id"], name=op.f("fk_remark_minute_item_id_minute_item")
        ),
        sa.ForeignKeyConstraint(["seat_id"], ["seat.id"], name=op.f("fk_remark_seat_id_seat")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_remark")),
        sa.UniqueConstraint("public_id", name=op.f("uq_remark_public_id")),
    )
    with op.batch_alter_table("remark", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_remark_minute_item_id"), ["minute_item_id"], unique=False)

    op.create_table(
        "vote",
        sa.Column("id", _key(), nullable=False),
        sa.Column("public_id", sa.String(length=12), nullable=False),
        sa.Column("minute_item_id", _key(), nullable=False),
        sa.Column("application_id", _key(), nullable=True),
        sa.Column("yes_means", sa.String(length=500), nullable=False),
        sa.Column("no_means", sa.String(length=500), nullable=False),
        sa.Column("is_carried", sa.Boolean(), nullable=False),
        sa.Column("casting_seat_id", _key(), nullable=True),
        sa.Column("held_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("recorded_by_id", _key(), nullable=False),
        sa.ForeignKeyConstraint(
            ["application_id"], ["application.id"], name=op.f("fk_vote_application_id_application")
        ),
        sa.ForeignKeyConstraint(["casting_seat_id"], ["seat.id"], name=op.f("fk_vote_casting_seat_id_seat")),
        sa.ForeignKeyConstraint(
            ["minute_item_id"], ["minute_item.id"], name=op.f("fk_vote_minute_item_id_minute_item")
        ),
        sa.ForeignKeyConstraint(["recorded_by_id"], ["account.id"], name=op.f("fk_vote_recorded_by_id_account")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_vote")),
        sa.UniqueConstraint("public_id", name=op.f("uq_vote_public_id")),
    )
    with op.batch_alter_table("vote", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_vote_minute_item_id"), ["minute_item_id"], unique=False)

    op.create_table(
        "appeal",
        sa.Column("id", _key(), nullable=False),
        sa.Column("public_id", sa.String(length=12), nullable=False),
        sa.Column("decision_id", _key(), nullable=False),
        sa.Column("received_on", sa.Date(), nullable=False),
        sa.Column("appellant", sa.String(length=200), nullable=False),
        sa.Column("court_number", sa.String(length=60), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("recorded_by_id", _key(), nullable=False),
        sa.Column(
            "end_kind",
            sa.Enum(
                "DISMISSED",
                "LATE",
                "WITHDRAWN",
                "ANNULLED",
                name="appealend",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=True,
        ),
        sa.Column("ended_on", sa.Date(), nullable=True),
        sa.CheckConstraint("(ended_on IS NULL) = (end_kind IS NULL)", name=op.f("ck_appeal_ended_has_kind")),
        sa.CheckConstraint("ended_on IS NULL OR ended_on >= received_on", name=op.f("ck_appeal_ends_after_it_came")),
        sa.ForeignKeyConstraint(["decision_id"], ["decision.id"], name=op.f("fk_appeal_decision_id_decision")),
        sa.ForeignKeyConstraint(["recorded_by_id"], ["account.id"], name=op.f("fk_appeal_recorded_by_id_account")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_appeal")),
        sa.UniqueConstraint("public_id", name=op.f("uq_appeal_public_id")),
    )
    with op.batch_alter_table("appeal", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_appeal_decision_id"), ["decision_id"], unique=False)

    op.create_table(
        "ballot",
        sa.Column("id", _key(), nullable=False),
        sa.Column("vote_id", _key(), nullable=False),
        sa.Column("seat_id", _key(), nullable=False),
        sa.Column(
            "choice",
            sa.Enum("YES", "NO", "ABSTAIN", name="choice", native_enum=False, create_constraint=True, length=40),
            nullable=False,
        ),
        sa.ForeignKeyConstraint(["seat_id"], ["seat.id"], name=op.f("fk_ballot_seat_id_seat")),
        sa.ForeignKeyConstraint(["vote_id"], ["vote.id"], name=op.f("fk_ballot_vote_id_vote")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ballot")),
        sa.UniqueConstraint("vote_id", "seat_id", name=op.f("uq_ballot_vote_id_seat_id")),
    )
    op.create_table(
        "early_payment",
        sa.Column("id", _key(), nullable=False),
        sa.Column("decision_id", _key(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("allowed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("allowed_by_id", _key(), nullable=False),
        sa.ForeignKeyConstraint(["allowed_by_id"], ["account.id"], name=op.f("fk_early_payment_allowed_by_id_account")),
        sa.ForeignKeyConstraint(["decision_id"], ["decision.id"], name=op.f("fk_early_payment_decision_id_decision")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_early_payment")),
        sa.UniqueConstraint("decision_id", name=op.f("uq_early_payment_decision_id")),
    )
    op.create_table(
        "minutes_signature",
        sa.Column("id", _key(), nullable=False),
        sa.Column("minutes_id", _key(), nullable=False),
        sa.Column("seat_id", _key(), nullable=False),
        sa.Column(
            "signer",
            sa.Enum("CHAIR", "CHECKER", name="signer", native_enum=False, create_constraint=True, length=40),
            nullable=False,
        ),
        sa.Column("signed_on", sa.Date(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("recorded_by_id", _key(), nullable=False),
        sa.Column("file_id", _key(), nullable=True),
        sa.ForeignKeyConstraint(["file_id"], ["stored_file.id"], name=op.f("fk_minutes_signature_file_id_stored_file")),
        sa.ForeignKeyConstraint(["minutes_id"], ["minutes.id"], name=op.f("fk_minutes_signature_minutes_id_minutes")),
        sa.ForeignKeyConstraint(
            ["recorded_by_id"], ["account.id"], name=op.f("fk_minutes_signature_recorded_by_id_account")
        ),
        sa.ForeignKeyConstraint(["seat_id"], ["seat.id"], name=op.f("fk_minutes_signature_seat_id_seat")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_minutes_signature")),
        sa.UniqueConstraint("minutes_id", "seat_id", name=op.f("uq_minutes_signature_minutes_id_seat_id")),
    )
    _add_columns()
    _widen(MEETING, PROJECT, MESSAGE)
    op.execute("UPDATE minute_item SET kind = 'CASES' WHERE id IN (SELECT minute_item_id FROM agenda_case)")
    for what in ("approved_on", "approved_at"):
        op.execute(
            f"UPDATE minute_item SET {what} = (SELECT {what} FROM meeting WHERE meeting.id = minute_item.meeting_id)"  # noqa: S608
        )
    with op.batch_alter_table("minute_item") as table:
        for name, rule in ITEM_RULES.items():
            table.create_check_constraint(table.f(f"ck_minute_item_{name}"), rule)


def downgrade() -> None:
    _narrow(MEETING, PROJECT, MESSAGE)
    with op.batch_alter_table("minute_item") as table:
        for name in (*ITEM_RULES, "itemkind"):
            table.drop_constraint(table.f(f"ck_minute_item_{name}"), type_="check")
        for name in ("is_immediate", "approved_at", "approved_on", "propositions", "resolution", "kind"):
            table.drop_column(name)
    with op.batch_alter_table("meeting") as table:
        table.drop_constraint(table.f("fk_meeting_checker_id_seat"), type_="foreignkey")
        for name in ("signing_place", "signing_on", "checker_id", "ended_at", "is_public", "begins_at"):
            table.drop_column(name)
    op.drop_column("board", "sittings")
    op.drop_column("agenda_case", "propositions")
    op.drop_table("minutes_signature")
    op.drop_table("early_payment")
    op.drop_table("ballot")
    with op.batch_alter_table("appeal", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_appeal_decision_id"))

    op.drop_table("appeal")
    with op.batch_alter_table("vote", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_vote_minute_item_id"))

    op.drop_table("vote")
    with op.batch_alter_table("remark", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_remark_minute_item_id"))

    op.drop_table("remark")
    with op.batch_alter_table("motion", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_motion_minute_item_id"))

    op.drop_table("motion")
    with op.batch_alter_table("minutes", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_minutes_meeting_id"))

    op.drop_table("minutes")
    with op.batch_alter_table("disqualification", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_disqualification_minute_item_id"))
        batch_op.drop_index(batch_op.f("ix_disqualification_application_id"))

    op.drop_table("disqualification")
    op.drop_table("board_notice_item")
    with op.batch_alter_table("presence", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_presence_meeting_id"))

    op.drop_table("presence")
    op.drop_table("notice_of_meeting")
    with op.batch_alter_table("chairing", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_chairing_meeting_id"))

    op.drop_table("chairing")
    with op.batch_alter_table("board_notice", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_board_notice_meeting_id"))
        batch_op.drop_index(batch_op.f("ix_board_notice_announced_on"))

    op.drop_table("board_notice")
    with op.batch_alter_table("seat", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_seat_board_id"))
        batch_op.drop_index("ix_seat_account_id_board_id")

    op.drop_table("seat")
