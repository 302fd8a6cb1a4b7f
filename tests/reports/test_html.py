import dataclasses
import re

import polars as pl
import pytest

from pipeline.reports import html
from tests.reports.days import STAGES, WORLD, Page, full, report

HOSTILE = {
    "script": "<script>alert(1)</script>",
    "attribute": "\"><img src=x onerror=alert(1) x='",
    "entity": "&lt;script&gt;",
    "template": "{{ 7 * 7 }}{% raw %}",
    "reversed": "\u202egnp.exe\u2066",
    "control": "a\x00b\x1b[31m\x85",
    "address": "https://evil.example/pixel.png",
    "javascript": "javascript:alert(1)",
    "long": "x" * 10_000,
    "comment": "--><!-- ]]>",
    "style": "</style><style>body{display:none}",
}


@pytest.fixture(scope="module")
def page() -> Page:
    return Page(html.render(full()))


def poisoned(text):
    """The full report with `text` in every column of text that is shown."""
    found = full()
    columns = {
        "points": ["locus", "owner", "locus_type", "signal"],
        "examples": ["what", "where", "detail", "person_id", "visit_id", "outcome", "visit_outcome"],
        "loads": ["file", "source"],
        "broken_rules": ["contract", "rule"],
        "expectations": ["contract", "expectation", "found", "error", "severity"],
        "signals": ["signal", "why"],
        "stage_scores": ["stage"],
    }
    frames = {
        name: getattr(found, name).with_columns(pl.lit(text).alias(column) for column in names)
        for name, names in columns.items()
    }
    frames["stage_scores"] = frames["stage_scores"].head(1)
    return dataclasses.replace(found, **frames)


def test_the_page_stands_in_the_order_of_its_questions(page):
    assert list(page.sections)[1:] == [
        "lead",
        "journey",
        "ranked",
        "outcomes",
        "evidence",
        "missing",
        "people",
        "calibration",
        "quality",
        "reading",
    ]


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_nothing_from_data_becomes_markup(text, page):
    clean = {(tag, tuple(attributes)) for tag, attributes in page.tags}
    rendered = html.render(poisoned(text))
    found = Page(rendered)
    strange = {(tag, tuple(attributes)) for tag, attributes in found.tags} - clean
    assert {(tag, names) for tag, names in strange if names != ("title",) or tag != "bdi"} == set()
    for tag, attributes in found.tags:
        assert tag not in {"script", "img", "iframe", "object", "embed", "form", "base"}
        assert not {name for name in attributes if name.startswith("on")}
        assert (attributes.get("href") or "#").startswith(("#", "data:,"))
    assert re.search("[\u202a-\u202e\u2066-\u2069\x00\x1b\x85]", rendered) is None


def test_the_text_of_data_is_shown_as_it_is():
    assert "<script>alert(1)</script>" in Page(html.render(poisoned(HOSTILE["script"]))).sections["ranked"]
    assert "{{ 7 * 7 }}" in Page(html.render(poisoned(HOSTILE["template"]))).sections["ranked"]


def test_a_long_text_is_cut_and_tells_more_in_its_title():
    found = Page(html.render(poisoned(HOSTILE["long"])))
    assert re.search("x{81}", found.sections["ranked"]) is None
    assert max(len(attributes.get("title") or "") for _, attributes in found.tags) == 1_000


@pytest.mark.parametrize("language", ["en", "tr"])
def test_the_page_needs_nothing_but_itself(language):
    rendered = html.render(full(language))
    for tag, attributes in Page(rendered).tags:
        assert tag != "script"
        assert not {"src", "srcset", "background", "action"} & set(attributes)
    assert "@import" not in rendered
    assert set(re.findall(r"url\(([^)]*)\)", rendered)) == {"#stripes"}
    assert "http://" not in rendered
    assert "https://" not in rendered


