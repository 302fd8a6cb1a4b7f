"""`friction check`: the verdict on a file, as a night would judge it."""

import json
from pathlib import Path

import pytest

from tests.cli.command import CONTROL, Friction

HEADER = "event_id,occurred_at,event_name,customer_id,mood\n"
GOOD = "e{n},2026-01-15T10:00:00Z,click,c1,\n"


def test_check_accepts_what_a_night_would_take(friction: Friction, tmp_path):
    (tmp_path / "a.csv").write_text(
        HEADER + "".join(GOOD.replace("{n}", str(n)) for n in range(200)) + "e200,never,click,c1,\n"
    )
    done = friction("check", "a.csv", "--contract", "clickstream")
    assert done.code == 0
    said = " ".join(done.out.split())
    for words in (
        "a.csv: ok – 1 of 201 rows break the contract clickstream, within its limit of 1.00%",
        "read 201 = kept 200 + quarantined 1 + superseded 0 + duplicate 0",
        "columns that the contract does not know: mood",
        "occurred_at.type 1",
        "202 plausible_time, occurred_at.type e200,never,click,c1,",
    ):
        assert words in said


def test_check_refuses_what_a_night_would_refuse(friction: Friction, tmp_path):
    (tmp_path / "a.csv").write_text(HEADER + GOOD + "e2,never,click,c1,\n")
    done = friction("check", "a.csv", "--contract", "clickstream", "--json")
    assert done.code == 10
    found = json.loads(done.out)
    assert (found["rows_read"], found["rows_kept"], found["is_within_limit"]) == (2, 1, False)
    assert found["broken_rules"] == {"occurred_at.type": 1, "plausible_time": 1}
    assert found["samples"][0][0] == 3
    assert not (tmp_path / "warehouse").exists()


@pytest.mark.parametrize(("limit", "code"), [("0.5", 0), ("0.49", 10), ("0", 10), ("1", 0)])
def test_check_takes_the_limit_of_a_source_in_place_of_the_contract_s(friction: Friction, tmp_path, limit, code):
    (tmp_path / "a.csv").write_text(HEADER + GOOD + "e2,never,click,c1,\n")
    done = friction("check", "a.csv", "--contract", "clickstream", "--limit", limit)
    assert done.code == code
    assert f"its limit of {float(limit):.2%}" in " ".join(done.out.split())


def test_help_says_what_every_exit_code_means(friction: Friction):
    said = " ".join(friction("check", "--help").out.split())
    for words in ("Exit code 0: a night would take it", "10: a night would refuse", "3: it cannot be read", "5: there"):
        assert words in said


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["--contract", "clickstream", "--limit", "2"], 2, "--limit"),
        (["--contract", "clickstreem"], 10, "Did you mean 'clickstream'?"),
        (["--contract", "flags"], 10, "flags is not an input but a result"),
        (["--contract", "clickstream", "--adapter", "shop"], 2, "there is no adapter 'shop'"),
        (["--contract", "clickstream", "--timezone", "Mars"], 2, "--timezone: unknown time zone 'Mars'"),
        (["--contract", "orders"], 10, "required columns of orders are missing: order_id, placed_at"),
        ([], 2, "Missing option '--contract'"),
    ],
)
def test_check_says_what_is_wrong_with_its_options(friction: Friction, tmp_path, arguments, code, words):
    (tmp_path / "a.csv").write_text(HEADER + GOOD)
    done = friction("check", "a.csv", *arguments)
    assert done.code == code
    assert words in " ".join(done.err.split())


def test_check_reads_the_rest_as_a_night_does(friction: Friction, tmp_path):
    done = friction("check", write(tmp_path, "a.csv.gz", b"no gzip"), "--contract", "clickstream")
    assert done.code == 3
    assert "a.csv.gz: is damaged or was cut off" in done.err


def test_a_row_that_a_newer_version_replaces_breaks_nothing(friction: Friction, tmp_path):
    header = "event_id,occurred_at,event_name,customer_id,received_at\n"
    row = "e1,2026-01-15T10:00:00Z,click,c1,2026-01-15T1{hour}:00:00Z\n"
    rows = [row.format(hour=1), row.format(hour=2), row.format(hour=2), "e2,never,click,c1,\n"]
    (tmp_path / "a.csv").write_text(header + "".join(rows[:3]))
    done = friction("check", "a.csv", "--contract", "clickstream")
    said = " ".join(done.out.split())
    assert done.code == 0
    assert "a.csv: ok – 0 of 3 rows break the contract clickstream, within its limit of 1.00%" in said
    assert "read 3 = kept 1 + quarantined 0 + superseded 1 + duplicate 1" in said
    assert "broken rule" not in said
    (tmp_path / "a.csv").write_text(header + "".join(rows))
    found = json.loads(friction("check", "a.csv", "--contract", "clickstream", "--json").out)
    assert (found["rows_quarantined"], found["rows_superseded"], found["rows_duplicate"]) == (1, 1, 1)
    assert found["broken_rules"] == {"occurred_at.type": 1, "plausible_time": 1}
    assert [line for line, _, _ in found["samples"]] == [5]


def write(folder: Path, name: str, content: bytes) -> str:
    (folder / name).write_bytes(content)
    return name


def test_a_hostile_file_is_shown_escaped(friction: Friction, tmp_path):
    path = tmp_path / "a[red].csv"
    path.write_text(
        "event_id,occurred_at,event_name,customer_id,\x1b[31mcolour[/]\n"
        + "".join(f"e{n},\x1b[2J[bold],x,c,\n" for n in range(9))
    )
    done = friction("check", path.name, "--contract", "clickstream")
    assert done.code == 10
    assert CONTROL.search(done.out + done.err) is None
    assert r"\x1b[2J[bold]" in done.out
    assert r"\x1b[31mcolour[/]" in done.out
    assert "a[red].csv: refused" in done.out
