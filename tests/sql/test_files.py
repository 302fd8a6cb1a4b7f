"""What holds for every SQL file."""

import re
from pathlib import Path

import duckdb
import pytest

from pipeline.contracts.contract import load_all
from pipeline.errors import WarehouseError
from pipeline.quoting import quoted
from pipeline.warehouse import headers
from pipeline.warehouse.tables import SCHEMAS
from tests.sql.worlds import PARAMETERS, files, mart, query, warehouse

FOLDERS = ("marts", "checks", "analyses")
EVERY_FILE = [pytest.param(folder, path, id=f"{folder}/{path.stem}") for folder in FOLDERS for path in files(folder)]
MARTS = [path.stem for path in files("marts")]

LOADS = """
    load_id | file | day        | unknown_columns
    --------+------+------------+----------------
    k       | a    | 2026-01-14 | utm_term
    l       | b    | 2026-01-15 | utm_term, gclid
    """

A_SMALL_WORLD = {
    name: "day\n---\n2026-01-14\n2026-01-15\n"
    for name, contract in load_all().items()
    if "day" in contract.names and name != "loads"
} | {
    "loads": LOADS,
    "quarantine": "load_id | line\n---+---\nl | 3",
    "customers": "customer_id | tier\n---+---\nc-42-0 | gold",
    "clickstream": """
        day        | event_name | page_path | metric | value
        2026-01-14 | click      | /home     |        |
        2026-01-15 | web_vital  | /home     | LCP    | 900
        """,
}


@pytest.fixture(scope="module")
def empty() -> duckdb.DuckDBPyConnection:
    return warehouse()


@pytest.fixture(scope="module")
def world() -> duckdb.DuckDBPyConnection:
    return warehouse(**A_SMALL_WORLD)


def without_params(text: str) -> str:
    return re.sub(r"\$\w+", "null", re.sub(r"--[^\n]*", "", text))


def test_there_are_files_to_look_at() -> None:
    assert {folder: len(files(folder)) > 5 for folder in FOLDERS} == dict.fromkeys(FOLDERS, True)


