"""`friction forget`, as the operator sees it."""

import json
import shutil
from pathlib import Path

import pytest

from pipeline.settings import load
from pipeline.warehouse import blocking, versions
from tests.cli.command import CONTROL, Friction
from tests.steps import world as w

WHO = "K-100231"


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A world of one day of which c1 has a name that can be found. Not to be run."""
    day = w.DAYS[0]
    rows = {
        name: [row | ({"customer_id": WHO} if row.get("customer_id") == "c1" else {}) for row in some
               if w.local_day(name, row) == day]
        for name, some in w.world(w.DAYS[:2]).items()
    }  # fmt: skip
    settings = w.write(tmp_path_factory.mktemp("published"), rows)
    w.run(settings, [day])
    return settings.folder


@pytest.fixture
def shop(friction: Friction, published: Path, tmp_path: Path) -> Friction:
    """The command with a copy of it."""
    friction.config = shutil.copytree(published, tmp_path / "copy", symlinks=True) / "friction.toml"
    return friction


def content(shop: Friction) -> dict[str, bytes]:
    assert shop.config
    return {path.name: path.read_bytes() for path in versions.kept(load(shop.config).warehouse)}


def test_a_dry_run_says_what_would_go_and_where_it_came_from_and_changes_nothing(shop: Friction):
    before = content(shop)
    done = shop("forget", "--customer", WHO, "--dry-run")
    assert (done.code, done.err) == (0, "")
    words = " ".join(done.out.split())
    assert "rows of 1 version would be removed." in words
    assert "friction-000001 (current) events.orders 1 2026-01-10 – 2026-01-10" in words
    assert "The input files still hold them." in words
    assert "landing/orders/2026-01-10/part-0.ndjson" in words
    assert "Proof" not in words
    assert content(shop) == before
    assert shop.config
    assert blocking.read(load(shop.config).warehouse) is None


def test_it_removes_proves_and_says_so_once_more(shop: Friction):
    done = shop("forget", "--customer", WHO, "--yes")
    assert done.code == 0, done.err
    words = " ".join(done.out.split())
    assert "rows of 2 versions are removed." in words
    assert "Days computed again without them: 2026-01-10" in words
    assert "columns of 2 versions, and the reports, were searched; nothing names them." in words
    assert not CONTROL.search(done.out)
    assert all(WHO.encode() not in each for each in content(shop).values())
    again = shop("forget", "--customer", WHO, "--yes")
    assert again.code == 0
    assert again.out.startswith("0 rows of 2 versions are removed.")
    table = shop("sql", "select table_name, rows from ops.forgotten where table_name = 'events.orders'", "--json")
    assert json.loads(table.out) == [{"table_name": "events.orders", "rows": 1}]


def test_for_scripts_the_result_is_json(shop: Friction):
    planned = json.loads(shop("forget", "--customer", WHO, "--dry-run", "--json").out)
    done = json.loads(shop("forget", "--customer", WHO, "--yes", "--json").out)
    assert planned["versions"][0]["removed"] == done["versions"][-1]["removed"]
    assert (planned["rows"], planned["files"]) == (done["rows"], done["files"])
    assert done["is_proven"] is True
    assert done["computed_again"] == ["2026-01-10"]
    removed = {each["table"]: (each["rows"], each["first_day"]) for each in done["versions"][-1]["removed"]}
    assert removed["events.orders"] == (1, "2026-01-10")


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["--customer", WHO], 2, "nobody is here to confirm it. Look first (--dry-run), then add --yes."),
        (["--customer", "  ", "--yes"], 2, "--customer is empty."),
        (["--customer", "K-999999", "--yes"], 5, "there is no customer 'K-999999' in"),
        (["--customer", WHO, "--customer", "K-999999", "--dry-run"], 5, "there is no customer 'K-999999' in"),
        (["--yes"], 2, "Missing option '--customer'"),
    ],
)
def test_a_mistake_is_a_message_and_changes_nothing(shop: Friction, arguments, code, words):
    before = content(shop)
    done = shop("forget", *arguments)
    assert done.code == code
    assert words in " ".join(done.err.split())
    assert content(shop) == before


def test_where_a_text_may_mean_something_else_it_stays_and_is_told(shop: Friction):
    """Of the customer c2 only the own rows go: c2 is too short to be certain in a text."""
    assert shop.config
    path = next((shop.config.parent / "landing" / "clickstream" / "2026-01-10").iterdir())
    lines = [json.loads(line) for line in path.read_text().splitlines()]
    next(line for line in lines if line.get("customer_id") == "c0")["page_url"] = "https://shop.example/c2"
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    w.run(load(shop.config), [w.DAYS[0]])
    done = shop("forget", "--customer", "c2", "--yes")
    assert done.code == 7
    words = " ".join(done.out.split())
    assert "events.clickstream.page_url 1" in words
    assert words.endswith("Their own rows are gone. If these name the customer: the same command with --mentions.")
    assert shop("forget", "--customer", "c2", "--yes", "--mentions").code == 0


def test_no_warehouse_yet_says_what_to_do(friction: Friction, tmp_path: Path):
    friction.config = w.write(tmp_path).folder / "friction.toml"
    done = friction("forget", "--customer", WHO, "--yes")
    assert done.code == 4
    assert "Run a day first: friction run --day" in " ".join(done.err.split())
