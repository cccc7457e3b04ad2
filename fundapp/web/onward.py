"""Where a page leads on to: never out of this site."""

import re

# One slash and no second; no backslash, which browsers read as one, and no tab or line break, which they leave out.
_INSIDE = re.compile(r"/(?![/\\])[^\\\x00-\x1f\x7f]{0,499}")


def inside(path: str) -> str:
    """`path` if it lies within this site, else nothing: a sign-in must not lead elsewhere."""
    return path if _INSIDE.fullmatch(path) else ""
