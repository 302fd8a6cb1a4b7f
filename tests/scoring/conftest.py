"""Figures of the Monte-Carlo tests, as one small table at the end of `pytest tests/scoring`."""

from collections.abc import Callable

import pytest


@pytest.fixture
def figure(record_property) -> Callable[[str, str, str], None]:
    """Note what was measured, and what was asked of it."""

    def note(what: str, found: str, asked: str) -> None:
        record_property("figure", f"{what:<82} {found:>14}   {asked}")

    return note


def pytest_terminal_summary(terminalreporter) -> None:
    reports = [*terminalreporter.getreports("passed"), *terminalreporter.getreports("failed")]
    lines = sorted({str(text) for report in reports for name, text in report.user_properties if name == "figure"})
    if lines:
        terminalreporter.section("figures of the scores")
        for line in lines:
            terminalreporter.write_line(line)
