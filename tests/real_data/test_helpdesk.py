"""A software company's help desk in XES: every event is read as another XML parser and the text itself say."""

import gzip
import io
import re
from collections import Counter
from pathlib import Path
from xml.etree import ElementTree as ET

import duckdb
import pytest

from pipeline.sources import mapping, xes
from tests.real_data import nights
from tests.warehouse.loads import balance, new_warehouse, take

pytestmark = [pytest.mark.real_data, pytest.mark.xdist_group("real_helpdesk")]

LOG = "helpdesk_italian/helpdesk.xes.gz"
NAMESPACE = "{http://www.xes-standard.org/}"


def attributes(element: ET.Element) -> dict[str, str]:
    return {each.attrib["key"]: each.attrib["value"] for each in element if "key" in each.attrib}


@pytest.fixture(scope="module")
def text(real_data: Path) -> str:
    return gzip.decompress(nights.raw(real_data, LOG).read_bytes()).decode()


@pytest.fixture(scope="module")
def tickets(text: str) -> dict[str, list[dict[str, str]]]:
    """Events of each ticket in their order, as xml.etree reads them."""
    found = {}
    for trace in ET.fromstring(text).iter(f"{NAMESPACE}trace"):
        found[attributes(trace)["concept:name"]] = [attributes(each) for each in trace.iter(f"{NAMESPACE}event")]
    return found


@pytest.fixture(scope="module")
def con(real_data: Path, tmp_path_factory):
    path = tmp_path_factory.mktemp("helpdesk") / "helpdesk.ndjson"
    with gzip.open(nights.raw(real_data, LOG), "rb") as content, path.open("wb") as out:
        xes.convert(content, out, LOG)  # type: ignore[arg-type]
    found = mapping.load("xes", path.parent)
    assert found is not None
    with new_warehouse() as warehouse:
        take(warehouse, path, mapping=found.model_copy(update={"format": "ndjson"}), limit=None)
        yield warehouse


def one(con: duckdb.DuckDBPyConnection, query: str) -> tuple[object, ...]:
    (row,) = con.execute(query).fetchall()
    return row


def test_every_event_is_kept(con, text, tickets):
    query = "select rows_read, rows_kept, rows_quarantined, rows_duplicate from ops.loads"
    assert one(con, query) == (21_348, 21_348, 0, 0)
    assert len(re.findall(r"<event>", text)) == sum(map(len, tickets.values())) == 21_348
    balance(con)


def test_customers_and_tickets_are_those_of_the_log(con, text, tickets):
    query = "select count(distinct customer_id), count(distinct anonymous_id) from events.clickstream"
    assert one(con, query) == (397, 4_580)
    assert len(set(re.findall(r'key="customer" value="([^"]*)"', text))) == 397
    assert len(re.findall(r"<trace>", text)) == len(tickets) == 4_580


def test_each_event_has_the_name_the_time_the_customer_and_the_rest_of_the_log_s(con, tickets):
    found = con.execute(
        """
        select anonymous_id, event_name, strftime(occurred_at, '%Y-%m-%dT%H:%M:%S+00:00'), customer_id,
               attributes ->> 'org:resource', attributes ->> 'workgroup'
        from events.clickstream
        """
    ).fetchall()
    expected = Counter(
        (
            ticket,
            event["concept:name"],
            event["time:timestamp"],
            event["customer"],
            event["org:resource"],
            event["workgroup"],
        )
        for ticket, events in tickets.items()
        for event in events
    )
    assert Counter(found) == expected


def test_events_that_are_alike_are_not_taken_for_one(con, tickets):
    alike = sum(len(events) - len({tuple(event.items()) for event in events}) for events in tickets.values())
    assert alike == 127
    assert one(con, "select count(*) - count(distinct event_id) from events.clickstream") == (0,)


def test_the_line_of_an_event_is_its_line_in_the_file(real_data, text):
    out = io.BytesIO()
    with gzip.open(nights.raw(real_data, LOG), "rb") as content:
        xes.convert(content, out, LOG)  # type: ignore[arg-type]
    lines = [int(number) for number in re.findall(rb'"line":(\d+)\}\n', out.getvalue())]
    assert lines == [number for number, line in enumerate(text.splitlines(), start=1) if "<event>" in line]
