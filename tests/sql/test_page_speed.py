"""The view on how fast pages are: judged at the 75th percentile per page and device."""

import pytest

from tests.sql.worlds import mart, warehouse


def measured(values: list[float], metric: str = "LCP", device: str = "mobile", name: str = "web_vital") -> str:
    return "\n".join(f"{name} | /home | {device} | {metric} | {value}" for value in values)


def shown(*drawn: str) -> list[tuple[object, ...]]:
    rows = "\n".join(("event_name | page_path | device | metric | value", *drawn))
    found = mart(warehouse(clickstream=rows), "page_speed")
    return found.select("device", "metric", "measured", "p75", "verdict").rows()


@pytest.mark.parametrize(
    ("metric", "good", "poor"),
    [("LCP", 2500.0, 4000.0), ("INP", 200.0, 500.0), ("CLS", 0.1, 0.25)],
)
def test_a_page_is_judged_where_a_quarter_is_slower(metric, good, poor):
    slow = 10 * poor
    # 31 measurements: the 24th is the 75th percentile, and what is slower than it does not count
    for limit, verdict, beyond in ((good, "good", "needs improvement"), (poor, "needs improvement", "poor")):
        assert shown(measured([limit] * 24 + [slow] * 7, metric))[0][3:] == (limit, verdict)
        assert shown(measured([limit * 1.01] * 24 + [slow] * 7, metric))[0][4] == beyond


def test_devices_are_judged_apart_and_few_measurements_not_at_all():
    found = shown(
        measured([5000.0] * 30), measured([1000.0] * 30, device="desktop"), measured([9000.0] * 29, device="tablet")
    )
    assert found == [
        ("tablet", "lcp", 29, 9000.0, "too few"),
        ("mobile", "lcp", 30, 5000.0, "poor"),
        ("desktop", "lcp", 30, 1000.0, "good"),
    ]


def test_what_is_set_aside_measures_nothing():
    con = warehouse(
        clickstream="event_name | page_path | metric | value | set_aside\nweb_vital | /home | LCP | 9 | bot"
    )
    assert mart(con, "page_speed").is_empty()


def test_other_events_and_metrics_are_no_measurements():
    assert shown(measured([1.0] * 40, "TTFB"), measured([1.0] * 40, name="click")) == []
