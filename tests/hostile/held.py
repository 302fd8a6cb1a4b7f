"""What every answer is held to."""

import os
import re
from pathlib import Path

from tests.cli.command import CONTROL
from tests.hostile.bad import BadFile
from tests.hostile.keeper import Answer

LONGEST = 4000  # characters of an error; a longer one is a dump
# Words of the libraries: whoever reads them has no such settings, and is not told what to do with the file.
INTERNAL = re.compile(
    r"Traceback|Possible (solutions|fixes)|SET \w+|duckdb\.org|LINE 1:|INTERNAL|Internal Error|std::|bad.alloc|<class"
    r"|codec can't|state machine|auto_detect|store_rejects|\(Set By User\)|Invalid Input Error|IO Error|Binder Error"
    r"|Conversion Error|Errno|0x[0-9a-f]{6}|panicked|object at|PyArrow|Arrow error|calamine|fastexcel"
)
ADVICE = re.compile(
    r"\b(Add|Allow|Ask|Change|Check|Choose|Close|Convert|Copy|Correct|Declare|Delete|Export|Fetch|Give|Grant|Keep|Leave|"
    r"Let|Look|Make|Move|Name|Open|Pack|Point|Put|Remove|Rename|Replace|Run|Save|Say|Send|Set|Split|Start|Take|"
    r"Transfer|Try|Unpack|Use|Wait|Write)\s"
)

BALANCE = re.compile(
    r"read ([\d,]+) = kept ([\d,]+) \+ quarantined ([\d,]+) \+ superseded ([\d,]+) \+ duplicate ([\d,]+)"
)


def held(answer: Answer, file: BadFile) -> None:
    """It ended, in time, in bounds, without a traceback, and nothing is left lying about."""
    assert not answer.end, answer.end
    assert not answer.crash, answer.crash
    assert answer.stray == [], f"it left {answer.stray}"
    assert answer.seconds <= file.seconds, f"it took {answer.seconds:.1f} seconds"
    assert answer.peak <= file.megabytes, f"it took {answer.peak} MiB"


def held_load(answer: Answer, file: BadFile) -> None:
    """An error or counted rows, as is expected of the file."""
    held(answer, file)
    expected = file.expected
    if answer.error is not None:
        held_error(answer.error, file.path)
        assert expected.is_refused is not False, f"it was refused: {answer.error}"
        assert expected.words in answer.error
        return
    assert answer.counts is not None
    assert not answer.law, answer.law
    assert expected.is_refused is not True, f"it was read: {answer.counts}, {answer.quarantined[:3]}"
    read, _, quarantined, _ = answer.counts
    assert expected.counts in (None, answer.counts), (answer.counts, answer.quarantined[:3])
    assert not expected.reads or read in expected.reads, f"{read} rows were read: {answer.quarantined[:3]}"
    # a row that a newer version replaces broke no rule, and is kept as it was understood
    lines = [line for line, rules, _ in answer.quarantined if not rules[0].endswith(".superseded")]
    if quarantined and not file.path.endswith((".xlsx", ".json")):
        assert None not in lines, f"a quarantined row has no line: {answer.quarantined[:3]}"
    assert expected.lines is None or tuple(lines) == expected.lines, answer.quarantined
    broken = {rule for _, rules, _ in answer.quarantined for rule in rules}
    for rule in expected.rules:
        assert any(each == rule or (rule.endswith(".") and each.startswith(rule)) for each in broken), broken
    for column, allowed in expected.values.items():
        others = set(answer.values[column]) - allowed
        assert not others, f"{column} became {others}"


def held_check(answer: Answer, file: BadFile) -> None:
    """The command line says in words what the load would do, and ends with the code for it."""
    held(answer, file)
    name = Path(file.path).name
    assert CONTROL.search(answer.out + answer.err) is None, "it would steer the terminal"
    if answer.code in (0, 10) and answer.out:
        assert _visible(name) in answer.out
        found = BALANCE.search(answer.out)
        assert found, answer.out
        read, kept, quarantined, superseded, duplicate = (int(each.replace(",", "")) for each in found.groups())
        assert read == kept + quarantined + superseded + duplicate
        assert file.expected.is_refused is not True, answer.out
        # a load counts what a newer version replaces among the quarantined, for that is where it is found
        assert file.expected.counts in (None, (read, kept, quarantined + superseded, duplicate))
        return
    assert answer.code in (3, 5, 10), f"it ended with {answer.code}: {answer.err}"
    assert answer.err.startswith("error: ")
    held_error(answer.err, _visible(name))
    assert file.expected.is_refused is not False, answer.err


def held_error(error: str, name: str) -> None:
    """It names the file, in words of ours, and is no dump."""
    assert _readable(Path(name).name) in error, f"it does not name the file: {error}"
    assert len(error) <= LONGEST, f"it has {len(error):,} characters or more"


def held_words(error: str) -> None:
    """It says what to do, and nothing of what goes on inside."""
    inner = INTERNAL.search(error)
    assert inner is None, f"it speaks as a library does: {error}"
    assert ADVICE.search(error), f"it does not say what to do: {error}"


def _visible(name: str) -> str:
    """A name as the terminal shows it."""
    return "".join(sign if sign.isprintable() else f"\\x{ord(sign):02x}" for sign in _readable(name))


def _readable(name: str) -> str:
    """A name whose bytes are no text, as a text."""
    return os.fsencode(name).decode(errors="backslashreplace")
