"""What is read again of the quarantine counts as if it had been good from the beginning, and counts once."""

import csv
import io
import json
import shutil
import uuid
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from pipeline import ingestion, replaying, steps
from pipeline.errors import ContractError, InputError, SettingsError
from pipeline.replaying import Which
from pipeline.settings import Settings, load
from pipeline.warehouse import rereading, versions
from pipeline.warehouse.connection import reading, writing
from pipeline.warehouse.rereading import Replayed
from tests.steps import world as w

EVERYTHING = ["events", "journeys", "friction", "ops"]
ORDERS = w.SOURCE.format(contract="orders")
DAYS = w.DAYS[:3]
DAY, LAST = DAYS[1], DAYS[2]
Step = Callable[..., object]


SHORT = ()  # events and their counts tell; the steps after them take seconds
WHOLE = (steps.flag, steps.score)


def night(settings: Settings, *, further: tuple[Step, ...] = SHORT) -> None:
    """A night of all days, without the contracts' expectations, which take seconds to import."""
    steps.prepare(settings, DAYS, uuid.uuid4().hex, w.STARTED)
    for step in (steps.ingest, *further, steps.publish):
        step(settings, DAYS)


def replay(settings: Settings, which: Which = Which(), *, further: tuple[Step, ...] = SHORT) -> list[Replayed]:  # noqa: B008
    """A run of the quarantine."""
    steps.prepare(settings, [LAST], uuid.uuid4().hex, w.STARTED + timedelta(days=1))
    replayed = steps.replay(settings, [LAST], which)
    for step in (*further, steps.publish):
        step(settings, [LAST])
    return replayed


def loads(settings: Settings) -> list[tuple[int, int, int, int]]:
    """Read, kept, quarantined, duplicate of each load of orders; what is in the tables agrees."""
    with reading(settings.warehouse) as con:
        found = con.execute(
            """
            select rows_read, rows_kept, rows_quarantined, rows_duplicate,
                (select count(*) from events.orders o where o.load_id = l.load_id),
                (select count(*) from ops.quarantine q where q.load_id = l.load_id)
            from ops.loads l where contract = 'orders' order by file
            """
        ).fetchall()
    for read, kept, bad, twice, there, aside in found:
        assert (read, kept, bad) == (kept + bad + twice, there, aside)
    return [row[:4] for row in found]


def quarantine(settings: Settings) -> list[tuple[int | None, list[str], str]]:
    with reading(settings.warehouse) as con:
        return con.execute("select line, broken_rules, original from ops.quarantine order by all").fetchall()


# --- a world whose orders come in another writing ---------------------------------------------------------------------

ROWS = [row for row in w.world(DAYS)["orders"] if "value" in row]


def written(rows: list[w.Row], form: str) -> bytes:
    """Orders of a day as an export; their value has a decimal comma."""
    turkish = [row | {"value": f"{row['value']:.2f}".replace(".", ",")} for row in rows]
    if form == "ndjson":
        return "".join(json.dumps(row) + "\n" for row in turkish).encode()
    if form == "json":
        return json.dumps(turkish, indent=1).encode()
    if form == "parquet":
        frame, content = pl.DataFrame(turkish), io.BytesIO()
        frame.with_columns(pl.col("placed_at").str.to_datetime(time_zone="UTC")).write_parquet(content)
        return content.getvalue()
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, list(turkish[0]), delimiter=";" if form == "csv;" else ",", lineterminator="\r\n")
    writer.writeheader()
    # a row over two lines, with a quote in it
    writer.writerows([row | {"carrier": 'no"rth\nwest'} if row is turkish[0] else row for row in turkish])
    return text.getvalue().encode()


def turkish(folder: Path, form: str = "csv", *, adapter: str = "canonical", whole: bool = False) -> Settings:
    """Three days of such orders, or of the whole world; wrong with them is that nobody has declared the comma."""
    settings = others(folder, whole=whole)
    for day in DAYS:
        path = folder / "landing" / "orders" / day.isoformat() / f"export.{form.rstrip(';')}"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(written([row for row in ROWS if w.local_day("orders", row) == day], form))
    return told(settings, f'adapter = "{adapter}"', form)


def others(folder: Path, *, whole: bool) -> Settings:
    """A project without orders: with the rest of the world, or with nothing."""
    folder.mkdir(parents=True, exist_ok=True)
    settings = w.write(folder, {name: rows for name, rows in w.world(DAYS).items() if name != "orders" and whole})
    names = [name for name in w.TIMES if name != "orders" and whole]
    config = w.PROJECT + "".join(w.SOURCE.format(contract=name) for name in names)
    (folder / "friction.toml").write_text(config, encoding="utf-8")
    return settings


