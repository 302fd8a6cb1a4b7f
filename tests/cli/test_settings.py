"""`friction.toml`: what the smallest file means, and what each mistake is told."""

from datetime import timedelta
from pathlib import Path

import pytest

from pipeline.detectors import all_signals, configured
from pipeline.errors import SettingsError
from pipeline.settings import Settings, load

SOURCE = '[[sources]]\nname = "web"\ncontract = "clickstream"\npath = "landing/{day}.csv"\n'


def read(folder: Path, text: str) -> Settings:
    path = folder / "friction.toml"
    path.write_text(text, encoding="utf-8")
    return load(path)


def test_the_smallest_file_has_a_default_for_everything_else(tmp_path):
    found = read(tmp_path, SOURCE)
    assert (found.project.timezone, found.project.currency, found.project.language) == ("UTC", "EUR", "en")
    assert found.warehouse == tmp_path / "warehouse" / "friction.duckdb"
    assert found.reports == tmp_path / "reports"
    assert found.window == timedelta(days=28)
    assert (found.sources[0].adapter, found.sources[0].timezone) == ("canonical", "UTC")
    assert read(tmp_path, "") == Settings(folder=tmp_path)


def test_settings_cannot_be_changed(tmp_path):
    found = read(tmp_path, SOURCE)
    with pytest.raises(ValueError, match="frozen"):
        found.project.currency = "TRY"