def test_the_figures_are_those_of_the_frame(page):
    rank, point, score, lost, money, rate, effect, trend = page.row("Rage clicks", "1.3")
    assert rank == "Rank 1"
    assert point == "Rage clicks Checkout ★Moment of truth · element #pay Owner: payments · See visits: Rage clicks"
    assert score == "1.3"
    assert lost == "3823 to 52"
    assert money == "TRY 4,910TRY 3,040 to TRY 6,780"
    assert rate == "6.0%5.2% to 6.9%180 of 3,000 visits"
    assert effect == "+21.0+13.0 to +29.0measured"
    assert trend == "▲ Worseningtoday 12.0%usual 4.1%"


def test_the_journey_shows_each_stage_in_order_with_its_figures(page):
    assert page.row("Checkout", "98.7") == [
        "Checkout ★Moment of truth",
        "3,000",
        "1,80060.0%",
        "1,20040.0%",
        "2608.7%",
        "1.3",
        "98.7",
    ]
    told = page.sections["journey"]
    assert told.index("Cart") < told.index("Checkout") < told.index("Fulfilment")
    assert page.row("Fulfilment", "no decided visits")[1] == "0"


def test_a_harmless_point_says_so(page):
    assert "no harm seen" in page.row("Repeated form errors", "-2.0")[6]


def test_a_point_whose_visits_have_hardly_any_like_them_says_so():
    found = full()
    points = found.points.with_columns(affected_compared=pl.col("affected") / 2 - 1)
    few = Page(html.render(dataclasses.replace(found, points=points)))
    assert re.search(
        r"only \d+ of \d+ affected visits have others like them", few.row("Repeated form errors", "-2.0")[6]
    )
    half = points.with_columns(affected_compared=pl.col("affected") / 2)
    assert "others like them" not in Page(html.render(dataclasses.replace(found, points=half))).text


def test_a_slow_rise_is_told_beside_the_usual_rate(page):
    found = full()
    rising = dataclasses.replace(found, points=found.points.with_columns(is_forming=pl.lit(value=True)))
    assert "a slow rise is forming" in Page(html.render(rising)).row("Repeated form errors", "-2.0")[7]
    assert "a slow rise is forming" not in page.text


def test_points_that_cannot_be_ranked_stand_apart(page):
    told = page.sections["ranked"]
    few, bare = told.index("Too few to rank"), told.index("Counted, but without a rate")
    assert told.index("Rage clicks") < few < told.index("Page errors") < bare < told.index("Order defects")


def test_outcomes_stand_apart_and_claim_no_share(page):
    assert "Abandoned checkouts" not in page.sections["ranked"]
    assert "They claim no share of the loss" in page.sections["outcomes"]
    assert page.row("Abandoned checkouts")[1:3] == ["1,200", "40.0%38.0% to 42.0%1,200 of 3,000 visits"]


def test_evidence_is_marked_and_folds(page):
    told = page.sections["evidence"]
    assert told.count("evidence") == 3, "e-3, e-4 and e-0"
    assert "10:00:05" in told
    assert "1 min 10 secs, gave up" in told
    cases = [attributes for tag, attributes in page.tags if tag == "details" and attributes.get("class") == "case"]
    assert ["open" in attributes for attributes in cases] == [True, False]


def test_what_could_not_be_measured_is_said_with_its_reason(page):
    assert page.row("Searches without results")[1] == "no values in clickstream.result_count"
    turkish = Page(html.render(full("tr")))
    assert turkish.row("Sonuçsuz aramalar")[1] == "clickstream.result_count sütununda değer yok"


def test_rows_add_up_file_by_file_and_in_total(page):
    assert page.row("web/15.ndjson") == ["web/15.ndjsonSource: web", "1,204", "1,191", "8", "5", "✓ adds up"]
    assert page.row("Total")[1:] == ["1,204", "1,191", "8", "5", "✓ adds up"]
    assert page.row("occurred_at.type")[1] == "2"
    told, *counts = page.row("channel.enum")
    assert told.endswith("Contract: clickstream · 1.43% of rows")
    assert counts[1:] == ["17", "1,191"]
    assert page.row("freshness")[2:] == ["–", "–"], "a figure has no rows"


