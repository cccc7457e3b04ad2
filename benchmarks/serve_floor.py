"""What gunicorn serves as the floor. It imports nothing of fundapp (tests/test_cold_start.py sees to it)."""

from flask import Flask

from benchmarks.counted import count
from benchmarks.floor import create_floor


def app() -> Flask:
    made = create_floor()
    count(made, made.extensions["floor.engine"])
    return made