def test_a_path_may_be_absolute(tmp_path):
    found = read(tmp_path, '[project]\nwarehouse = "/var/friction/w.duckdb"\n')
    assert found.warehouse == Path("/var/friction/w.duckdb")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        pytest.param(
            '[project]\ntimzone = "UTC"\n',
            "unknown key 'project.timzone'. Did you mean 'timezone'? Known: currency,",
            id="unknown key of the project",
        ),
        pytest.param(
            "[projcet]\n",
            "unknown key 'projcet'. Did you mean 'project'? Known: project, signals, sources, storage, traffic.",
            id="unknown section",
        ),
        pytest.param(
            SOURCE + 'adaptor = "canonical"\n',
            "unknown key 'sources.0.adaptor'. Did you mean 'adapter'?",
            id="unknown key of a source",
        ),
        pytest.param('folder = "/"\n', "`folder` is not a key", id="the folder is where the file is"),
        pytest.param(
            '[project]\ntimezone = "Europe/Istambul"\n',
            "unknown time zone 'Europe/Istambul'. Did you mean 'Europe/Istanbul'?",
            id="unknown zone",
        ),
        pytest.param(
            SOURCE + 'timezone = "Mars"\n',
            "sources.0.timezone: Value error, unknown time zone 'Mars'",
            id="unknown zone of a source",
        ),
        pytest.param('[project]\ntimezone = "+03:00"\n', "unknown time zone", id="an offset is no zone"),
        pytest.param(
            '[project]\nlanguage = "de"\n',
            "project.language: Input should be 'en' or 'tr' (found 'de')",
            id="unknown language",
        ),
        pytest.param('[project]\ncurrency = "Euro"\n', "project.currency", id="a currency that is none"),
        pytest.param("[project]\nrates = { EUR = 2.0 }\n", "one EUR is one EUR", id="a rate of the own currency"),
        pytest.param("[project]\nrates = { USD = 0 }\n", "project.rates.USD", id="a rate that is none"),
        pytest.param("[project]\nrates = { dollar = 1.1 }\n", "project.rates.dollar", id="a rate of no currency"),
        pytest.param('[project]\ncurrency = "EURO"\n', "project.currency", id="nor one with a letter more"),
        pytest.param(
            '[project]\nwindow_days = "many"\n',
            "project.window_days: Input should be a valid integer",
            id="a number that is none",
        ),
        pytest.param(
            "[project]\nwindow_days = 0\n",
            "project.window_days: Input should be greater than or equal to 1 (found 0)",
            id="no window",
        ),
        pytest.param("[project]\nkeep_versions = 0\n", "project.keep_versions", id="no version"),
        pytest.param("[project]\nlate_days = -1\n", "project.late_days", id="early days"),
        pytest.param(SOURCE * 2, "2 sources are called 'web'. Give each its own name.", id="a name twice"),
        pytest.param(SOURCE.replace('"web"', '"a b"'), "sources.0.name", id="a name with a blank"),
        pytest.param(
            SOURCE.replace('contract = "clickstream"\n', ""), "sources.0.contract: Field required", id="no contract"
        ),
        pytest.param(
            "[traffic]\ninternal_adresses = []\n",
            "unknown key 'traffic.internal_adresses'. Did you mean 'internal_addresses'?",
            id="unknown key of the traffic",
        ),
        pytest.param(
            '[traffic]\ninternal_addresses = ["10.0.0.0/8", "10.1.2"]\n',
            "traffic.internal_addresses.1: Value error, '10.1.2' does not appear to be an IPv4 or IPv6 network. "
            "Write one like 203.0.113.7, 10.0.0.0/8 or 2001:db8::/32 (found '10.1.2')",
            id="no address",
        ),
        pytest.param(
            '[traffic]\ninternal_addresses = ["10.1.2.3/8"]\n',
            "10.1.2.3/8 has host bits set. Did you mean 10.0.0.0/8?",
            id="an address that is no network",
        ),
        pytest.param(
            '[traffic]\ninternal_addresses = "10.0.0.0/8"\n', "traffic.internal_addresses: Input", id="no list"
        ),
        pytest.param(
            '[traffic]\nbot_user_agents = ["(Monitor"]\n',
            "traffic.bot_user_agents.0: Value error, no regular expression: missing ), unterminated subpattern",
            id="no expression",
        ),
        pytest.param(
            '[traffic]\ncustomer_user_agents = ["x*"]\n', "it is found in every text", id="an expression of everybody"
        ),
        pytest.param('[traffic]\ninternal_customers = ["*"]\n', "it means everybody", id="everybody is a colleague"),
        pytest.param('[traffic]\ntest_customers = [""]\n', "it means everybody", id="a customer without an id"),
        pytest.param(
            "[traffic]\nmax_events_a_minute = 0\n",
            "traffic.max_events_a_minute: Input should be greater than or equal to 1 (found 0)",
            id="no events",
        ),
        pytest.param(
            SOURCE.replace("{day}", "{day:%B}"),
            "sources.0.path: Value error, '%B' in {day:%B} is no form of a day. Known: %Y,",
            id="a form of the day that is none",
        ),
        pytest.param(
            '[storage]\nregoin = "eu-west-1"\n',
            "unknown key 'storage.regoin'. Did you mean 'region'? Known: anonymous, endpoint, region. Credentials",
            id="unknown key of the storage",
        ),
        pytest.param(
            '[storage]\nendpoint = "minio:9000"\n',
            "an endpoint is http:// or https://, a host and perhaps a port, as https://minio.example:9000 (found",
            id="an endpoint without http",
        ),
        pytest.param(
            '[storage]\nendpoint = "https://host/bucket"\n', "an endpoint is http://", id="an endpoint with a bucket"
        ),
        pytest.param("signals = 7\n", "signals: Input should be a valid dictionary", id="signals that are no table"),
        pytest.param("[project\n", "friction.toml: Expected", id="no toml"),
        pytest.param("a = 1\na = 2\n", "friction.toml: ", id="a key twice"),
    ],
)
def test_a_mistake_is_told_with_file_place_and_what_is_known(tmp_path, text, words):
    with pytest.raises(SettingsError) as raised:
        read(tmp_path, text)
    assert str(tmp_path / "friction.toml") in str(raised.value)
    assert words in str(raised.value)


@pytest.mark.parametrize(
    "text",
    [
        '[storage]\nsecret_access_key = "{secret}"\n',
        '[storage]\nendpoint = "https://me:{secret}@host"\n',
        '[storage]\nendpoint = "https://me:a/{secret}@host"\n',
        SOURCE.replace("landing/{day}.csv", "s3://me:{secret}@landing/a.csv"),
        SOURCE.replace("landing/{day}.csv", "s3://me:{secret}@landing/{{day:%B}}.csv"),
    ],
)
def test_a_password_is_refused_and_not_shown(tmp_path, text):
    with pytest.raises(SettingsError, match="Credentials for object storage come from the environment") as raised:
        read(tmp_path, text.replace("{secret}", "s3cr3t").replace("{{", "{").replace("}}", "}"))
    assert "s3cr3t" not in str(raised.value)


