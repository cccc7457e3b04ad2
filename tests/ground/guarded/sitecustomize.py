"""Read by every Python that the tests start, because this folder stands in PYTHONPATH."""

import guard  # type: ignore[import-not-found]  # found there, and nowhere else

guard.put_up()