def told(settings: Settings, more: str, form: str = "csv") -> Settings:
    """The settings with something more said of the orders."""
    config = settings.folder / "friction.toml"
    rest = config.read_text(encoding="utf-8").partition(ORDERS.splitlines()[2])[0].removesuffix("[[sources]]\n")
    source = ORDERS.replace("*.ndjson", f"*.{form.rstrip(';')}").rstrip() + f"\n{more}\n"
    config.write_text(rest.rstrip() + "\n" + source, encoding="utf-8")
    return load(config)


@pytest.fixture(autouse=True)
def _no_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    """Files that are bad throughout are loaded: that is what these tests are about."""
    monkeypatch.setattr("pipeline.ingestion.load_contract", unlimited)


def unlimited(name: str) -> Any:
    import dataclasses

    from pipeline.contracts.contract import load as load_contract

    return dataclasses.replace(load_contract(name), quarantine_limit_share=1.0)


COMMA = 'decimal = ","'


@pytest.mark.parametrize("form", ["csv", "csv;", "ndjson", "json", "parquet"])
def test_rows_are_kept_once_their_writing_is_declared_as_if_it_had_always_been(tmp_path, form):
    expected = turkish(tmp_path / "declared", form)
    expected = told(expected, COMMA, form)
    night(expected)
    settings = turkish(tmp_path / "found", form)
    night(settings)
    assert {bad for _, kept, bad, _ in loads(settings)} == {4}
    shutil.rmtree(settings.folder / "landing")
    settings = told(settings, COMMA, form)
    assert sum(each.kept for each in replay(settings)) == 12
    assert w.tell(w.fingerprints(settings), w.fingerprints(expected)) == []
    assert loads(settings) == loads(expected) == [(4, 4, 0, 0)] * 3
    assert quarantine(settings) == []


def test_all_tables_are_those_of_rows_that_were_always_good_after_a_replay_another_and_the_next_night(tmp_path):
    expected = told(turkish(tmp_path / "declared", whole=True), COMMA)
    night(expected, further=WHOLE)
    good = w.fingerprints(expected)
    settings = turkish(tmp_path / "found", whole=True)
    night(settings, further=WHOLE)
    assert set(w.tell(w.fingerprints(settings), good)) >= {"events.orders", "journeys.stage_visits", "friction.points"}
    settings = told(settings, COMMA)
    replay(settings, further=WHOLE)
    assert w.tell(w.fingerprints(settings), good) == []
    assert replay(settings, further=WHOLE) == []
    assert w.tell(w.fingerprints(settings), good) == []
    night(settings, further=WHOLE)  # other settings: the files are read again, as a whole
    assert w.tell(w.fingerprints(settings), good) == []
    assert loads(settings) == [(4, 4, 0, 0)] * 3


def test_the_night_before_a_replay_leaves_it_nothing_to_do(tmp_path):
    settings = turkish(tmp_path)
    night(settings)
    settings = told(settings, COMMA)
    night(settings)
    once = w.fingerprints(settings)
    assert replay(settings) == []
    assert w.tell(w.fingerprints(settings), once) == []


def test_only_the_source_and_file_that_were_named_are_replayed(tmp_path):
    settings = turkish(tmp_path)
    night(settings)
    settings = told(settings, COMMA)
    assert replay(settings, Which(source="wait_time")) == []
    (replayed,) = replay(settings, Which(file=f"*/{DAY}/*"))
    assert replayed.file == f"landing/orders/{DAY}/export.csv"
    assert loads(settings) == [(4, 0, 4, 0), (4, 4, 0, 0), (4, 0, 4, 0)]


def test_rows_that_are_bad_still_stay_with_their_line_and_text_under_the_rules_they_break_now(tmp_path):
    settings = turkish(tmp_path)
    path = tmp_path / "landing" / "orders" / DAY.isoformat() / "export.csv"
    lines = path.read_bytes().decode().split("\r\n")
    lines[2] = lines[2].replace("TRY", "lira").replace("100,00", "hundred")
    lines.insert(2, "cut,off")
    path.write_text("\r\n".join(lines), newline="")
    night(settings)
    before = quarantine(settings)
    settings = told(settings, COMMA)
    replayed = replay(settings, Which(file=f"*/{DAY}/*"))
    assert [(each.rows, each.kept, each.quarantined) for each in replayed] == [(4, 3, 1)]
    assert loads(settings) == [(4, 0, 4, 0), (5, 3, 2, 0), (4, 0, 4, 0)]
    ours = [row for row in quarantine(settings) if "hundred" in row[2] or row[2] == "cut,off"]
    assert len(ours) == 2
    assert [row for row in ours if row not in before] == []
    assert {line for line, *_ in ours} == {4, 5}


