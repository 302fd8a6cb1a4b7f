"""The truth against a slow, obvious reading of the files: it lists every instance, and nothing else."""

import csv
import gzip
import json
from collections import defaultdict
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest

pytestmark = pytest.mark.xdist_group("simulate")
END = datetime(2026, 1, 22, tzinfo=ZoneInfo("Europe/Istanbul")).astimezone(UTC)
SECOND, DAY = timedelta(seconds=1), timedelta(days=1)
TARGETS = {"phone": 20 * SECOND, "chat": 60 * SECOND, "email": DAY}
DEFECTS = {"wrong_item", "missing_item", "damaged", "not_as_described", "document_error", "price_mismatch"}


def instant(text):
    return datetime.fromisoformat(text) if text else None


def rows(made, table, key):
    """Good rows of all days by id, in order of time; each once."""
    found = {}
    for path in sorted((made.folder / table).iterdir()):
        with (gzip.open if path.suffix == ".gz" else open)(path, "rt", encoding="utf-8", newline="") as content:
            for row in map(json.loads, content) if ".ndjson" in path.name else csv.DictReader(content):
                if not row[key].endswith("b"):
                    found[row[key]] = {name: value for name, value in row.items() if value not in (None, "")}
    return list(found.values())


def sessions(made):
    last: dict[str, tuple[datetime, str]] = {}
    found = defaultdict(list)
    for row in rows(made, "clickstream", "event_id"):
        row["at"] = instant(row["occurred_at"])
        device = row["anonymous_id"]
        if device not in last or row["at"] - last[device][0] >= timedelta(minutes=30):
            last[device] = (row["at"], row["event_id"])
        last[device] = (row["at"], last[device][1])
        found[last[device][1]].append(row)
    return list(found.values())


def contacts(made):
    found = []
    for row in rows(made, "wait_time", "wait_id"):
        if row["wait_type"] != "delivery":
            row["from"], row["to"] = instant(row["started_at"]), instant(row.get("ended_at"))
            row["over"] = row["to"] and row["to"] + SECOND * int(row.get("handled_seconds", 0))
            found.append(row)
    following = defaultdict(list)
    for row in sorted(found, key=lambda row: (row["from"], row["wait_id"])):
        following[row["customer_id"], row["reason"]].append(row)
    for chain in following.values():
        for first, second in pairwise(chain):
            if first["over"] and timedelta() <= second["from"] - first["over"] <= 7 * DAY:
                first["repeat"] = second["wait_id"]
    return found


@pytest.fixture(scope="module")
def listed(small):
    """The truth as (signal, stage, locus, evidence) → (visit, lost, flagged at)."""
    found = {}
    for row in small.truth.iter_rows(named=True):
        key = (row["signal"], row["stage"], row["locus"], tuple(row["evidence"]))
        assert key not in found, f"{key} is listed twice"
        found[key] = (row["visit_id"], row["lost"], row["flagged_at"])
    return found


def of(listed, *signals):
    found = {key: value for key, value in listed.items() if key[0] in signals}
    assert len(found) >= 10, f"too few {signals} to have looked at anything"
    return found


def bursts(clicks):
    """Clicks in a row on one element of which each belongs to four within a second."""
    hot = set()
    for start in range(len(clicks) - 3):
        four = clicks[start : start + 4]
        if len({click["element"] for click in four}) == 1 and four[3]["at"] - four[0]["at"] <= SECOND:
            hot |= set(range(start, start + 4))
    burst = []
    for position, click in enumerate(clicks):
        if position in hot:
            burst.append(click)
        if burst and (position + 1 not in hot or clicks[position + 1]["at"] - click["at"] > SECOND):
            yield burst
            burst = []


def test_rage_clicks_are_all_listed(small, listed):
    found = {}
    for session in sessions(small):
        bought, added = ({row["event_name"] for row in session} >= {name} for name in ("purchase", "add_to_cart"))
        for burst in bursts([row for row in session if row["event_name"] == "click"]):
            stage = "payment" if burst[0]["page_path"] == "/checkout/payment" else "evaluate"
            entry = {"payment": "add_payment_info", "evaluate": "view_item"}[stage]
            visit = next(row["event_id"] for row in session if row["event_name"] == entry)
            evidence = tuple(row["event_id"] for row in burst)
            lost = not (bought if stage == "payment" else added)
            found["rage_click", stage, burst[0]["element"], evidence] = (f"{stage}:{visit}", lost, burst[3]["at"])
    assert found == of(listed, "rage_click")


@pytest.mark.parametrize(
    ("signal", "event", "needed", "stage", "entry"),
    [
        ("payment_failure", "payment_error", 1, "payment", "add_payment_info"),
        ("form_error_repeat", "form_error", 2, "checkout", "begin_checkout"),
    ],
)
def test_errors_of_payments_and_forms_are_all_listed(small, listed, signal, event, needed, stage, entry):
    found = {}
    for session in sessions(small):
        places = defaultdict(list)
        for row in session:
            if row["event_name"] == event:
                places[row.get("error_code") or f"{row['form_id']}/{row['field_id']}"].append(row)
        lost = all(row["event_name"] != "purchase" for row in session)
        for place, errors in places.items():
            if len(errors) >= needed:
                visit = next(row["event_id"] for row in session if row["event_name"] == entry)
                evidence = tuple(row["event_id"] for row in errors)
                found[signal, stage, place, evidence] = (f"{stage}:{visit}", lost, errors[needed - 1]["at"])
    assert found == of(listed, signal)


