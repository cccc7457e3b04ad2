"""Where texts stand in a fund's terms: every one by its place, as `goals.G1.text` or `purpose`. Plain Python."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from fundapp.data_texts import translation

_OF_AN_ITEM = ("text", "hint", "reason", "instead")


@dataclass(frozen=True)
class Place:
    """A text in the terms: `key` is the value it belongs to, `texts` it by language."""

    name: str
    key: str
    texts: Mapping[str, str]

    def in_language(self, code: str) -> str:
        """What was typed here, else what lies beside the files; empty where there is neither."""
        return self.texts.get(code) or translation(self.texts["sv"], code) or ""


def all_texts(terms: Mapping[str, Any]) -> list[Place]:
    """Every text that an applicant reads, in the order of the terms."""
    return [
        Place(name, key, texts)
        for key, kept in terms.items()
        if isinstance(kept, dict)
        for name, texts in _within(key, kept["value"])
    ]


def _within(name: str, value: Any) -> Iterator[tuple[str, Mapping[str, str]]]:
    if isinstance(value, dict) and "sv" in value:
        yield name, value
    for item in value if isinstance(value, list) else ():
        if isinstance(item, dict):
            for part in _OF_AN_ITEM:
                if item.get(part):
                    yield f"{name}.{item['code']}.{part}", item[part]
            yield from _within(f"{name}.{item['code']}.options", item.get("options"))


def missing_in(terms: Mapping[str, Any], code: str) -> list[Place]:
    """The texts that fall back to Swedish for who reads another language."""
    return [place for place in all_texts(terms) if not place.in_language(code)]


def with_text(kept: dict[str, Any], name: str, language: str, text: str) -> dict[str, Any]:
    """A value of the terms with one text in one language, at a place within it; empty takes the text away. What lies
    beside the files and was not changed is not copied.
    """
    return kept | {"value": _with_text(kept["value"], name.split(".")[1:], language, text)}


def _with_text(value: Any, way: list[str], language: str, text: str) -> Any:
    if not way:
        rest = {code: words for code, words in value.items() if code != language}
        is_known = not value.get(language) and text == translation(value["sv"], language)
        return rest | {language: text} if text and not is_known else rest
    code, part, *further = way
    return [
        item | {part: _with_text(item[part], further, language, text)} if item["code"] == code else item
        for item in value
    ]
