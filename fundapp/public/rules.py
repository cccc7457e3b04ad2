"""The way of an application in six steps, as the start page tells it."""

from dataclasses import dataclass

from fundapp.languages import Lazy, _l


@dataclass(frozen=True)
class Stage:
    """A station of the line; `note` is the usual time. `plain`: the line explains, it does not follow one case."""

    label: Lazy
    note: Lazy
    state: str = "plain"


# The times are an assumption; Kalix has published only that applications are prepared every month. The page says so.
WAY = (
    Stage(_l("You apply"), _l("takes an evening; you can pause")),
    Stage(_l("We register it"), _l("within a few days")),
    Stage(_l("An official assesses it"), _l("about a month")),
    Stage(_l("The board decides"), _l("at its next sitting")),
    Stage(_l("You carry out the project"), _l("the money comes in parts")),
    Stage(_l("You tell what came of it"), _l("within two months after the end")),
)


def sentence(text: str) -> str:
    """The text with a capital first letter and one full stop."""
    end = "" if text.endswith(("።", "؟", "?")) else "."  # Tigrinya has a full stop of its own
    return f"{text[:1].upper()}{text[1:].rstrip('.')}{end}"
