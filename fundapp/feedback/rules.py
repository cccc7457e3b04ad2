"""What the accessibility statement says: how the site was tested, when, and where it falls short.

Source: lag (2018:1937) om tillgänglighet till digital offentlig service, 13 §. Whoever tests anew changes it here.
"""

from datetime import date

from fundapp.languages import Lazy, _l

TESTED_ON = date(2026, 11, 22)
COMPLAIN_AT = "https://www.digg.se/tdosanmalan"

SHORTCOMINGS: tuple[Lazy, ...] = (
    _l("Files that others have sent in may be hard to read. We do not change them."),
    _l("We have not tested that our PDF papers can be read aloud. The same words are on the page."),
    _l("No native speaker has read six of the languages yet."),
    _l("Nobody who uses a screen reader every day has tested the site yet."),
)
TESTS: tuple[Lazy, ...] = (
    _l("A program looks for faults on the pages, on narrow and wide screens."),
    _l("We have tested to use the site with the keyboard alone, and without scripts."),
    _l("We have tested it ourselves. Nobody else has."),
)