def test_a_replay_that_dies_changes_nothing_that_is_read_and_the_next_one_completes(tmp_path):
    settings = turkish(tmp_path)
    night(settings)
    before = w.fingerprints(settings, EVERYTHING)
    settings = told(settings, COMMA)

    def dying(*_: object) -> None:
        raise RuntimeError("died")

    with pytest.raises(RuntimeError):
        replay(settings, further=(dying,))
    assert w.fingerprints(settings, EVERYTHING) == before
    replay(settings)
    assert loads(settings) == [(4, 4, 0, 0)] * 3


def test_a_replay_that_dies_between_two_files_is_tried_again_and_knows_all_days(tmp_path, monkeypatch):
    settings = turkish(tmp_path)
    night(settings)
    settings = told(settings, COMMA)
    steps.prepare(settings, [LAST], "r", w.STARTED)
    move, left = rereading.move, [1]

    def dying(*arguments: Any) -> Replayed:
        if not left[0]:
            raise RuntimeError("died")
        left[0] -= 1
        return move(*arguments)

    monkeypatch.setattr(rereading, "move", dying)
    with pytest.raises(RuntimeError):
        steps.replay(settings, [LAST], Which())
    monkeypatch.setattr(rereading, "move", move)
    steps.replay(settings, [LAST], Which())
    with writing(versions.work_file(settings.warehouse)) as con:
        assert ingestion.changed(con) == DAYS
    steps.publish(settings, [LAST])
    expected = told(turkish(tmp_path / "expected"), COMMA)
    night(expected)
    assert w.tell(w.fingerprints(settings), w.fingerprints(expected)) == []


def test_a_rehearsal_changes_nothing_and_says_what_a_replay_then_does(tmp_path):
    settings = turkish(tmp_path)
    night(settings)
    settings = told(settings, COMMA)
    before, files = w.fingerprints(settings, EVERYTHING), sorted(settings.warehouse.parent.rglob("*"))
    rehearsed = replaying.rehearse(settings, Which())
    assert w.fingerprints(settings, EVERYTHING) == before
    assert sorted(settings.warehouse.parent.rglob("*")) == files
    assert rehearsed == replay(settings)


# --- mappings ---------------------------------------------------------------------------------------------------------

MAPPING = """\
name: shop
description: Orders of a shop.
contracts:
  orders:
    columns:
      order_id: {order_id}
      customer_id: customer_id
      placed_at: placed_at
      value: {value}
      currency: currency
    {more}
"""


def mapped(folder: Path, value: str = "value", order_id: str = "order_id", more: str = "") -> None:
    text = MAPPING.format(value=value, order_id=order_id, more=more)
    (folder / "shop.yaml").write_text(text, encoding="utf-8")


@pytest.mark.parametrize("form", ["csv", "parquet"])
def test_a_corrected_mapping_reads_them_too(tmp_path, form):
    mapped(tmp_path)
    settings = turkish(tmp_path, form, adapter="shop.yaml")
    night(settings)
    mapped(tmp_path, "replace(value, ',', '.')")
    assert sum(each.kept for each in replay(settings)) == 12
    replayed = w.fingerprints(settings)
    night(settings)
    assert w.tell(w.fingerprints(settings), replayed) == []


def test_rows_that_a_mapping_leaves_out_now_leave_the_quarantine_and_are_not_counted_as_read(tmp_path):
    mapped(tmp_path)
    settings = turkish(tmp_path, adapter="shop.yaml")
    night(settings)
    mapped(tmp_path, "replace(value, ',', '.')", more="where: customer_id <> 'c1'")
    ours = [row for row in ROWS if row["customer_id"] != "c1"]
    replayed = replay(settings)
    assert sum(each.kept for each in replayed) == len(ours)
    assert sum(each.left_out for each in replayed) == 12 - len(ours) > 0
    assert sum(read for read, *_ in loads(settings)) == len(ours)


DOCUMENTS = """\
name: baskets
description: Orders, several in one line.
contracts:
  orders:
    from: (select *, unnest(from_json(json -> 'orders', '["JSON"]')) as o from rows)
    columns:
      order_id: o ->> 'id'
      customer_id: json ->> 'customer'
      placed_at: o ->> 'at'
      value: {value}
      currency: "'TRY'"
"""


