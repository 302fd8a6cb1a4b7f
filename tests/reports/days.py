# ruff: noqa: E501 - tables are as wide as they are
"""Report days drawn as small warehouses, and pages taken apart."""

from datetime import date
from html.parser import HTMLParser

from pipeline.reports.gather import gather
from pipeline.reports.report import Report, Stage
from tests.sql.worlds import warehouse

DAY = date(2026, 1, 15)
STAGES = (Stage("cart"), Stage("checkout", "", True), Stage("fulfilment"))

POINTS = """
    day        | point_id | stage      | signal           | kind     | locus_type | locus     | exposed_today | affected_today | rate_today | exposed | affected | rate  | rate_low | rate_high | baseline_rate | trend     | q_value | effect | effect_low | effect_high | effect_basis | lost_visits | lost_visits_low | lost_visits_high | revenue_at_risk | revenue_at_risk_low | revenue_at_risk_high | currency | score | rank | owner
    -----------+----------+------------+------------------+----------+------------+-----------+---------------+----------------+------------+---------+----------+-------+----------+-----------+---------------+-----------+---------+--------+------------+-------------+--------------+-------------+-----------------+------------------+-----------------+---------------------+----------------------+----------+-------+------+------
    2026-01-15 | pay      | checkout   | rage_click       | obstacle | element    | #pay      | 100           | 12             | 0.12       | 3000    | 180      | 0.06  | 0.052    | 0.0691    | 0.041         | worsening | 0.01    | 0.21   | 0.13       | 0.29        | measured     | 37.8        | 23.4            | 52.2             | 4910            | 3040                | 6780                 | TRY      | 1.26  | 1    | payments
    2026-01-15 | zip      | checkout   | form_error_repeat | obstacle | form_field | zip       | 100           | 5              | 0.05       | 3000    | 90       | 0.03  | 0.024    | 0.0372    | 0.05          | steady    | 0.9     | -0.02  | -0.09      | 0.05        | pooled       | 0           | 0               | 4.5              | 0               | 0                   | 560                  | TRY      | 0     | 2    |
    2026-01-15 | few      | cart       | page_error       | obstacle | page       | /cart     | 2             | 1              | 0.5        | 12      | 3        | 0.25  | 0.09     | 0.53      |               |           |         |        |            |             |              | 0           | 0               | 0                |                 |                     |                      |          | 0     |      |
    2026-01-15 | bare     | fulfilment | order_defect     | obstacle | error_type | damaged   | 0             | 2              |            | 0       | 7        |       |          |           |               |           |         |        |            |             |              | 0           | 0               | 0                |                 |                     |                      |          | 0     |      |
    2026-01-15 | gone     | checkout   | checkout_abandonment | outcome | page    | /checkout | 100           | 40             | 0.4        | 3000    | 1200     | 0.4   | 0.38     | 0.42      | 0.39          | steady    | 0.9     |        |            |             |              | 0           | 0               | 0                |                 |                     |                      |          | 0     |      |
    2026-01-14 | pay      | checkout   | rage_click       | obstacle | element    | #pay      | 100           | 4              | 0.04       | 2900    | 170      | 0.058 | 0.05     | 0.067     | 0.041         | steady    | 0.9     | 0.2    | 0.1        | 0.3         | measured     | 30          | 20              | 40               | 4000            | 3000                | 5000                 | TRY      | 1     | 1    | payments
    """

STAGE_SCORES = """
    day        | stage    | entered | completed | lost | affected | score | health
    2026-01-15 | cart     | 4000    | 3000      | 1000 | 3        | 0     | 100
    2026-01-15 | checkout | 3000    | 1800      | 1200 | 260      | 1.26  | 98.74
    """

FLAGS = """
    day        | flag_id | signal     | stage    | locus_type | locus | person_id | customer_id | visit_id | started_at               | ended_at                 | severity | evidence
    2026-01-15 | f-1     | rage_click | checkout | element    | #pay  | c:ada     | ada         | v-1      | 2026-01-15T10:00:05.000Z | 2026-01-15T10:00:06.000Z | 0.6      | e-3, e-4
    2026-01-14 | f-0     | rage_click | checkout | element    | #pay  | a:dev     |             | v-0      | 2026-01-14T08:00:00.000Z | 2026-01-14T08:00:01.000Z | 0.9      | e-0
    """

