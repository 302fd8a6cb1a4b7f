"""What a report says of the day's input: nothing on a day like the others, else what stopped, went, came and broke."""

import pytest

from pipeline.reports import html, incoming, markdown, summary
from pipeline.reports.formats import Formats
from pipeline.reports.words import load
from tests.reports.days import DAY, WORLD, Page, report

LOADS = """
    load_id | run_id | source | contract    | file   | day        | missing_columns     | unknown_columns | loaded_at
    --------+--------+--------+-------------+--------+------------+---------------------+-----------------+---------------------
    l-1     | r-1    | web    | clickstream | web/14 | 2026-01-14 | []                  | gclid           | 2026-01-15 03:00:00
    l-2     | r-2    | web    | clickstream | web/15 | 2026-01-15 | coupon, element, x  | gclid, utm_term | 2026-01-16 03:00:00
    """  # noqa: E501

SIGNALS = """
    day        | signal     | is_measurable | why
    2026-01-15 | rage_click | false         | no values in clickstream.element or no values in clickstream.x
    """

FAILURES = """
    run_id | source | contract  | file     | day        | failed_at           | error
    -------+--------+-----------+----------+------------+---------------------+------------------------------
    r-2    | calls  | wait_time | calls/15 | 2026-01-15 | 2026-01-16 03:00:00 | calls/15: no column of waits
    r-1    | calls  | wait_time | calls/14 | 2026-01-14 | 2026-01-15 03:00:00 | calls/14: is damaged
    """

RUNS = """
    run_id | day        | step   | started_at
    -------+------------+--------+--------------------
    r-1    | 2026-01-14 | ingest | 2026-01-15 03:00:00
    r-2    | 2026-01-15 | ingest | 2026-01-16 03:00:00
    """

DRIFTED = {
    name: text for name, text in WORLD.items() if name not in {"runs", "contract_results", "quarantine", "loads"}
} | {
    "loads": LOADS,
    "signals": SIGNALS,
    "source_failures": FAILURES,
    "runs": RUNS,
    "contract_results": WORLD["contract_results"],
}


def lines(language: str = "en", **world: str) -> list[str]:
    found = report(language, **world)
    return incoming.lines(found, load(language), Formats(language, "UTC"))


def test_what_stopped_comes_first_then_what_is_gone_new_and_broken():
    assert lines(**DRIFTED) == [
        "Source stopped: calls: calls/15 – no column of waits",
        "Columns gone: web: element, x, coupon – not measurable any more: Rage clicks",
        "New columns: web: utm_term – kept in attributes",
        "Expectation broken: clickstream: channel.enum – 17 of 1,191 rows",
    ]


def test_it_is_said_in_turkish_too():
    assert lines("tr", **DRIFTED) == [
        "Duran kaynak: calls: calls/15 – no column of waits",
        "Kaybolan sütunlar: web: element, x, coupon – artık ölçülemiyor: Öfkeli tıklamalar",
        "Yeni sütunlar: web: utm_term – attributes içinde saklanıyor",
        "Karşılanmayan beklenti: clickstream: channel.enum – 1.191 satırdan 17",
    ]


def test_in_short_it_is_one_of_ten_lines():
    told = summary.lines(report(**DRIFTED))
    assert "What came in: calls stopped; gone coupon, element, x; new utm_term; 1 expectati…" in told
    assert len(told) <= 10


def test_page_and_summary_show_it_and_on_a_day_like_the_others_nothing():
    found = report(**DRIFTED)
    usual = report(points=WORLD["points"], stage_scores=WORLD["stage_scores"])
    page = Page(html.render(found))
    assert "What came in" in page.sections["lead"]
    assert "calls · calls/15 no column of waits" in page.sections["lead"]
    assert "web · element, x, coupon not measurable any more: Rage clicks" in page.sections["lead"]
    told = markdown.render(found)
    assert "- Source stopped: `calls` `calls/15` – `no column of waits`\n" in told
    assert "- Columns gone: `web` `element`, `x`, `coupon` – not measurable any more: Rage clicks\n" in told
    for text in (html.render(usual), markdown.render(usual), *summary.lines(usual)):
        assert "came in" not in text
        assert 'class="changes came-in"' not in text


def test_of_many_columns_the_first_are_named():
    many = ", ".join(f"c{number:03}" for number in range(500))
    (line,) = lines(loads=LOADS.replace("gclid, utm_term", f"gclid, {many}").replace("coupon, element, x", "[]"))
    assert line == "New columns: web: c000, c001, c002, c003, c004 and 495 more – kept in attributes"


def test_a_source_that_has_been_mended_has_not_stopped():
    mended = LOADS + "l-3 | r-3 | calls | wait_time | calls/15 | 2026-01-15 | [] | [] | 2026-01-17 03:00:00\n"
    again = RUNS + "r-3 | 2026-01-15 | ingest | 2026-01-16 09:00:00\n"
    usual = LOADS.replace("coupon, element, x", "[]").replace("gclid, utm_term", "gclid")
    assert len(lines(source_failures=FAILURES, runs=RUNS, loads=usual)) == 1
    told = lines(source_failures=FAILURES, runs=RUNS, loads=mended)
    assert [line for line in told if "calls" in line] == [], "it has come in with a later night"
    assert lines(source_failures=FAILURES, runs=again, loads=usual) == [], "run again, and it did not stop"


def test_a_source_that_stopped_in_a_backfill_had_stopped_on_the_days_after_it_as_well():
    runs = "run_id | day | step | started_at\nr-1 | 2026-01-16 | ingest | 2026-01-17 03:00:00"
    failed = "run_id | source | file | day | error | failed_at\n"
    failed += "r-1 | calls | calls/14 | {} | calls/14: x | 2026-01-17 03:00:00"
    assert DAY.isoformat() == "2026-01-15"
    assert len(lines(runs=runs, source_failures=failed.format("2026-01-14"))) == 1
    assert len(lines(runs=runs, source_failures=failed.format("2026-01-16"))) == 0


def test_a_file_without_a_day_is_told_with_the_run_that_brought_it():
    loads = """
        load_id | run_id | source | file  | day | unknown_columns
        --------+--------+--------+-------+-----+----------------
        l-1     | r-1    | crm    | a.csv |     | []
        l-2     | {}     | crm    | b.csv |     | vip
        """
    customers = "customer_id | load_id\nada | l-1\nbob | l-2"
    assert lines(loads=loads.format("r-2"), runs=RUNS, customers=customers) == [
        "New columns: crm: vip – kept in attributes"
    ]
    assert lines(loads=loads.format("r-1"), runs=RUNS, customers=customers) == []


@pytest.mark.parametrize("hostile", ["<script>alert(1)</script>", "a`b|c @all", "\x1b[31m\u202eevil", "x" * 5_000])
def test_text_of_data_stays_text(hostile):
    world = DRIFTED | {"source_failures": FAILURES.replace("calls", hostile.replace("|", "/"))}
    found = report(**world)
    page = html.render(found)
    assert "<script" not in page
    assert "\x1b" not in page + markdown.render(found) + "".join(summary.lines(found))
    row = next(line for line in markdown.render(found).splitlines() if line.startswith("- Source stopped"))
    assert row.count("`") == 6
