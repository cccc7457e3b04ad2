"""One model for every plan: goals, areas with objectives, what each board answers for, and dated actions."""

from datetime import date
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from fundapp.boards.models import Board
from fundapp.db import Base


class Plan(Base):
    """A municipality's integration plan. `code` is also the municipality's code; `adopted` is None where the plan
    does not say. `notes` keeps source, purpose, methods and editorial remarks.
    """

    __tablename__ = "plan"

    id: Mapped[int] = mapped_column(primary_key=True)
    code: Mapped[str] = mapped_column(unique=True)
    municipality: Mapped[str]
    title: Mapped[str]
    adopted: Mapped[str | None]
    valid: Mapped[str | None]
    notes: Mapped[dict[str, Any]] = mapped_column(default=dict)

    goals: Mapped[list["PlanGoal"]] = relationship(
        order_by="PlanGoal.position", cascade="all, delete-orphan", back_populates="plan"
    )
    areas: Mapped[list["GoalArea"]] = relationship(order_by="GoalArea.number", back_populates="plan")
    actions: Mapped[list["PlanAction"]] = relationship(
        order_by="PlanAction.position", cascade="all, delete-orphan", back_populates="plan"
    )


class PlanGoal(Base):
    """A goal of the plan as a whole."""

    __tablename__ = "plan_goal"
    __table_args__ = (UniqueConstraint("plan_id", "position"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    plan_id: Mapped[int] = mapped_column(ForeignKey("plan.id"))
    position: Mapped[int]
    text: Mapped[str]

    plan: Mapped[Plan] = relationship(back_populates="goals")


class GoalArea(Base):
    """A målområde. `notes` may hold source_heading_number, matrix_label, diagram_name, editorial."""

    __tablename__ = "goal_area"
    __table_args__ = (UniqueConstraint("plan_id", "number"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    plan_id: Mapped[int] = mapped_column(ForeignKey("plan.id"))
    number: Mapped[int]
    name: Mapped[str]
    text: Mapped[str]
    notes: Mapped[dict[str, Any]] = mapped_column(default=dict)

    plan: Mapped[Plan] = relationship(back_populates="areas")
    objectives: Mapped[list["Objective"]] = relationship(order_by="Objective.position", back_populates="area")
    board_answers: Mapped[list["AreaBoard"]] = relationship(back_populates="area")


class Objective(Base):
    """A delmål. `code` ("2.3") is unique within the plan because it starts with the area's number."""

    __tablename__ = "objective"
    __table_args__ = (UniqueConstraint("area_id", "code"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    area_id: Mapped[int] = mapped_column(ForeignKey("goal_area.id"))
    position: Mapped[int]
    code: Mapped[str]
    text: Mapped[str]
    note: Mapped[str | None]

    area: Mapped[GoalArea] = relationship(back_populates="objectives")
    board_answers: Mapped[list["ObjectiveBoard"]] = relationship(back_populates="objective")

    @property
    def thread(self) -> str:
        return f"objective-{self.id}"


class BoardAnswer:
    """Whether a board answers for something: True, False, or None for not decided.

    `answered_on` is None while the mark is the plan's own; a board's own answer carries its day and who gave it,
    also when the answer is "not decided".
    """

    id: Mapped[int] = mapped_column(primary_key=True)
    board_id: Mapped[int] = mapped_column(ForeignKey("board.id"))
    answer: Mapped[bool | None]
    answered_on: Mapped[date | None]
    answered_by: Mapped[str | None]


ANSWER_IS_WHOLE = "(answered_on IS NULL) = (answered_by IS NULL)"


class ObjectiveBoard(BoardAnswer, Base):
    __tablename__ = "objective_board"
    __table_args__ = (
        UniqueConstraint("objective_id", "board_id"),
        CheckConstraint(ANSWER_IS_WHOLE, name="answer_is_whole"),
    )

    objective_id: Mapped[int] = mapped_column(ForeignKey("objective.id"))

    objective: Mapped[Objective] = relationship(back_populates="board_answers")
    board: Mapped[Board] = relationship()


class AreaBoard(BoardAnswer, Base):
    """For a plan whose marks stand on the areas."""

    __tablename__ = "area_board"
    __table_args__ = (UniqueConstraint("area_id", "board_id"), CheckConstraint(ANSWER_IS_WHOLE, name="answer_is_whole"))

    area_id: Mapped[int] = mapped_column(ForeignKey("goal_area.id"))

    area: Mapped[GoalArea] = relationship(back_populates="board_answers")
    board: Mapped[Board] = relationship()


class PlanAction(Base):
    """A dated action. `due_before` is the first day that is too late; `is_interpreted` says that the day is a reading
    of `due_text`, not the plan's own word.
    """

    __tablename__ = "plan_action"
    __table_args__ = (UniqueConstraint("plan_id", "position"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    plan_id: Mapped[int] = mapped_column(ForeignKey("plan.id"))
    position: Mapped[int]
    text: Mapped[str]
    due_text: Mapped[str]
    due_before: Mapped[date | None]
    is_interpreted: Mapped[bool] = mapped_column(default=False)
    board_id: Mapped[int | None] = mapped_column(ForeignKey("board.id"))

    plan: Mapped[Plan] = relationship(back_populates="actions")
    board: Mapped[Board | None] = relationship()
