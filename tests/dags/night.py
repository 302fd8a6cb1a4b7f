"""The smallest project that a night can be run on: one day, a few events of each kind, friction in each."""

import json
from pathlib import Path
from typing import Any

DAY = "2026-01-15"

CONFIG = """\
[project]
timezone = "Europe/Istanbul"
currency = "TRY"
language = "tr"

[[sources]]
name     = "web"
contract = "clickstream"
path     = "landing/clickstream/{day}/*.ndjson"

[[sources]]
name     = "waits"
contract = "wait_time"
path     = "landing/wait_time/{day}/*.ndjson"

[[sources]]
name     = "orders"
contract = "order_error"
path     = "landing/order_error/{day}/*.ndjson"
"""

# event | person | name | element | seconds after 10:00
CLICKS = [
    ("e1", "angry", "page_view", None, 0.0),
    ("e2", "angry", "begin_checkout", None, 20.0),
    ("e3", "angry", "click", "pay", 30.0),
    ("e4", "angry", "click", "pay", 30.2),
    ("e5", "angry", "click", "pay", 30.4),
    ("e6", "angry", "click", "pay", 30.6),
    ("f1", "calm", "page_view", None, 5.0),
    ("f2", "calm", "begin_checkout", None, 25.0),
    ("f3", "calm", "click", "pay", 40.0),
    ("f4", "calm", "purchase", None, 42.0),
]


def write_night(folder: Path) -> Path:
    """Write the project into `folder` and return the path of its settings file."""
    clicks: list[dict[str, Any]] = [
        {
            "event_id": event,
            "occurred_at": f"{DAY}T10:00:{second:06.3f}Z",
            "event_name": name,
            "customer_id": person,
            "page_url": "https://shop.example/checkout",
            "page_path": "/checkout",
            "element": element,
            "device": "mobile",
            "channel": "web",
            "value": 100.0 if name in {"begin_checkout", "purchase"} else None,
            "currency": "TRY",
        }
        for event, person, name, element, second in CLICKS
    ]
    waits: list[dict[str, Any]] = [
        {
            "wait_id": "w1",
            "customer_id": "angry",
            "wait_type": "queue",
            "channel": "phone",
            "started_at": f"{DAY}T11:00:00Z",
            "ended_at": f"{DAY}T11:05:00Z",
            "outcome": "served",
            "queue": "orders",
            "reason": "payment",
        }
    ]
    errors: list[dict[str, Any]] = [
        {
            "error_id": "o1",
            "customer_id": "calm",
            "order_id": "order-1",
            "occurred_at": f"{DAY}T12:00:00Z",
            "error_type": "wrong_item",
        }
    ]
    inputs = {"clickstream": clicks, "wait_time": waits, "order_error": errors}
    for contract, rows in inputs.items():
        target = folder / "landing" / contract / DAY
        target.mkdir(parents=True)
        lines = [json.dumps({key: value for key, value in row.items() if value is not None}) for row in rows]
        (target / "part-1.ndjson").write_text("\n".join(lines) + "\n", encoding="utf-8")
    config = folder / "friction.toml"
    config.write_text(CONFIG, encoding="utf-8")
    return config
