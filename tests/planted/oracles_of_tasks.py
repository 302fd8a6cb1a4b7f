"""Plain readings of clicks, errors, forms, searches and logins: loops over a session, the definitions word by word."""

import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterator
from datetime import timedelta

from tests.detectors.plainly import pages_of
from tests.planted.oracles import Instance, Oracle, Row, staged

CLOSES = timedelta(minutes=30)
SEARCHES = {"search", "view_search_results"}
WORK = {"form_start", "form_focus", "form_change"}


def named(session: list[Row], *names: str) -> list[Row]:
    return [row for row in session if row["event_name"] in names]


def closed(session: list[Row]) -> Instance:
    """Nowhere, when the session is known to be over."""
    return "", session[-1]["occurred_at"] + CLOSES, ""


def rage_click(session: list[Row], _journey: str) -> Iterator[Instance]:
    """Four clicks on one element within a second; those that hang together are one burst."""
    clicks = named(session, "click")
    burst: list[int] = []
    for number in range(len(clicks)):
        four = clicks[number : number + 4]
        is_one = len(four) == 4 and len({(row["element"], row["page_path"]) for row in four}) == 1
        if is_one and four[3]["occurred_at"] - four[0]["occurred_at"] <= timedelta(seconds=1):
            if not burst or number > burst[-1]:
                yield four[0]["element"], four[3]["occurred_at"], four[0]["event_id"]
            burst += range(number, number + 4)


def error_click(session: list[Row], _journey: str) -> Iterator[Instance]:
    """A page error uses up the nearest click before it that is still free, if it is at most two seconds old."""
    free: list[Row] = []
    seen = set()
    for row in session:
        if row["event_name"] == "click":
            free.append(row)
        if row["event_name"] == "page_error" and free:
            click = free.pop()
            is_soon = row["occurred_at"] - click["occurred_at"] <= timedelta(seconds=2)
            if is_soon and click["element"] not in seen:
                seen.add(click["element"])
                yield click["element"], row["occurred_at"], click["event_id"]


def page_error(session: list[Row], _journey: str) -> Iterator[Instance]:
    """Each page that fails, once."""
    seen = set()
    for row in named(session, "page_error"):
        if row["page_path"] not in seen:
            seen.add(row["page_path"])
            yield row["page_path"], row["occurred_at"], row["event_id"]


def slow_page(session: list[Row], _journey: str) -> Iterator[Instance]:
    """Each time that a page is come to and something measured there is beyond its limit."""
    limits = {"lcp": 4000, "inp": 500, "cls": 0.25}
    for path, rows in pages_of(session):
        for row in named(rows, "web_vital"):
            if row["value"] > limits.get(row["metric"].lower(), float("inf")):
                yield path, row["occurred_at"], row["event_id"]
                break


def form_error_repeat(session: list[Row], _journey: str) -> Iterator[Instance]:
    """The second error of a field."""
    errors = defaultdict(list)
    for row in named(session, "form_error"):
        errors[row["form_id"], row["field_id"]].append(row)
    for place, rows in errors.items():
        if len(rows) >= 2:
            yield "/".join(place), rows[1]["occurred_at"], rows[0]["event_id"]


def form_refill(session: list[Row], _journey: str) -> Iterator[Instance]:
    """The second time that somebody comes back to a field that had been changed and left."""
    entered: dict[tuple[str, str], Row] = {}
    times: dict[tuple[str, str], int] = defaultdict(int)
    here = None
    for row in session:
        if row["event_name"] in {"scroll", "web_vital"}:
            continue
        if row["event_name"] not in {"form_change", "form_focus"}:
            here = None
            continue
        field = (row["form_id"], row["field_id"])
        if field in entered and field != here:
            times[field] += 1
            if times[field] == 2:
                yield "/".join(field), row["occurred_at"], entered[field]["event_id"]
        if row["event_name"] == "form_change":
            entered.setdefault(field, row)
        here = field


def form_abandonment(session: list[Row], _journey: str) -> Iterator[Instance]:
    """A form that was worked on and not sent."""
    for form in sorted({row["form_id"] for row in session if row["form_id"]}):
        rows = [row for row in session if row["form_id"] == form]
        work = [row for row in rows if row["event_name"] in WORK]
        sent = [row for row in named(rows, "form_submit") if row["outcome"] != "error"]
        if work and not sent:
            fields = [row["field_id"] for row in work if row["field_id"]]
            yield "/".join([form, *fields[-1:]]), closed(session)[1], work[0]["event_id"]


def checkout_abandonment(session: list[Row], journey: str) -> Iterator[Instance]:
    """A checkout after whose beginning nothing was bought."""
    way = staged(session, journey)
    begun = [number for number, (stage, _) in enumerate(way) if stage == "checkout"]
    if begun and not any(row["event_name"] == "purchase" for _, row in way[begun[0] :]):
        pages = [way[number][1]["page_path"] for number in begun]
        yield pages[-1], closed(session)[1], way[begun[0]][1]["event_id"]


def plain(query: str) -> str:
    lower = unicodedata.normalize("NFKC", query).lower().replace("i\u0307", "i")
    return " ".join(re.split(r"\s+", lower.strip()))


def zero_result_search(session: list[Row], _journey: str) -> Iterator[Instance]:
    """Each query that found nothing, once."""
    seen = set()
    for row in named(session, *SEARCHES):
        query = plain(row["query"])
        if row["result_count"] == 0 and query not in seen:
            seen.add(query)
            yield query, row["occurred_at"], row["event_id"]


def repeated_search(session: list[Row], _journey: str) -> Iterator[Instance]:
    """A second query within a minute of the search before it, with no look at a result between."""
    run: list[Row] = []
    is_told = False
    for row in named(session, *SEARCHES, "click", "select_item", "view_item"):
        if row["event_name"] not in SEARCHES:
            run, is_told = [], False
            continue
        if run and row["occurred_at"] - run[-1]["occurred_at"] > timedelta(seconds=60):
            run, is_told = [], False
        run.append(row)
        if plain(row["query"]) != plain(run[0]["query"]) and not is_told:
            is_told = True
            yield plain(run[0]["query"]), row["occurred_at"], run[0]["event_id"]


def login_failure(session: list[Row], _journey: str) -> Iterator[Instance]:
    """The second failed login of a session."""
    failed = [row for row in named(session, "login", "login_error") if row["outcome"] == "error"]
    if len(failed) >= 2:
        yield (
            failed[0]["error_code"] or failed[1]["error_code"] or "unknown",
            failed[1]["occurred_at"],
            failed[0]["event_id"],
        )


OF_TASKS: dict[str, Oracle] = {
    "checkout_abandonment": checkout_abandonment,
    "error_click": error_click,
    "form_abandonment": form_abandonment,
    "form_error_repeat": form_error_repeat,
    "form_refill": form_refill,
    "login_failure": login_failure,
    "page_error": page_error,
    "rage_click": rage_click,
    "repeated_search": repeated_search,
    "slow_page": slow_page,
    "zero_result_search": zero_result_search,
}