CLICKS = """
    event_id | occurred_at              | event_name     | customer_id | anonymous_id | page_path | element | outcome | error_code
    e-0      | 2026-01-14T08:00:00.000Z | click          |             | dev          | /checkout | #pay    |         |
    e-1      | 2026-01-15T10:00:00.000Z | begin_checkout | ada         | phone        | /checkout |         |         |
    e-3      | 2026-01-15T10:00:05.000Z | click          | ada         | phone        | /checkout | #pay    |         |
    e-4      | 2026-01-15T10:00:06.000Z | click          | ada         | phone        | /checkout | #pay    |         |
    e-5      | 2026-01-15T10:00:09.000Z | payment_error  |             | phone        | /checkout |         | error   | declined
    e-6      | 2026-01-15T10:00:10.000Z | purchase       | bob         | phone        | /checkout |         |         |
    e-7      | 2026-01-15T10:30:00.000Z | page_view      | ada         | phone        | /         |         |         |
    """

WORLD = {
    "points": POINTS,
    "stage_scores": STAGE_SCORES,
    "flags": FLAGS,
    "clickstream": CLICKS,
    "wait_time": """
        wait_id | customer_id | wait_type | channel | queue   | started_at               | ended_at                 | outcome
        e-3     | zoe         | queue     | phone   | billing | 2026-01-15T10:00:05.000Z | 2026-01-15T10:01:15.000Z | served
        w-1     | ada         | queue     | phone   | billing | 2026-01-15T10:05:00.000Z | 2026-01-15T10:06:10.000Z | abandoned
        """,
    "stage_visits": """
        day        | visit_id | stage    | outcome
        2026-01-14 | v-0      | checkout | open
        2026-01-15 | v-1      | checkout | lost
        """,
    "signals": """
        day        | signal             | is_measurable | why                                   | flags
        2026-01-15 | rage_click         | true          |                                       | 1
        2026-01-15 | zero_result_search | false         | no values in clickstream.result_count | 0
        """,
    "loads": """
        load_id | source | contract    | file           | day        | rows_read | rows_kept | rows_quarantined | rows_duplicate
        l-1     | web    | clickstream | web/15.ndjson  | 2026-01-15 | 1204      | 1191      | 8                | 5
        l-2     | web    | clickstream | web/14.ndjson  | 2026-01-14 | 9         | 9         | 0                | 0
        """,
    "quarantine": """
        load_id | line | contract    | broken_rules
        l-1     | 3    | clickstream | occurred_at.type, plausible_time
        l-1     | 4    | clickstream | occurred_at.type
        l-2     | 1    | clickstream | event_id.required
        """,
    "runs": "run_id | day | step\nr-1 | 2026-01-15 | check\nr-2 | 2026-01-15 | check",
    "contract_results": """
        run_id | contract    | expectation       | severity | success | rows_checked | rows_unexpected | found          | error
        r-1    | clickstream | event_id.required | error    | false   | 5            | 5               |                |
        r-2    | clickstream | event_id.required | error    | true    | 5            | 0               |                |
        r-2    | clickstream | channel.enum      | warning  | false   | 1191         | 17              | 1.43% of rows  |
        r-1    | wait_time   | freshness         | warning  | false   |              |                 | 120 hours      |
        """,
}


def report(language: str = "en", timezone: str = "UTC", **world: str) -> Report:
    """The report of `DAY` over a drawn warehouse."""
    return gather(
        warehouse(**world),
        DAY,
        language=language,
        currency="TRY",
        timezone=timezone,
        stages=STAGES,
        window_days=28,
    )


def full(language: str = "en") -> Report:
    """The report of a day on which something of everything happened."""
    return report(language, **WORLD)


class Page(HTMLParser):
    """A page taken apart: its text, its tags with their attributes, and rows of cells per section."""

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.sections: dict[str, str] = {}
        self.rows: list[list[str]] = []
        self._section = ""
        self._in_style = self._in_cell = False
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag == "section":
            self._section = dict(attrs).get("id") or "lead"
        if tag == "tr":
            self.rows.append([])
        if tag in {"td", "th"}:
            self.rows[-1].append("")
            self._in_cell = True
        self._in_style = tag == "style"

    def handle_endtag(self, tag: str) -> None:
        if tag == "style":
            self._in_style = False
        if tag in {"td", "th"}:
            self._in_cell = False

    def handle_data(self, data: str) -> None:
        if self._in_style:
            return
        self.text += data
        self.sections[self._section] = self.sections.get(self._section, "") + data
        if self._in_cell:
            self.rows[-1][-1] += data

    def row(self, *holding: str) -> list[str]:
        """The first table row that holds all the texts."""
        found = [row for row in self.rows if all(any(text in cell for cell in row) for text in holding)]
        assert found, f"no row holds {holding}"
        return [" ".join(cell.split()) for cell in found[0]]
