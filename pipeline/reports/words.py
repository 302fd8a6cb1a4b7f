"""The words of a report: one table per language, the same keys in each."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from babel import Locale

from pipeline.errors import SettingsError

FOLDER = Path(__file__).resolve().parent / "words"


@dataclass(frozen=True)
class Words:
    """The words of one language: `text` by key, `plurals` by key and plural form, `labels` by table and name."""

    language: str
    text: Mapping[str, str]
    plurals: Mapping[str, Mapping[str, str]]
    labels: Mapping[str, Mapping[str, str]]

    def say(self, key: str, **values: object) -> str:
        """The text of `key` with its places filled in."""
        return self.text[key].format(**values)

    def count(self, key: str, number: int, shown: str) -> str:
        """The text of `key` in the plural form of `number`, which is written as `shown`."""
        forms = self.plurals[key]
        form = Locale.parse(self.language).plural_form(number)
        return forms.get(form, forms["other"]).format(n=shown)

    def label(self, table: str, name: str | None) -> str:
        """What people call `name`; a name without a label is itself, with spaces."""
        if not name:
            return self.text["unknown"]
        return self.labels[table].get(name) or name.replace("_", " ")

    def joined(self, parts: list[str]) -> str:
        """`a, b and c`."""
        if len(parts) < 2:
            return "".join(parts)
        return f"{', '.join(parts[:-1])} {self.text['and']} {parts[-1]}"


def languages() -> list[str]:
    """The languages that a report can be written in."""
    return sorted(path.stem for path in FOLDER.glob("*.toml"))


@cache
def load(language: str) -> Words:
    """The words of `language`. Raises SettingsError where there is no table for it."""
    if language not in languages():
        raise SettingsError(f"reports cannot be written in {language!r}. Known: {', '.join(languages())}.")
    content: dict[str, Any] = tomllib.loads((FOLDER / f"{language}.toml").read_text(encoding="utf-8"))
    return Words(
        language=language,
        text=content.pop("text"),
        plurals=content.pop("plurals"),
        labels=content,
    )