@pytest.mark.parametrize(("folder", "path"), EVERY_FILE)
def test_the_header_names_exactly_the_tables_that_are_read(folder: str, path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    said = {name for name in headers.read(text).reads if not name.endswith("()")}
    assert said == duckdb.get_table_names(without_params(text), qualified=True)


@pytest.mark.parametrize(("folder", "path"), EVERY_FILE)
def test_the_header_names_exactly_the_parameters_that_are_used(folder: str, path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    used = set(re.findall(r"\$(\w+)", re.sub(r"--[^\n]*", "", text)))
    assert set(headers.read(text).params) == used
    assert used <= set(PARAMETERS)
    assert folder != "marts" or not used, "a view has no parameters"


@pytest.mark.parametrize(("folder", "path"), EVERY_FILE)
def test_the_header_says_what_a_row_is(folder: str, path: Path) -> None:
    header = headers.read(path.read_text(encoding="utf-8"))
    assert "one row per" in header.summary.lower()
    assert header.reads
    assert header.grain
    assert (header.severity is not None) == (folder == "checks")


@pytest.mark.parametrize(("folder", "path"), EVERY_FILE)
def test_is_one_select_without_template_or_star_at_the_end(folder: str, path: Path) -> None:
    text = re.sub(r"--[^\n]*", "", path.read_text(encoding="utf-8"))
    assert len(duckdb.extract_statements(text)) == 1
    assert text.lstrip().startswith("with\n")
    assert not re.search(r"[{}]|\bnow\(|current_date|current_timestamp|random\(", text)
    assert re.search(r"\norder by [^\n]+\n?$", text), "the last line orders the rows"
    last_select = text[text.rindex("\nselect") :]
    assert not re.search(r"(select\s+|\n\s+|\.)\*", last_select), "the columns of the result are named"


@pytest.mark.parametrize(("folder", "path"), EVERY_FILE)
def test_runs_on_an_empty_warehouse(empty: duckdb.DuckDBPyConnection, folder: str, path: Path) -> None:
    found = query(empty, f"{folder}/{path.stem}")
    assert found.height == 0 or path.stem == "dictionary"


@pytest.mark.parametrize(("folder", "path"), EVERY_FILE)
def test_runs_on_a_small_world_and_its_grain_is_a_key(
    world: duckdb.DuckDBPyConnection, folder: str, path: Path
) -> None:
    found = query(world, f"{folder}/{path.stem}")
    grain = headers.read(path.read_text(encoding="utf-8")).grain
    assert found.select(grain).is_unique().all()
    assert folder != "marts" or found.height > 0, "the small world shows nothing here"


@pytest.mark.parametrize(("folder", "path"), EVERY_FILE)
def test_ends_in_a_total_order(world: duckdb.DuckDBPyConnection, folder: str, path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    grain = headers.read(text).grain
    ordered = text.rstrip().splitlines()[-1].removeprefix("order by ")
    last = {re.sub(r"^\w+\.", "", part.split()[0]) for part in ordered.split(",")}
    single = {"table_name"} if path.stem == "dictionary" else set()
    assert set(grain) - last - single <= FIXED.get(path.stem, set()), f"a tie in {ordered} is not broken by {grain}"


# Parts of a grain that are the same in all rows, or follow from the others.
FIXED = {
    "dictionary": {"schema_name", "column_name"},
    "stage_score_over_lost": {"day"},
    "point_scores_sum": {"day", "stage"},
    "point_figures_disagree": {"day"},
    "outcomes_claim_loss": {"day"},
    "flags_without_visit": {"day"},
    "flag_out_of_bounds": {"day"},
    "session_too_long": {"day"},
    "money_over_lost": {"day"},
}


@pytest.mark.parametrize("name", MARTS)
def test_each_column_of_a_view_is_explained_in_order(empty: duckdb.DuckDBPyConnection, name: str) -> None:
    header = headers.read(next(path for path in files("marts") if path.stem == name).read_text(encoding="utf-8"))
    assert list(header.columns) == mart(empty, name).columns
    assert all(len(words) > 3 for words in header.columns.values())


@pytest.mark.parametrize("name", MARTS)
def test_a_view_carries_its_first_paragraph_as_comment(empty: duckdb.DuckDBPyConnection, name: str) -> None:
    header = headers.read(next(path for path in files("marts") if path.stem == name).read_text(encoding="utf-8"))
    found = empty.execute("select comment from duckdb_views() where view_name = ?", [name]).fetchall()
    assert found == [(header.summary,)]


@pytest.mark.parametrize("name", MARTS)
def test_shares_are_between_0_and_1_and_types_are_plain(world: duckdb.DuckDBPyConnection, name: str) -> None:
    described = world.sql(f"describe marts.{quoted(name)}").fetchall()
    odd = {row[1] for row in described} - {
        "VARCHAR", "VARCHAR[]", "DATE", "BOOLEAN", "BIGINT", "INTEGER", "DOUBLE", "TIMESTAMP WITH TIME ZONE"
    }  # fmt: skip
    assert odd == set()
    shares = [row[0] for row in described if row[0].endswith("_share")]
    found = mart(world, name).select(shares)
    assert all(0 <= value <= 1 for row in found.rows() for value in row if value is not None)


def test_the_dictionary_says_of_schemas_what_the_warehouse_says(empty: duckdb.DuckDBPyConnection) -> None:
    found = mart(empty, "dictionary")
    assert dict(found.select("schema_name", "schema_description").unique().rows()) == SCHEMAS


def test_the_dictionary_describes_each_column_of_each_contract(empty: duckdb.DuckDBPyConnection) -> None:
    found = mart(empty, "dictionary").filter(kind="table")
    described = {f"{row['schema_name']}.{row['table_name']}.{row['column_name']}": row for row in found.to_dicts()}
    contracts = {
        f"{contract.table}.{column.name}": column for contract in load_all().values() for column in contract.columns
    }
    assert described.keys() == contracts.keys()
    for name, column in contracts.items():
        assert described[name]["description"].startswith(column.description)


def test_the_dictionary_lists_the_views_too(empty: duckdb.DuckDBPyConnection) -> None:
    views = mart(empty, "dictionary").filter(kind="view")
    assert set(views["table_name"]) == set(MARTS)
    assert views["table_description"].null_count() == 0


def test_the_header_of_a_file_is_read_section_by_section() -> None:
    header = headers.read(
        "-- warn\n-- Rows: one row per x,\n-- and more.\n--\n-- Reads:   a.b    the bees\n"
        "--          c.d    the deeds\n-- Grain:   x, y\n-- Params:  $day   DATE, a day\nselect 1 -- Reads: nothing\n"
    )
    assert header == headers.Header(
        "warn", "Rows: one row per x, and more.", {"a.b": "the bees", "c.d": "the deeds"}, ("x", "y"),
        {"day": "DATE, a day"}, {},
    )  # fmt: skip


def test_a_section_of_a_header_that_nobody_knows_is_an_error() -> None:
    with pytest.raises(WarehouseError, match="Redas"):
        headers.read("-- Rows.\n--\n-- Redas:   a.b   the bees\nselect 1\n")
