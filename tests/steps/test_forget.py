"""Who is forgotten has never been there: in no table, version, quarantine or report, and in no later night."""

import dataclasses
import json
import shutil
import uuid
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from pipeline import erasing, steps
from pipeline.erasing import Forgotten
from pipeline.errors import NotFoundError, WarehouseError
from pipeline.settings import Settings, load
from pipeline.warehouse import blocking, compacting, versions
from pipeline.warehouse.connection import looking, reading
from tests.steps import world as w

# Told from one another in any text, as the ids of a real shop are.
NAMES = {f"c{number}": f"K-10023{number}" for number in range(6)} | {
    f"a{number}": f"gerät-77{number}12" for number in range(6)
}
ANNA, HER_PHONE = NAMES["c1"], NAMES["a1"]
LATE, HIS_PHONE = NAMES["c5"], NAMES["a5"]  # anonymous until late in every second visit
DAYS = w.DAYS[:4]
# What a run says of itself; all the rest is the same however often and in whatever order it was done.
OF_RUNS = {"ops.runs", "ops.computed", "ops.forgotten", "ops.contract_results", "ops.layout"}
EVERYTHING = ["events", "journeys", "friction", "ops"]


@pytest.fixture(autouse=True)
def _no_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    """Small files may hold a bad row here."""
    from pipeline.contracts.contract import load as load_contract

    monkeypatch.setattr(
        "pipeline.ingestion.load_contract",
        lambda name: dataclasses.replace(load_contract(name), quarantine_limit_share=1.0),
    )


def named(rows: w.World) -> w.World:
    """The world with such ids."""
    return {
        name: [{key: NAMES.get(value, value) if isinstance(value, str) else value for key, value in row.items()}
               for row in some]
        for name, some in rows.items()
    }  # fmt: skip


def world() -> w.World:
    return named(w.world(DAYS))


def night(settings: Settings, days: Iterable[Any] = DAYS) -> None:
    w.run(settings, days)


def forget(settings: Settings, *customers: str, mentions: bool = True) -> Forgotten:
    run = f"forget-{uuid.uuid4().hex}"
    return erasing.forget(
        settings, customers, run, datetime(2026, 1, 17, 3, tzinfo=w.STARTED.tzinfo), mentions=mentions
    )


def tables(settings: Settings) -> dict[str, str]:
    return {name: sha for name, sha in w.fingerprints(settings, EVERYTHING).items() if name not in OF_RUNS}


def again(settings: Settings, folder: Path) -> Settings:
    """The same input files into a new warehouse, beside which only the list of the forgotten stands."""
    for name in ("landing", "friction.toml"):
        source = settings.folder / name
        (shutil.copytree if source.is_dir() else shutil.copy)(source, folder / name)
    fresh = load(folder / "friction.toml")
    fresh.warehouse.parent.mkdir(parents=True)
    shutil.copy(blocking.list_file(settings.warehouse), blocking.list_file(fresh.warehouse))
    night(fresh)
    return fresh


def without(rows: w.World, customer: str, *devices: str) -> w.World:
    """The world in which somebody has never been, told from the rows alone."""
    return {
        name: [
            row for row in some
            if row.get("customer_id") != customer
            and not ("customer_id" not in row and row.get("anonymous_id") in devices)
        ]
        for name, some in rows.items()
    }  # fmt: skip


def ask(settings: Settings, query: str, **parameters: object) -> list[tuple[Any, ...]]:
    with reading(settings.warehouse) as con:
        return con.execute(query, parameters).fetchall()


def raw(settings: Settings, *words: str) -> list[str]:
    """Files of the warehouse and the reports in whose bytes a word stands."""
    folders = (settings.warehouse.parent, settings.reports)
    files = [path for folder in folders for path in sorted(folder.rglob("*")) if path.is_file()]
    assert files
    return [path.name for path in files if any(word.encode() in path.read_bytes() for word in words)]


# --- gone ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("customer", "devices"),
    [pytest.param(ANNA, [HER_PHONE], id="known"), pytest.param(LATE, [HIS_PHONE], id="anonymous until late")],
)
def test_the_tables_are_those_of_a_world_without_the_person_and_of_the_same_files_loaded_again(
    tmp_path, customer, devices
):
    (tmp_path / "all").mkdir(), (tmp_path / "none").mkdir(), (tmp_path / "again").mkdir()
    settings = w.write(tmp_path / "all", world())
    night(settings)
    done = forget(settings, customer)
    assert done.is_proven
    assert done.rows > 50

    never = w.write(tmp_path / "none", without(world(), customer, *devices))
    night(never)
    differ = w.tell(tables(settings), tables(never))
    assert set(differ) <= {"ops.loads"}  # whose hashes are those of other files

    afresh = again(settings, tmp_path / "again")
    assert w.tell(tables(settings), tables(afresh)) == []
    night(settings)
    assert w.tell(tables(settings), tables(afresh)) == []
