"""What a user is told where object storage does not give what was asked for."""

import socket

import pytest

from pipeline.errors import InputError, SettingsError, StorageError
from pipeline.settings import Storage
from pipeline.sources import storage
from tests.sources.storage.conftest import OURS, Fill
from tests.sources.storage.server import answering, free_port

SECRET = OURS["AWS_SECRET_ACCESS_KEY"]


@pytest.fixture(autouse=True)
def impatient(monkeypatch):
    """Tests do not wait as long as nights do."""
    monkeypatch.setattr(storage, "ATTEMPTS", 2)
    monkeypatch.setattr(storage, "SILENT_SECONDS", 1)
    monkeypatch.setattr(storage, "CONNECT_SECONDS", 1)


def listing(address: str, options: Storage) -> None:
    storage.find(storage.connect(address, options), address)


def reading(address: str, options: Storage) -> None:
    with storage.fetched(storage.connect(address, options), address):
        raise AssertionError("it was read")


def test_a_bucket_that_is_missing_is_named_with_its_server(server, options):
    with pytest.raises(InputError) as raised:
        listing("s3://nobodys-bucket/landing/2026-01-15/*.csv", options)
    told = str(raised.value)
    for words in (
        "s3://nobodys-bucket/landing/2026-01-15/: there is no bucket 'nobodys-bucket'",
        f"at {server.endpoint}, region us-east-1",
        "Correct the path, or `endpoint` and `region` in [storage]",
    ):
        assert words in told


def test_an_object_that_is_missing_is_named(fill: Fill, options):
    with pytest.raises(StorageError, match=r"s3://.*/none\.csv: is not there, or no longer\. Correct the path, or run"):
        reading(f"s3://{fill({})}/none.csv", options)


def test_who_is_nobody_is_refused_what_is_not_open_to_everybody(fill: Fill, options):
    address = f"s3://{fill({'a.csv': b'x'})}/a.csv"
    with pytest.raises(InputError, match=r"a\.csv: .* refuses it"):
        reading(address, options.model_copy(update={"anonymous": True}))


DENIED = [
    (403, "AccessDenied", "Access Denied"),
    (403, "InvalidAccessKeyId", "The key does not exist in our records."),
    (403, "SignatureDoesNotMatch", "The signature does not match."),
    (400, "ExpiredToken", "The provided token has expired."),
    (400, "InvalidToken", "The provided token is malformed."),
]


@pytest.mark.parametrize("answer", DENIED, ids=[code for _, code, _ in DENIED])
def test_a_refusal_says_where_credentials_come_from_and_is_not_tried_again(answer):
    with answering(*answer) as (endpoint, asked), pytest.raises(InputError) as raised:
        listing("s3://landing/web/*.csv", Storage(endpoint=endpoint))
    told = str(raised.value)
    for words in (
        f"s3://landing/web/: {endpoint}, region us-east-1 refuses it: ",
        "Credentials for object storage come from the environment or an AWS profile, never from friction.toml",
        "AWS_ACCESS_KEY_ID",
        "AWS_PROFILE",
        "`anonymous = true` in [storage]",
    ):
        assert words in told
    assert SECRET not in told
    assert len(asked) == 1
    assert not isinstance(raised.value, StorageError), "another attempt would be refused as well"


@pytest.mark.parametrize("ask", [listing, reading])
def test_listing_and_reading_are_refused_in_the_same_words(ask):
    words = r"refuses it: .*ACCESS_DENIED.* must be valid and allow s3:ListBucket"
    with answering(403, "AccessDenied", "no") as (endpoint, _), pytest.raises(InputError, match=words):
        ask("s3://landing/a.csv", Storage(endpoint=endpoint))


