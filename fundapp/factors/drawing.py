"""The picture that an app for codes reads, and its key in words."""

from urllib.parse import urlsplit

from markupsafe import Markup

from fundapp.config import settings
from fundapp.factors import rules


def qr_code(key: str, email: str) -> Markup:
    """An SVG that lies in the page; black on white in dark mode too, since cameras want it so."""
    import segno  # noqa: PLC0415  dear to import, seldom drawn

    address = rules.totp_address(key, email=email, issuer=urlsplit(settings().base_url).netloc)
    drawn = segno.make(address, error="m").svg_inline(scale=5, border=4, dark="#000", light="#fff")
    return Markup(drawn)  # noqa: S704  made by the library of black and white squares alone  # nosec B704


def in_groups(key: str) -> str:
    """Four letters at a time, as they are read out."""
    return " ".join(key[n : n + 4] for n in range(0, len(key), 4))
