"""The smallest rows of a clickstream, as CSV and as NDJSON."""

import json

HEADER = "event_id,occurred_at,event_name,customer_id,element_text\n"
TIME = "2026-01-15T10:00:00Z"


def event(name: str, text: str = "") -> str:
    return f"{name},{TIME},click,c1,{text}\n"


def line(name: str, **more: object) -> str:
    return json.dumps({"event_id": name, "occurred_at": TIME, "event_name": "click", "customer_id": "c1"} | more) + "\n"
