"""Data flows one way and imports point backwards along it; no clock, no print, no heavy import where none belongs."""

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from pipeline.contracts.contract import load, load_all

ROOT = Path(__file__).resolve().parents[1]
FLOW = ["sources", "contracts", "warehouse", "journeys", "detectors", "scoring", "reports"]
# What each layer may stand on: files of settings, errors and words that know nothing of the flow.
GROUND = {"__version__", "calendar", "errors", "quoting", "resources", "settings"}
# Above the flow: they call it, and nothing in it calls them.
COMMANDS = {"cli", "nights", "parted", "terminal"}

MODULES = sorted((ROOT / "pipeline").rglob("*.py"))
by_module = pytest.mark.parametrize("path", MODULES, ids=lambda path: path.relative_to(ROOT).as_posix())


def imported(tree: ast.Module, *, at_load: bool = False) -> Iterator[str]:
    """Dotted names that a module imports; with `at_load` only those that importing it imports."""
    skipped: set[ast.AST] = set()
    for node in ast.walk(tree):
        is_late = isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        is_typing = isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test)
        if at_load and (is_late or is_typing):
            skipped.update(ast.walk(node))
        if node in skipped:
            continue
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def part(dotted: str) -> str:
    """`journeys` of `pipeline.journeys.sessions`."""
    return f"{dotted}.".split(".")[1]


def part_of(path: Path) -> str:
    """`journeys` of pipeline/journeys/sessions.py, `cli` of pipeline/cli.py."""
    return path.relative_to(ROOT / "pipeline").parts[0].removesuffix(".py")


def tree_of(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def test_the_flow_is_complete():
    assert MODULES, "no module was found"
    folders = {path.parent.name for path in MODULES if path.parent.parent == ROOT / "pipeline"}
    assert set(FLOW) <= folders
    assert folders - set(FLOW) <= {"simulate", "engines", "cli"}, "a new folder: say where in the flow it stands"


@by_module
def test_imports_point_only_backwards_along_the_flow(path: Path):
    here = part_of(path)
    used = {part(name) for name in imported(tree_of(path)) if name.startswith("pipeline.")}
    if here in GROUND:
        assert used <= GROUND
    elif here in FLOW:
        assert used <= GROUND | set(FLOW[: FLOW.index(here) + 1])
    elif here == "simulate":
        assert used <= GROUND | {"simulate"}, "the simulator would plant what the detectors look for"
    elif here not in COMMANDS:
        assert not used & (COMMANDS | {"simulate"})


@by_module
def test_nothing_imports_airflow_and_great_expectations_is_imported_late(path: Path):
    tree = tree_of(path)
    packages = {name.partition(".")[0] for name in imported(tree)}
    assert "airflow" not in packages
    if part_of(path) == "contracts" and path.name.startswith(("gx_", "expectations")):
        return
    assert packages.isdisjoint({"great_expectations", "duckdb_engine", "sqlalchemy"})
    assert not [name for name in imported(tree, at_load=True) if re.search(r"contracts\.(gx_|expectations)", name)]


def test_the_command_line_loads_neither_airflow_nor_great_expectations():
    code = "import pipeline.cli, sys; sys.stdout.write(' '.join(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    loaded = set(done.stdout.split())
    assert "pipeline.steps" in loaded
    assert loaded.isdisjoint({"airflow", "great_expectations", "pyspark", "pandas"})


@by_module
def test_nothing_prints_and_only_the_command_line_reads_the_clock(path: Path):
    calls = {ast.unparse(node.func) for node in ast.walk(tree_of(path)) if isinstance(node, ast.Call)}
    assert "print" not in calls
    if part_of(path) not in COMMANDS:
        clocks = r"(^|\.)(now|utcnow|today|time_ns)$|^time\.(time|monotonic)$|^(localtime|gmtime)$"
        assert not {call for call in calls if re.search(clocks, call)}
        assert not {"time.time", "time.time_ns"} & set(imported(tree_of(path)))


@pytest.mark.parametrize("path", sorted((ROOT / "sql").rglob("*.sql")), ids=lambda path: path.stem)
def test_no_query_reads_the_clock_or_draws_by_chance(path: Path):
    code = re.sub(r"--.*", "", path.read_text(encoding="utf-8").lower())
    assert not re.findall(
        r"\bnow\(|\btoday\(|current_(?:date|time)|get_current_|\brandom\(|\buuid\(|using sample", code
    )


@pytest.mark.parametrize("path", sorted((ROOT / "data_contracts").glob("*.yaml")), ids=lambda path: path.stem)
def test_every_contract_loads_under_its_own_name(path: Path):
    contract = load(path.stem)
    assert contract.name == path.stem
    assert contract.columns


def test_every_contract_file_is_known():
    names = {path.stem for path in (ROOT / "data_contracts").glob("*.yaml")}
    assert names
    assert set(load_all()) == names
