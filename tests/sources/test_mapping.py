"""Mapping files: a new source is a mapping file, and a mistake in one is told clearly."""

from pathlib import Path

import pytest

from pipeline.errors import ContractError, InputError, SettingsError
from pipeline.settings import load as load_settings
from pipeline.sources import files, mapping
from tests.warehouse.loads import balance, kept, put, quarantined, take

MAPPING = """\
name: shop
description: An export of a shop
delimiter: ";"
contracts:
  clickstream:
    where: kind = 'web'
    columns:
      event_id: "'shop-' || id"
      occurred_at: "stamp || 'Z'"
      event_name: lower(what)
      customer_id: person
"""
EXPORT = """\
id;stamp;what;person;kind
1;2026-01-15 10:00;CLICK;c1;web
2;2026-01-15 10:01;CALL;c1;phone
3;never;CLICK;c2;web
"""
NESTED = """\
name: nested
description: An export with objects in objects
contracts:
  clickstream:
    where: json ->> 'kind' = 'web'
    columns:
      event_id: json ->> '$.id'
      occurred_at: json ->> '$.time'
      event_name: json ->> '$.what'
      customer_id: json ->> '$.who.id'
"""


def adapter(folder: Path, text: str = MAPPING) -> mapping.Mapping:
    (folder / "shop.yaml").write_text(text)
    found = mapping.load("shop.yaml", folder)
    assert found is not None
    return found


def test_columns_are_expressions_and_where_leaves_other_rows_uncounted(con, tmp_path):
    loaded = take(con, put(tmp_path, "a.csv", EXPORT), mapping=adapter(tmp_path))
    assert (loaded.rows_read, loaded.rows_kept, loaded.rows_quarantined) == (2, 1, 1)
    assert [row[0] for row in kept(con)] == ["shop-1"]
    assert quarantined(con) == [(4, ["occurred_at.type", "plausible_time"], "3;never;CLICK;c2;web")]
    balance(con)


def test_rows_may_be_joined_with_a_file_beside(con, tmp_path):
    joined = MAPPING.replace("contracts:", "beside: {people: people.csv}\ncontracts:").replace(
        "where: kind = 'web'", "from: rows left join people using (person)"
    )
    put(tmp_path, "people.csv", "person,customer\nc1,Ayşe\nc2,Oğuz\n")
    take(
        con,
        put(tmp_path, "a.csv", EXPORT),
        mapping=adapter(tmp_path, joined.replace("customer_id: person", "customer_id: customer")),
    )
    assert con.execute("select distinct customer_id from events.clickstream").fetchall() == [("Ayşe",)]
    (tmp_path / "people.csv").unlink()
    with pytest.raises(InputError, match=r"a\.csv: its mapping joins people\.csv, which is not beside it"):
        take(con, tmp_path / "a.csv", mapping=adapter(tmp_path, joined))


def test_ndjson_is_mapped_over_one_json_column(con, tmp_path):
    event = '{"kind": "web", "id": "1", "time": "2026-01-15T10:00:00Z", "what": "click", "who": {"id": "c1"}}'
    path = put(tmp_path, "a.ndjson", event + '\n{"kind": "phone"}\n')
    loaded = take(con, path, mapping=adapter(tmp_path, NESTED))
    assert (loaded.rows_read, loaded.rows_kept) == (1, 1)
    assert con.execute("select event_id, customer_id from events.clickstream").fetchall() == [("1", "c1")]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        pytest.param(("lower(what)", "lowr(what)"), "lowr", id="a function that is none"),
        pytest.param(("kind = 'web'", "kind = = 'web'"), "syntax error", id="a syntax error in where"),
        pytest.param(
            ("customer_id:", "custmer_id:"),
            "clickstream has no column 'custmer_id'. Did you mean 'customer_id'?",
            id="a column that the contract has not",
        ),
    ],
)
def test_a_mistake_in_an_expression_is_an_error_that_quotes_it(con, tmp_path, change, words):
    with pytest.raises(SettingsError) as raised:
        take(con, put(tmp_path, "a.csv", EXPORT), mapping=adapter(tmp_path, MAPPING.replace(*change)))
    assert words in str(raised.value)


def test_a_column_that_the_file_has_not_breaks_the_contract_and_is_told_with_those_that_it_has(con, tmp_path):
    with pytest.raises(ContractError, match=r"a\.csv: has no column 'perso', which its mapping .* Found: .*person"):
        take(con, put(tmp_path, "a.csv", EXPORT), mapping=adapter(tmp_path, MAPPING.replace("person\n", "perso\n")))


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("name: [", "is not a mapping file"),
        ("", "is not a mapping file"),
        ("name: a\ndescription: b\n", "contracts"),
        (MAPPING + "colour: red\n", "colour"),
        (MAPPING.replace('";"', '";;"'), "delimiter"),
        (MAPPING.replace("columns:", "colums:"), "colums"),
    ],
)
def test_a_file_that_is_no_mapping_is_refused(tmp_path, text, words):
    with pytest.raises(SettingsError, match=r"shop\.yaml") as raised:
        adapter(tmp_path, text)
    assert words in str(raised.value)


def test_an_adapter_that_is_not_there_gets_the_known_names(tmp_path):
    with pytest.raises(SettingsError, match=r"there is no adapter 'canonicl'. Did you mean 'canonical'"):
        mapping.load("canonicl", tmp_path)
    assert mapping.load("canonical", tmp_path) is None


def test_a_mapping_that_gives_another_contract_is_refused(tmp_path):
    from pipeline import checking

    adapter(tmp_path)
    path = put(tmp_path, "a.csv", EXPORT)
    with pytest.raises(SettingsError, match="gives no orders; it gives clickstream"):
        checking.check(path, "orders", "shop.yaml", "UTC", tmp_path)


# --- which files a source has ---------------------------------------------------------------------------------------


def test_a_day_in_the_path_is_that_day_and_names_are_in_order(tmp_path):
    from datetime import date

    for name in ("b", "a", "c"):
        put(tmp_path, f"{name}-2026-01-15.csv", "")
    put(tmp_path, "a-2026-01-16.csv", "")
    found = files.find(tmp_path, "*-{day}.csv", date(2026, 1, 15))
    assert [shown for _, shown in found] == ["a-2026-01-15.csv", "b-2026-01-15.csv", "c-2026-01-15.csv"]
    absolute = files.find(Path("/nowhere"), f"{tmp_path}/a-{{day}}.csv", date(2026, 1, 16))
    assert [path for path, _ in absolute] == [tmp_path / "a-2026-01-16.csv"]


def test_a_path_that_is_none_is_an_error_about_the_settings(tmp_path):
    from datetime import date

    with pytest.raises(SettingsError, match="is not a path"):
        files.find(tmp_path, "a/**b/../\0", date(2026, 1, 15))
    config = tmp_path / "friction.toml"
    config.write_text('[[sources]]\nname = "a"\ncontract = "orders"\n')
    with pytest.raises(SettingsError, match=r"sources\.0\.path: Field required"):
        load_settings(config)
