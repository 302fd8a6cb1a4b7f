"""`friction quarantine` and `friction quarantine replay`, as a person sees them."""

import json
from pathlib import Path

import pytest

from pipeline.settings import Settings, load
from tests.cli.command import CONTROL, Friction
from tests.steps import world as w

# One worker: importing Great Expectations takes seconds. Its warnings, and those of what it imports, are its own.
pytestmark = [pytest.mark.xdist_group("expectations"), pytest.mark.filterwarnings("default")]

HEADER = "order_id,customer_id,placed_at,value,currency"
DAY = w.FIRST


def order(number: int, value: str) -> str:
    return f"o{number},c{number},{DAY}T10:00:00Z,{value},TRY"


def shop(folder: Path, *lines: str, night: bool = True) -> Settings:
    """A project of one file of 400 good orders and the lines given."""
    config = folder / "friction.toml"
    path = folder / "landing" / "orders" / DAY.isoformat() / "export.csv"
    path.parent.mkdir(parents=True)
    good = [order(number, "100.5") for number in range(1000, 1400)]
    path.write_text("\n".join([HEADER, *lines, *good]) + "\n", encoding="utf-8")
    config.write_text(w.PROJECT + w.SOURCE.format(contract="orders").replace("*.ndjson", "*.csv"), encoding="utf-8")
    settings = load(config)
    if night:
        w.run(settings, [DAY])
    return settings


@pytest.fixture
def quarantined(friction: Friction, tmp_path: Path) -> Friction:
    """A day on which two orders are bad, and one of them would dance on the terminal."""
    settings = shop(tmp_path, order(1, '"1.234,56"'), order(2, "\x1b[31m[red]100"))
    friction.config = settings.folder / "friction.toml"
    return friction


def test_it_says_how_many_rows_why_and_what_to_do_and_shows_them(quarantined: Friction, monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")
    done = quarantined("quarantine")
    assert done.code == 0
    words = " ".join(done.out.split())
    assert words.startswith("2 rows broke a rule. 2 value.type of orders asks: value can be read as DOUBLE")
    assert 'decimal = ","' in words
    assert f'landing/orders/{DAY}/export.csv:2 value.type o1,c1,{DAY}T10:00:00Z,"1.234,56",TRY' in words
    assert "\\x1b[31m[red]100" in words
    assert not CONTROL.search(done.out)
    assert max(map(len, done.out.splitlines())) <= 80
    assert words.endswith("Once the settings or the mapping are corrected: friction quarantine replay")


def test_the_same_for_scripts(quarantined: Friction):
    found = json.loads(quarantined("quarantine", "--json").out)
    assert (found["broken"], found["superseded"]) == (2, 0)
    file = f"landing/orders/{DAY}/export.csv"
    assert found["counts"] == [
        {"source": "orders", "file": file, "day": DAY.isoformat(), "rule": "value.type", "rows": 2}
    ]
    assert [(each["line"], each["broken_rules"]) for each in found["samples"]] == [
        (2, ["value.type"]),
        (3, ["value.type"]),
    ]
    assert found["samples"][1]["original"].endswith("\x1b[31m[red]100,TRY")


@pytest.mark.parametrize(
    ("options", "rows"),
    [
        (["--source", "orders"], 2),
        (["--source", "order"], 0),
        (["--file", "landing/orders/*"], 2),
        (["--file", "landing/waits/*"], 0),
        (["--rule", "value.type"], 2),
        (["--rule", "value.minimum"], 0),
        (["--day", DAY], 2),
        (["--day", w.LAST], 0),
    ],
    ids=lambda given: " ".join(map(str, given)) if isinstance(given, list) else str(given),
)
def test_options_narrow_what_is_shown(quarantined: Friction, options, rows):
    done = quarantined("quarantine", *options)
    assert done.code == 0
    assert f"{rows} rows broke" in done.out if rows else done.out == "No row in the quarantine is like that.\n"


def test_a_limit_shortens_every_list_and_says_so(friction: Friction, tmp_path: Path):
    friction.config = shop(tmp_path, order(1, "x"), order(2, "-1"), order(3, "y")).folder / "friction.toml"
    done = friction("quarantine", "--limit", 1)
    assert done.out.count("export.csv:") == 1
    assert done.out.count("… and 1 more (--limit)") == 2
    assert [each["line"] for each in json.loads(friction("quarantine", "--limit", 2, "--json").out)["samples"]] == [
        2,
        3,
    ]


def test_rows_that_a_newer_version_replaced_are_no_mistakes(friction: Friction, tmp_path: Path):
    friction.config = shop(tmp_path, order(1, "7"), order(1, "8")).folder / "friction.toml"
    done = friction("quarantine")
    assert done.out == ("0 rows broke a rule; 1 row was replaced by a newer version, which is nothing to mend.\n")


def test_an_empty_quarantine_says_so(friction: Friction, tmp_path: Path):
    friction.config = shop(tmp_path).folder / "friction.toml"
    assert friction("quarantine").out == "The quarantine is empty.\n"
    assert friction("quarantine", "replay").out == "Nothing to replay: no row in the quarantine can be read again.\n"


def test_a_dry_run_says_what_a_replay_then_does_and_the_report_is_written_anew(quarantined: Friction, tmp_path: Path):
    assert quarantined.config
    quarantined.config.write_text(quarantined.config.read_text() + 'decimal = ","\n')
    landing = tmp_path / "landing" / "orders" / DAY.isoformat() / "export.csv"
    landing.unlink()
    version = (tmp_path / "warehouse" / "friction.duckdb").resolve()
    dry = quarantined("quarantine", "replay", "--dry-run")
    assert dry.code == 0
    assert dry.out.startswith("1 of 2 quarantined rows would be kept.\n")
    assert f"Days that would change: {DAY}" in dry.out
    assert (tmp_path / "warehouse" / "friction.duckdb").resolve() == version
    assert not (tmp_path / "reports").exists()
    done = quarantined("quarantine", "replay")
    assert done.code == 0
    assert f"1 of 2 quarantined rows are kept now.\n{dry.out.partition(chr(10))[2].partition('Days')[0]}" in done.out
    assert f"Days that have changed: {DAY}" in done.out
    assert list((tmp_path / "reports").rglob("*.html"))
    asked = quarantined("sql", "select order_id, value, day from events.orders where order_id = 'o1'", "--json")
    assert json.loads(asked.out) == [{"order_id": "o1", "value": 1234.56, "day": DAY.isoformat()}]
    assert "1 row broke a rule" in quarantined("quarantine").out


def test_a_source_that_is_gone_is_an_error_that_names_it(quarantined: Friction):
    assert quarantined.config
    quarantined.config.write_text(quarantined.config.read_text().replace('"orders"\ncontract', '"shop"\ncontract'))
    done = quarantined("quarantine", "replay", "--dry-run")
    assert (done.code, done.out) == (2, "")
    assert "came from the source 'orders', which friction.toml does not name" in " ".join(done.err.split())
