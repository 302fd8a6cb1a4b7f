"""What a run has computed and why, in words: what the command line prints and `friction status` shows."""

from collections.abc import Sequence
from datetime import date, timedelta
from itertools import groupby

import duckdb

WORDS = {
    "asked": "asked for",
    "new_file": "a new file",
    "changed_file": "a changed file",
    "late_rows": "late rows",
    "corrected_rows": "corrected rows",
    "set_aside": "rows set aside otherwise",
    "forgotten": "a customer was forgotten",
    "settings": "other settings",
    "looks_back": "looks back on {}",
    "period": "scores only, the period holds {}",
    "segments": "scores only, segments of customers changed",
    "too_late": "changed too late, left as it was",
}


def last_run(con: duckdb.DuckDBPyConnection) -> str | None:
    """The run that was published last."""
    found = con.execute("select run_id from ops.runs order by started_at desc, rowid desc limit 1").fetchall()
    return str(found[0][0]) if found else None


def again(con: duckdb.DuckDBPyConnection, run_id: str | None, asked: Sequence[date] = ()) -> list[str]:
    """Spans of days that a run has computed besides those that it was asked for, with why; in order."""
    rows = con.execute(
        "select day, reason, changed_day from ops.computed where run_id = $run and reason <> 'asked' "
        "and not list_contains($asked::date[], day) order by day",
        {"run": run_id, "asked": list(asked)},
    ).fetchall()
    return [f"{span} ({words})" for span, words in _spans([(d, WORDS[reason].format(at)) for d, reason, at in rows])]


def _spans(told: Sequence[tuple[date, str]]) -> list[tuple[str, str]]:
    """Days in a row of which the same is told, as a span and the words; in order."""
    spans = []
    for (_, words), group in groupby(enumerate(told), lambda each: (each[1][0] - timedelta(days=each[0]), each[1][1])):
        days = [day for _, (day, _) in group]
        spans.append((f"{days[0]}" if len(days) == 1 else f"{days[0]} to {days[-1]}", words))
    return spans


def lines(con: duckdb.DuckDBPyConnection, asked: Sequence[date]) -> list[str]:
    """What the last run has to say: asked days for which there was nothing new, and which days it computed again."""
    run = last_run(con)
    done = {day for (day,) in con.execute("select day from ops.computed where run_id = $run", {"run": run}).fetchall()}
    told = [
        f"nothing new: {span} {'stay as they were' if ' to ' in span else 'stays as it was'} computed."
        for span, _ in _spans([(day, "") for day in asked if day not in done])
    ]
    count = len(done - set(asked))
    if count:
        told.append(f"{count} {'day' if count == 1 else 'days'} again: {', '.join(again(con, run, asked))}")
    return told
