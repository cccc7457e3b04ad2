"""Cut the web fonts to what each language needs, and write static/fonts.css: `python -m tools.fonts`.

A first visit may weigh 100 kB, and a script's whole file is three quarters of that. So each is cut in parts, and a
browser fetches a part only when the page holds one of its letters: first the letters of our own texts, then the other
letters of the same languages, then the whole file for the rest, so that nothing anybody types is left without a
letter. Run it again when a catalogue has got letters that stand in no first part; tests/test_fonts.py says when.
"""

import json
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from fontTools import subset
from fontTools.ttLib import TTFont

from fundapp.languages import LANGUAGES
from tools.letters import letters_of

STATIC = Path(__file__).parent.parent / "fundapp" / "static"
FONTS = STATIC / "vendor" / "fonts"
CUT = "cut"
# Arabic and Dari: the letters, marks, figures and joiners that the two are written with.
ARABIC = {*range(0x0600, 0x0660), *range(0x0660, 0x066E), *range(0x06F0, 0x06FA), *range(0x200C, 0x2010)}
ARABIC |= {0x067E, 0x0686, 0x0698, 0x06A9, 0x06AF, 0x06C0, 0x06CC}
# Tigrinya: seven orders of its consonants, its labiovelars, its signs. Amharic and Ge'ez have more.
_ROWS = "ሀለሐመሠረሰሸቀቐበቨተቸኀነኘአከኸወዐዘዠየደጀገጠጨጰጸፀፈፐ"
_LABIOVELARS = "ቈቊቋቌቍቘቚቛቜቝኈኊኋኌኍኰኲኳኴኵዀዂዃዄዅጐጒጓጔጕ"
TIGRINYA = {ord(row) + order for row in _ROWS for order in range(7)} | {ord(letter) for letter in _LABIOVELARS}
TIGRINYA |= {ord("ሏ"), ord("ሟ"), ord("ሯ"), ord("ሷ"), ord("ሿ"), ord("ቧ"), ord("ቷ"), ord("ቿ"), ord("ኗ"), ord("ኟ")}
TIGRINYA |= {ord("ዟ"), ord("ዧ"), ord("ዷ"), ord("ጇ"), ord("ጧ"), ord("ጯ"), ord("ጿ"), ord("ፏ"), *range(0x1361, 0x137D)}
# Latin letters of Europe's languages, with Finland's and Sápmi's, Turkish, Romanian and Azerbaijani among them.
EUROPEAN = {*range(0x0100, 0x0180), 0x018F, 0x0218, 0x0219, 0x021A, 0x021B, 0x0259}
HEAD = """/* Made by tools/fonts.py: do not change by hand.
   Fonts by script: a browser loads a file only when the page holds a letter of its range. */
"""
FACE = """@font-face {{
  font-family: "{family}";
  font-weight: {weight};
  font-display: swap;
  src: url("vendor/fonts/{name}.woff2") format("woff2");
  unicode-range: {ranges};
}}
"""


@dataclass(frozen=True)
class Face:
    """A file as it came, and the parts cut from it, dearest last; what is in none of them stays with the file."""

    family: str
    weight: int
    name: str
    parts: tuple[tuple[str, frozenset[int]], ...] = ()


def faces() -> list[Face]:
    ours = frozenset(letters_of("ti"))
    tigrinya = (("tigrinya", ours), ("tigrinya-more", frozenset(TIGRINYA)))
    found = [Face("Noto Sans", weight, f"noto-sans-latin-{weight}") for weight in (400, 600)]
    found += [
        Face("Noto Sans", weight, f"noto-sans-latin-ext-{weight}", (("european", frozenset(EUROPEAN)),))
        for weight in (400, 600)
    ]
    found += [
        Face("Vazirmatn", weight, f"vazirmatn-arabic-{weight}", (("core", frozenset(ARABIC)),)) for weight in (400, 700)
    ]
    return found + [
        Face("Noto Sans Ethiopic", weight, f"noto-sans-ethiopic-{weight}", tigrinya) for weight in (400, 700)
    ]


def own_names() -> list[Face]:
    """The letters that the language menu needs on every page, whatever language the page is in."""
    names = frozenset(ord(letter) for language in LANGUAGES.values() for letter in language.own_name)
    return [
        Face("Own names", 400, source, (("own-names", names),))
        for source in ("vazirmatn-arabic-400", "noto-sans-ethiopic-400")
    ]


def ranges(letters: Iterable[int]) -> str:
    """Code points as CSS writes them: `U+1200-1207, U+1361`."""
    runs: list[list[int]] = []
    for letter in sorted(letters):
        if runs and letter == runs[-1][1] + 1:
            runs[-1][1] = letter
        else:
            runs.append([letter, letter])
    return ", ".join(f"U+{first:04X}" + (f"-{last:04X}" if last > first else "") for first, last in runs)


def cut(source: Path, letters: set[int], target: Path) -> None:
    options = subset.Options()
    options.flavor, options.layout_features, options.hinting = "woff2", ["*"], False
    font = subset.load_font(str(source), options)
    cutter = subset.Subsetter(options)
    cutter.populate(unicodes=letters)
    cutter.subset(font)
    font["head"].modified = font["head"].created  # else the same cut is another file every time
    font.recalcTimestamp = False
    subset.save_font(font, str(target), options)


def letters_in(name: str) -> set[int]:
    return set(TTFont(FONTS / f"{name}.woff2").getBestCmap())


def make(face: Face, *, keeps_rest: bool = True) -> str:
    """Cut one file; the style sheet's words for its parts. What the plain Latin file has is left to that."""
    source = FONTS / f"{face.name}.woff2"
    left = letters_in(face.name) - (letters_in("noto-sans-latin-400") if face.parts else set())
    words = []
    for part, wanted in face.parts:
        name = f"{CUT}/{face.name}-{part}"
        letters = left & wanted
        cut(source, letters, FONTS / f"{name}.woff2")
        words.append(FACE.format(family=face.family, weight=face.weight, name=name, ranges=ranges(letters)))
        left -= letters
    if keeps_rest:
        words.insert(0, FACE.format(family=face.family, weight=face.weight, name=face.name, ranges=ranges(left)))
    return "\n".join(reversed(words))


def main() -> None:
    (FONTS / CUT).mkdir(exist_ok=True)
    sheet = [make(face) for face in faces()] + [make(face, keeps_rest=False) for face in own_names()]
    (STATIC / "fonts.css").write_text("\n".join([HEAD, *sheet]), encoding="utf-8")
    sizes = {path.name: path.stat().st_size for path in sorted((FONTS / CUT).iterdir())}
    sys.stdout.write(json.dumps(sizes, indent=2) + "\n")


if __name__ == "__main__":
    main()
