"""What gunicorn serves as the app: it as it is, on the data set's day."""

import os
from datetime import date
from pathlib import Path

from flask import Flask

from benchmarks.counted import count
from fundapp import clock
from fundapp.app import create_app
from fundapp.db import db

DAY = date(2017, 3, 6)  # within the rounds that are shipped


def app() -> Flask:
    """The app from the environment: no demo, nothing but its clock changed."""
    made = create_app()
    clock.run_from(DAY, Path(os.environ["BENCH_CLOCK"]))
    with made.app_context():
        count(made, db.engine)
    return made
