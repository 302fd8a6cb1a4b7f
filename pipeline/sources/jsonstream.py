"""A JSON file whose top is one object, read piece by piece: its arrays are given item by item."""

import codecs
import json
import math
import re
from collections.abc import Callable, Iterator
from typing import Any

from pipeline.errors import InputError
from pipeline.sources.converting import Conversion

BLANKS = re.compile(r"[ \t\r\n]*")
REST_OF_A_NUMBER = re.compile(r"[-+.eE0-9]*")  # 12 or 12. at the end of what was read may go on as 12.3


def sections(conversion: Conversion, pieces: Iterator[bytes]) -> Iterator[tuple[str, bool, Iterator[Any]]]:
    """Each key of the object that the pieces make up, whether its value is an array, and the array's items.

    What is no array is its own only item. The items of a key must be taken before the next key is asked for. Raises
    InputError where the file is not such an object, is cut off, or has an item longer than a line may be. Numbers that
    JSON cannot hold become text.
    """
    text = _Text(conversion, pieces)
    text.take("{", "is no JSON object")
    while (char := text.next()) != "}":
        key = text.value()
        if not isinstance(key, str):
            raise text.error(f"has {json.dumps(key)[:40]} where a key should be")
        text.take(":", "lacks the : after a key")
        yield key, text.next() == "[", _items(text)
        char = text.next()
        if char == ",":
            text.take(",", "")
            if text.next() == "}":
                raise text.error("has a , before a }")
        elif char != "}":
            raise text.error("lacks a , between two keys")
    text.take("}", "")
    if text.next():
        raise text.error("goes on after its end")


def _items(text: "_Text") -> Iterator[Any]:
    if text.next() != "[":
        yield text.value()
        return
    text.take("[", "")
    while text.next() != "]":
        yield text.value()
        char = text.next()
        if char == ",":
            text.take(",", "")
            if text.next() == "]":
                raise text.error("has a , before a ]")
        elif char != "]":
            raise text.error("lacks a , between two items")
    text.take("]", "")


class _Text:
    """The characters that have been read and not yet been used."""

    def __init__(self, conversion: Conversion, pieces: Iterator[bytes]) -> None:
        self._conversion, self._pieces = conversion, pieces
        self._decoder = codecs.getincrementaldecoder("utf-8-sig")()
        self._ahead, self._at, self._used, self._is_over = "", 0, 0, False
        self._json = json.JSONDecoder(parse_float=_number(float), parse_int=_number(int), parse_constant=str)

    def next(self) -> str:
        """The next character that is no blank; empty text at the end of the file."""
        while True:
            blanks = BLANKS.match(self._ahead, self._at)
            self._at = blanks.end() if blanks else self._at
            if self._at < len(self._ahead):
                return self._ahead[self._at]
            if not self._more():
                return ""

    def take(self, char: str, otherwise: str) -> None:
        found = self.next()
        if found != char:
            raise self.error(otherwise)
        self._at += 1

    def value(self) -> Any:
        """The next value, of whatever type."""
        self.next()
        while True:
            try:
                found, end = self._json.raw_decode(self._ahead, self._at)
            except json.JSONDecodeError as error:
                self._conversion.check_length(len(self._ahead) - self._at)
                if not self._more():
                    raise self.error(f"is cut off, or no JSON ({error.msg})") from error
            else:
                may_go_on = self._ahead[self._at] in "-0123456789" and REST_OF_A_NUMBER.fullmatch(self._ahead, end)
                if not may_go_on or not self._more():
                    self._conversion.check_length(end - self._at)
                    self._at = end
                    return found

    def error(self, what: str) -> InputError:
        """An error that says where in the file, in characters."""
        if self.next() == "":
            return self._conversion.error("ends before the log does: it was cut off. Export it again.")
        return self._conversion.error(f"{what}, at character {self._used + self._at + 1:,}.")

    def _more(self) -> bool:
        """Read on; False at the end of the file."""
        if self._is_over:
            return False
        piece = next(self._pieces, b"")
        self._is_over = not piece
        try:
            decoded = self._decoder.decode(piece, final=self._is_over)
        except UnicodeDecodeError as error:
            raise self._conversion.error("is not text in UTF-8, which JSON is written in.") from error
        self._used += self._at
        self._ahead, self._at = self._ahead[self._at :] + decoded, 0
        return True


def _number(kind: Callable[[str], float]) -> Callable[[str], float | str]:
    """Numbers as numbers; as text where they are beyond JSON's and DuckDB's."""

    def read(text: str) -> float | str:
        if kind is int and len(text.lstrip("-")) > 18:
            return text
        number = kind(text)
        return number if math.isfinite(number) else text

    return read
