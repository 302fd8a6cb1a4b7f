"""Text that came from data, made fit to be shown: whatever it holds, it stays one short line of its own."""

import re
import unicodedata
from dataclasses import dataclass

LONGEST = 80  # characters on the page: a selector or a path is recognised by then
LONGEST_TITLE = 1_000  # characters in the title behind it

# Controls and marks of direction: invisible, and able to turn the text beside them around.
_INVISIBLE = re.compile(
    "[\u0000-\u001f\u007f-\u009f\u00ad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ud800-\udfff\ufeff]"
)
REPLACEMENT = "\ufffd"


@dataclass(frozen=True)
class Shown:
    """A text as shown; `title` holds more of it where it was cut."""

    text: str
    title: str | None = None


def plain(text: object) -> str:
    """The text as one line; each control and each mark of direction becomes a visible replacement character."""
    spaced = re.sub(r"\s+", " ", str(text)).strip()
    return _INVISIBLE.sub(REPLACEMENT, spaced)


def shown(text: object, longest: int = LONGEST) -> Shown:
    """The text as one line of at most `longest` characters."""
    line = plain(text)
    if len(line) <= longest:
        return Shown(line)
    title = line if len(line) <= LONGEST_TITLE else line[: LONGEST_TITLE - 1] + "…"
    return Shown(line[: longest - 1] + "…", title)


def cut(text: object, width: int) -> str:
    """The text as one line of at most `width` columns of a terminal; wide characters take two, combining ones none."""
    line = plain(text)
    if columns(line) <= width:
        return line
    kept = ""
    for char in line:
        if columns(kept + char) > width - 1:
            break
        kept += char
    return kept + "…"


def columns(text: str) -> int:
    """How many columns of a terminal the text takes."""
    wide = sum(2 if unicodedata.east_asian_width(char) in "WF" else 1 for char in text)
    return wide - sum(1 for char in text if unicodedata.combining(char))