def test_rows_that_are_set_aside_are_said_of_their_file_and_of_all():
    found = full()
    assert "set aside" not in Page(html.render(found)).text
    loads = found.loads.with_columns(bot=pl.lit(1000, pl.Int64), test=pl.lit(1, pl.Int64))
    shown = Page(html.render(dataclasses.replace(found, loads=loads)))
    assert shown.row("web/15.ndjson") == [
        "web/15.ndjsonSource: web · 1,001 set aside", "1,204", "1,191", "8", "5", "✓ adds up"
    ]  # fmt: skip
    assert "1,001 of the kept rows are set aside and counted nowhere else: 1,000 bot, 1 test." in shown.text


def test_rows_that_do_not_add_up_are_not_passed_over():
    loads = "load_id|file|day|rows_read|rows_kept|rows_quarantined|rows_duplicate\na|a.csv|2026-01-15|9|5|1|1"
    assert Page(html.render(report(loads=loads))).row("a.csv")[-1] == "✗ does not add up"


@pytest.mark.parametrize("language", ["en", "tr"])
def test_an_empty_day_renders_and_says_that_there_is_nothing(language):
    found = Page(html.render(report(language)))
    said = {"en": "Nothing to report", "tr": "Bildirilecek bir şey yok"}[language]
    assert said in found.sections["lead"]
    assert "NaN" not in found.text
    assert "None" not in found.text


def test_numbers_that_are_no_numbers_are_a_dash():
    found = full()
    broken = found.points.with_columns(pl.selectors.float() * float("nan"))
    rendered = html.render(dataclasses.replace(found, points=broken))
    assert "nan" not in Page(rendered).text.lower().replace("finance", "")
    assert "inf" not in rendered


def test_a_reader_that_listens_is_told_all(page):
    for tag, attributes in page.tags:
        if tag == "svg":
            assert attributes["role"] == "img"
            assert attributes["aria-label"]
        if tag == "th":
            assert attributes["scope"] in {"col", "row"}
        if tag == "table":
            assert attributes["aria-label"]
    assert ("html", {"lang": "en"}) in page.tags
    assert [tag for tag, _ in page.tags if tag == "h1"] == ["h1"]


def test_links_lead_somewhere_and_ids_are_used_once(page):
    ids = [attributes["id"] for _, attributes in page.tags if "id" in attributes]
    links = {(attributes["href"] or "")[1:] for tag, attributes in page.tags if tag == "a"}
    assert len(ids) == len(set(ids))
    assert links <= set(ids)


def test_only_twenty_points_are_open_and_none_is_forgotten():
    head = "day | point_id | kind | stage | signal | locus | exposed | affected | rate | score | rank\n"
    many = head + "\n".join(
        f"2026-01-15 | p{n:03} | obstacle | cart | page_error | /{n:03} | 100 | 1 | 0.01 | 0 | {n}"
        for n in range(1, 232)
    )
    found = Page(html.render(report(points=many)))
    told = found.sections["ranked"]
    assert told.index("/020") < told.index("Show 200 further points") < told.index("/021")
    assert "/220" in told
    assert "/221" not in told
    assert "11 more points stand in points.csv" in told
    assert found.sections["evidence"].count("No example visit can be shown") == 20


def test_a_stages_own_label_wins_but_not_its_english_word_in_turkish():
    named = (dataclasses.replace(STAGES[0], label="Cart"), dataclasses.replace(STAGES[1], label="Kasa <1>"))
    told = Page(html.render(dataclasses.replace(full("tr"), stages=named))).sections["journey"]
    assert "Sepet" in told
    assert "Kasa <1>" in told


def test_the_same_report_gives_the_same_page():
    assert html.render(report(**WORLD)) == html.render(report(**WORLD))