def test_a_file_that_is_not_there_says_how_to_name_it(tmp_path):
    with pytest.raises(SettingsError, match=r"there is no .*friction.toml. Write one .* friction --config PATH"):
        load(tmp_path / "friction.toml")


@pytest.mark.parametrize("content", [b"\xff\xfe\x00", b"# caf\xe9\n"])
def test_a_file_that_is_not_utf_8_is_an_error(tmp_path, content):
    path = tmp_path / "friction.toml"
    path.write_bytes(content)
    with pytest.raises(SettingsError, match=r"friction\.toml"):
        load(path)


def test_a_folder_is_an_error(tmp_path):
    with pytest.raises(SettingsError, match="Is a directory"):
        load(tmp_path)


def test_traffic_is_looked_at_for_bots_and_impossible_rates_unless_told_otherwise(tmp_path):
    found = read(tmp_path, SOURCE).traffic
    assert (found.bots, found.max_events_a_minute) == (True, 600)
    assert (found.internal_addresses, found.internal_customers, found.test_customers) == ((), (), ())
    told = read(tmp_path, '[traffic]\nbots = false\ninternal_addresses = ["203.0.113.7", "2001:db8::/32"]\n').traffic
    assert (told.bots, told.internal_addresses) == (False, ("203.0.113.7", "2001:db8::/32"))


# --- parameters of signals --------------------------------------------------------------------------------------------


def test_a_parameter_replaces_its_default_and_changes_the_stamp():
    before = all_signals()["rage_click"]
    found = configured({"rage_click": {"min_clicks": 3, "within": 2}})["rage_click"]
    assert found.parameters.min_clicks == 3
    assert found.parameters.within == timedelta(seconds=2)
    assert found.stamp != before.stamp
    assert all_signals()["rage_click"] == before
    assert configured({}) == all_signals()


def test_a_stage_may_have_parameters_of_its_own_over_those_of_the_signal():
    given = {"repeated_search": {"within": 30, "stages": {"checkout": {"within": 90}}}}
    found = configured(given, ["checkout"])["repeated_search"]
    assert found.parameters.within == timedelta(seconds=30)
    assert {stage: its.within for stage, its in found.by_stage.items()} == {"checkout": timedelta(seconds=90)}


@pytest.mark.parametrize(
    ("given", "words"),
    [
        (
            {"pay": {"min_clicks": 3}},
            "signals.rage_click.stages: the journey has no stage 'pay'. Did you mean 'payment'?",
        ),
        ({"payment": {"min_click": 3}}, "signals.rage_click.stages.payment.min_click: unknown parameter."),
        ({"min_clicks": 3}, "signals.rage_click.stages: expected a table per stage, like [signals.rage_click.stages."),
    ],
)
def test_a_mistake_in_the_parameters_of_a_stage_is_told(given, words):
    with pytest.raises(SettingsError) as raised:
        configured({"rage_click": {"stages": given}}, ["checkout", "payment"])
    assert words in str(raised.value)


@pytest.mark.parametrize(
    ("overrides", "words"),
    [
        ({"rage_clik": {}}, "there is no signal 'rage_clik'. Did you mean 'rage_click'? Known: cart_abandonment,"),
        (
            {"rage_click": {"min_click": 3}},
            "signals.rage_click.min_click: unknown parameter. Did you mean 'min_clicks'?",
        ),
        ({"rage_click": {"min_clicks": "3"}}, "signals.rage_click.min_clicks: expected int like 0, found '3'"),
        ({"rage_click": {"min_clicks": 3.5}}, "expected int like 0, found 3.5"),
        ({"rage_click": {"min_clicks": True}}, "expected int like 0, found True"),
        ({"rage_click": {"within": "1s"}}, "expected seconds like 0.0, found '1s'"),
        ({"rage_click": {"within": True}}, "expected seconds like 0.0, found True"),
    ],
)
def test_a_mistake_in_a_parameter_names_it_and_what_is_expected(overrides, words):
    with pytest.raises(SettingsError) as raised:
        configured(overrides)
    assert words in str(raised.value)


def test_parameters_come_from_the_file(tmp_path):
    found = read(tmp_path, "[signals.rage_click]\nmin_clicks = 7\n")
    assert configured(found.signals)["rage_click"].parameters.min_clicks == 7
