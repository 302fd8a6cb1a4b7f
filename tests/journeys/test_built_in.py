"""The built-in journeys: each stage is entered by its events and pages, and completed by what it says."""

from pathlib import Path

import pytest

from pipeline.journeys.journey import BUILT_IN, load
from tests.detectors.nights import night, world

JOURNEYS = sorted(path.stem for path in BUILT_IN.glob("*.toml"))
each_journey = pytest.mark.parametrize("name", JOURNEYS)
SESSION_STAGES = [
    pytest.param(name, stage, id=f"{name}-{stage.name}")
    for name in JOURNEYS
    for stage in load(name, Path()).of_sessions
]


def test_the_built_in_journeys_are_those_that_are_told_of():
    assert JOURNEYS == ["banking", "contact_centre", "ecommerce", "saas_onboarding", "travel"]


@each_journey
def test_every_stage_has_a_label_in_both_languages_and_an_owner(name):
    for stage in load(name, Path()).stages:
        assert set(stage.label) == {"en", "tr"}
        assert stage.owner


@each_journey
def test_waits_have_targets_that_a_stage_knows(name):
    journey = load(name, Path())
    contact = journey.made_of("contact")
    assert contact
    assert set(journey.targets) <= set(contact.wait_types)


@each_journey
def test_no_event_and_no_page_belongs_to_two_stages(name):
    stages = load(name, Path()).of_sessions
    events = [event for stage in stages for event in stage.events]
    pages = [page for stage in stages for page in stage.pages]
    assert sorted(set(events)) == sorted(events)
    assert sorted(set(pages)) == sorted(pages)


def stage_of(name: str, event: str, page: str) -> dict[str, str]:
    rows = f"""
        customer_id | event_id | event_name | page_path | occurred_at
        a           | a1       | {event}    | {page}    | 10:00
        a           | a2       | scroll     |           | 10:01
    """
    found = night(world(rows), journey=load(name, Path())).stage_visits
    return dict(found.select("stage", "outcome").iter_rows())


@pytest.mark.parametrize(("name", "stage"), SESSION_STAGES)
def test_a_stage_is_entered_by_each_of_its_events_and_pages(name, stage):
    for event in stage.events:
        assert list(stage_of(name, event, "/elsewhere")) == [stage.name], event
    for page in stage.pages:
        assert list(stage_of(name, "page_view", page.replace("*", "/x"))) == [stage.name], page


@pytest.mark.parametrize(("name", "stage"), SESSION_STAGES)
def test_a_stage_is_completed_by_each_of_the_events_that_it_names(name, stage):
    assert stage.completed_by
    enters = stage.events[0]
    for event in stage.completed_by:
        rows = f"""
            customer_id | event_id | event_name | occurred_at
            a           | a1       | {enters}   | 10:00
            a           | a2       | {event}    | 10:01
        """
        found = night(world(rows), journey=load(name, Path())).stage_visits
        assert dict(found.select("stage", "outcome").iter_rows())[stage.name] == "completed", event