@pytest.mark.parametrize(
    "answer",
    [
        (301, "PermanentRedirect", "The bucket must be addressed using the specified endpoint."),
        (400, "AuthorizationHeaderMalformed", "the region 'us-east-1' is wrong; expecting 'eu-central-1'"),
    ],
    ids=["another region", "signed for another region"],
)
@pytest.mark.parametrize("ask", [listing, reading])
def test_a_bucket_of_another_region_says_how_to_name_it(answer, ask):
    with answering(*answer) as (endpoint, _), pytest.raises(InputError) as raised:
        ask("s3://landing/a.csv", Storage(endpoint=endpoint))
    assert "Set the bucket's `region` in [storage], or AWS_REGION" in str(raised.value)
    assert ("expecting 'eu-central-1'" in str(raised.value)) == (ask is listing and answer[0] == 400)


@pytest.mark.parametrize("answer", [(503, "SlowDown", "Please reduce your request rate."), (500, "InternalError", "?")])
@pytest.mark.parametrize("ask", [listing, reading])
def test_a_busy_server_is_asked_a_few_times_and_another_attempt_may_succeed(answer, ask):
    words = r"cannot be reached or is too busy: .* Run again, or correct `endpoint`"
    with answering(*answer) as (endpoint, asked), pytest.raises(StorageError, match=words):
        ask("s3://landing/a.csv", Storage(endpoint=endpoint))
    assert len(asked) == storage.ATTEMPTS


@pytest.mark.parametrize("ask", [listing, reading])
def test_a_server_that_is_not_there_is_named(ask):
    endpoint = f"http://127.0.0.1:{free_port()}"
    with pytest.raises(StorageError, match=f"s3://landing/.*: {endpoint}, region us-east-1 cannot be reached"):
        ask("s3://landing/a.csv", Storage(endpoint=endpoint))


def test_a_server_that_never_answers_is_given_up():
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen(9)
        with pytest.raises(StorageError, match=r"cannot be reached or is too busy: .*Timeout"):
            listing("s3://landing/a.csv", Storage(endpoint=f"http://127.0.0.1:{silent.getsockname()[1]}"))


def test_another_refusal_is_told_as_it_is():
    words = r"s3://landing/: cannot be read from .*A conflicting operation"
    with (
        answering(409, "OperationAborted", "A conflicting operation.") as (url, _),
        pytest.raises(InputError, match=words),
    ):
        listing("s3://landing/*", Storage(endpoint=url))


# --- how a server is named -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_S3"])
def test_the_environment_may_name_the_server(server, fill: Fill, monkeypatch, name):
    monkeypatch.setenv(name, server.endpoint)
    bucket = fill({"a.csv": b"x"})
    store = storage.connect("s3://any/thing", Storage())
    assert storage.find(store, f"s3://{bucket}/*") == [f"s3://{bucket}/a.csv"]


def test_the_settings_come_before_the_environment(monkeypatch):
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://another:1")
    monkeypatch.setenv("AWS_REGION", "eu-west-1")
    named = Storage(endpoint="http://127.0.0.1:9000/", region="tr-1")
    assert storage.connect("s3://a/b", named).where == "http://127.0.0.1:9000, region tr-1"
    assert storage.connect("s3://a/b", Storage()).where == "http://another:1, region eu-west-1"
    monkeypatch.delenv("AWS_ENDPOINT_URL")
    assert storage.connect("s3://a/b", Storage()).where == "Amazon S3, region eu-west-1"


@pytest.mark.parametrize("given", ["127.0.0.1:9000", "http://user:s3cr3t/of-nobody@host"])
def test_a_server_of_the_environment_that_is_none_is_an_error_that_names_the_variable(monkeypatch, given):
    monkeypatch.setenv("AWS_ENDPOINT_URL", given)
    with pytest.raises(SettingsError, match="the environment's AWS_ENDPOINT_URL: ") as raised:
        storage.connect("s3://a/b", Storage())
    assert SECRET not in str(raised.value)


def test_an_address_with_a_password_is_refused_without_showing_it():
    with pytest.raises(SettingsError, match="holds a password") as raised:
        storage.connect(f"s3://nobody:{SECRET}@landing/a.csv", Storage())
    assert SECRET not in str(raised.value)