def baskets(folder: Path, *lines: dict[str, str]) -> Settings:
    """Orders in lines of several: each line is id → value."""
    settings = others(folder, whole=False)
    (folder / "baskets.yaml").write_text(DOCUMENTS.format(value="o ->> 'value'"))
    path = folder / "landing" / "orders" / DAY.isoformat() / "export.ndjson"
    path.parent.mkdir(parents=True)
    made = [
        {"customer": "c1", "orders": [{"id": i, "at": f"{DAY}T10:00:00Z", "value": v} for i, v in line.items()]}
        for line in lines
    ]
    path.write_text("".join(json.dumps(line) + "\n" for line in made))
    return told(settings, 'adapter = "baskets.yaml"', "ndjson")


@pytest.mark.parametrize(
    ("lines", "before", "after"),
    [
        pytest.param([{"a": "1,5", "b": "2,5"}], (2, 0, 2, 0), (2, 2, 0, 0), id="two bad ones in a line"),
        pytest.param([{"a": "1,5", "b": "2", "c": "3"}], (3, 2, 1, 0), (3, 3, 0, 0), id="a bad one beside good ones"),
        pytest.param([{"a": "1,5", "b": "x"}, {"c": "y"}], (3, 0, 3, 0), (3, 1, 2, 0), id="some stay bad"),
        pytest.param([{"a": "1"}, {"b": "1,5", "a": "1"}], (3, 1, 1, 1), (3, 2, 0, 1), id="a repeat beside a bad one"),
        pytest.param([{"a": "1.5"}, {"a": "1,5", "b": "2"}], (3, 2, 1, 0), (3, 2, 0, 1), id="it is a repeat itself"),
    ],
)
def test_rows_made_of_one_line_are_not_read_twice_where_some_of_them_were_good(tmp_path, lines, before, after):
    settings = baskets(tmp_path, *lines)
    night(settings)
    assert loads(settings) == [before]
    (tmp_path / "baskets.yaml").write_text(DOCUMENTS.format(value="replace(o ->> 'value', ',', '.')"))
    replay(settings)
    assert loads(settings) == [after]
    replayed = w.fingerprints(settings)
    replay(settings)
    assert w.fingerprints(settings) == replayed
    night(settings)
    assert w.tell(w.fingerprints(settings), replayed) == []
    assert loads(settings) == [after]


# --- what cannot be ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("change", "words"),
    [
        pytest.param(lambda t: t.replace('name     = "orders"', 'name = "ordres"'), "'orders', which friction.toml "
                     "does not name. Did you mean 'ordres'?", id="its source is gone"),
        pytest.param(lambda t: t.replace("canonical", "shop.yaml"), "there is no adapter 'shop.yaml'", id="no mapping"),
        pytest.param(lambda t: t.replace("canonical", "segment"), "adapter segment gives no orders", id="not its own"),
        pytest.param(lambda t: t.replace('contract = "orders"', 'contract = "order_error"'),
                     "were read as orders, the source now reads order_error", id="another contract"),
    ],
)  # fmt: skip
def test_a_source_that_is_not_there_any_more_is_named(tmp_path, change, words):
    settings = turkish(tmp_path)
    night(settings)
    config = settings.folder / "friction.toml"
    config.write_text(change(config.read_text()))
    with pytest.raises(SettingsError) as raised:
        replay(load(config))
    assert words in str(raised.value)
    assert "orders" in str(raised.value)


@pytest.mark.parametrize(
    ("more", "kind", "words"),
    [
        pytest.param(
            'delimiter = "|"', ContractError, "required columns of orders are missing", id="another delimiter"
        ),
        pytest.param('adapter = "shop.yaml"', InputError, "cut them otherwise than before", id="quotes are none now"),
    ],
)
def test_originals_that_are_no_rows_any_more_are_an_error_and_stay(tmp_path, more, kind, words):
    settings = turkish(tmp_path)
    night(settings)
    before = w.fingerprints(settings, EVERYTHING)
    mapped(tmp_path)
    with (tmp_path / "shop.yaml").open("a") as mapping:
        mapping.write(f"fields: [{', '.join(ROWS[0])}]\n")
    with pytest.raises(kind, match=r"orders.*export\.csv") as raised:
        replay(told(settings, more))
    assert words in str(raised.value)
    assert w.fingerprints(settings, EVERYTHING) == before


def test_rows_that_a_newer_version_replaced_are_left_alone(tmp_path):
    settings = turkish(tmp_path)
    path = tmp_path / "landing" / "orders" / DAY.isoformat() / "export.csv"
    lines = path.read_bytes().decode().split("\r\n")
    path.write_text("\r\n".join([*lines[:2], lines[1].replace("100,00", "200"), *lines[2:]]), newline="")
    settings = told(settings, COMMA)
    night(settings)
    before = quarantine(settings)
    assert replay(settings) == []
    assert quarantine(settings) == before