def test_abandoned_checkouts_are_all_listed(small, listed):
    found = {}
    for session in sessions(small):
        names = [row["event_name"] for row in session]
        if "begin_checkout" in names and "purchase" not in names:
            there = [row["event_id"] for row in session if row["page_path"] == "/checkout"]
            closed = session[-1]["at"] + timedelta(minutes=30)
            key = ("checkout_abandonment", "checkout", "/checkout", tuple(dict.fromkeys((there[0], there[-1]))))
            found[key] = (f"checkout:{there[0]}", True, closed)
    assert found == of(listed, "checkout_abandonment")
    assert max(closed for _, _, closed in found.values()) < END


def test_long_waits_hang_ups_and_repeats_are_all_listed(small, listed):
    found: dict[tuple[str, str, str, tuple[str, ...]], tuple[str, bool | None, datetime]] = {}
    for row in contacts(small):
        waited, target = (row["to"] or END) - row["from"], TARGETS[row["channel"]]
        abandoned = row["outcome"] == "abandoned"
        quiet = row["over"] is not None and row["over"] + 7 * DAY <= END
        lost = True if abandoned or "repeat" in row else False if quiet else None
        visit, one = f"support:{row['wait_id']}", (row["wait_id"],)
        known = min(row["to"] or END, row["from"] + 4 * target)
        if waited > target and known < END:
            signal = "slow_first_response" if row["channel"] == "email" else "long_wait"
            found[signal, "support", row["queue"], one] = (visit, lost, known)
        if abandoned and waited > 5 * SECOND:
            found["queue_abandonment", "support", row["queue"], one] = (visit, lost, row["to"])
        if "repeat" in row:
            again = next(each for each in contacts(small) if each["wait_id"] == row["repeat"])
            pair = (row["wait_id"], row["repeat"])
            found["repeat_contact", "support", row["reason"], pair] = (visit, True, again["from"])
    assert found == of(listed, "long_wait", "slow_first_response", "queue_abandonment", "repeat_contact")


def test_late_deliveries_and_defects_are_all_listed(small, listed):
    errors = rows(small, "order_error", "error_id")
    lost = {row["order_id"] for row in errors if row["error_type"] == "return"}
    lost |= {row["order_id"] for row in contacts(small) if "order_id" in row}
    found, outcome = {}, {}
    for row in rows(small, "wait_time", "wait_id"):
        if row["wait_type"] == "delivery":
            to, promised, order = instant(row.get("ended_at")), instant(row["promised_at"]), row["order_id"]
            kept = to is not None and to + 14 * DAY <= END
            outcome[order] = True if order in lost else False if kept else None
            if (to or END) > promised and promised < END:
                key = ("late_delivery", "fulfilment", row["queue"], (row["wait_id"],))
                found[key] = (f"fulfilment:{order}", outcome[order], promised)
    for row in errors:
        if row["error_type"] in DEFECTS:
            place = f"{row['error_type']} @ {row['warehouse']}"
            key = ("order_defect", "fulfilment", place, (row["error_id"],))
            found[key] = (f"fulfilment:{row['order_id']}", outcome[row["order_id"]], instant(row["occurred_at"]))
    assert found == of(listed, "late_delivery", "order_defect")


def test_the_day_of_an_instance_is_the_local_day_of_its_last_evidence(small):
    zone = ZoneInfo("Europe/Istanbul")
    for day, flagged in small.truth.select("day", "flagged_at").iter_rows():
        assert flagged.astimezone(zone).date() == day


def test_only_planted_friction_has_an_effect_and_can_have_caused_a_loss(small):
    truth = small.truth
    assert truth.filter("is_planted")["effect"].null_count() == 0
    assert truth.filter(~truth["is_planted"])["effect"].null_count() == truth.filter(~truth["is_planted"]).height
    assert not truth.filter(~truth["is_planted"])["caused_loss"].any()
    assert truth.filter("caused_loss")["lost"].all()
    assert (truth["caused_loss"].is_null() == truth["lost"].is_null()).all() or truth["lost"].null_count() > 0


def test_ordinary_clicks_are_never_near_a_rage_click(small):
    planted = {each for evidence in small.truth.filter(signal="rage_click")["evidence"] for each in evidence}
    triples = 0
    for session in sessions(small):
        ordinary = [row["at"] for row in session if row["event_name"] == "click" and row["event_id"] not in planted]
        for first, third in zip(ordinary, ordinary[2:], strict=False):
            assert third - first > SECOND
            triples += 1
        moments = [row["at"] for row in session]
        slow = sum(later - earlier >= 1.2 * SECOND for earlier, later in pairwise(moments))
        quick = sum(later - earlier <= 0.15 * SECOND for earlier, later in pairwise(moments))
        assert slow + quick == len(moments) - 1
    assert triples > 100


def test_contacts_about_the_same_reason_are_a_repeat_or_clearly_apart(small):
    last: dict[tuple[str, str], dict] = {}
    apart = 0
    for row in sorted(contacts(small), key=lambda row: (row["from"], row["wait_id"])):
        key = (row["customer_id"], row["reason"])
        if key in last:
            days = (row["from"] - last[key]["from"]) / DAY
            assert days < 6.9 if last[key].get("repeat") == row["wait_id"] else days > 8
            apart += days > 8
        last[key] = row
    assert apart >= 5
