import re
import tomllib
from pathlib import Path

import pytest

from pipeline.detectors import all_signals
from pipeline.errors import SettingsError
from pipeline.journeys import journey
from pipeline.reports import words
from pipeline.reports.html import why

OTHERS = [language for language in words.languages() if language != "en"]


def flat(content, prefix=""):
    for key, value in content.items():
        if isinstance(value, dict):
            yield from flat(value, f"{prefix}{key}.")
        else:
            yield f"{prefix}{key}", value


def table(language):
    return dict(flat(tomllib.loads((words.FOLDER / f"{language}.toml").read_text(encoding="utf-8"))))


def test_reports_speak_english_and_turkish():
    assert words.languages() == ["en", "tr"]


@pytest.mark.parametrize("language", OTHERS)
def test_each_language_has_the_same_words_with_the_same_places(language):
    def places(text):
        return sorted(re.findall(r"{(\w+)}", text))

    english, other = table("en"), table(language)
    assert list(english) == list(other)
    assert {key: places(text) for key, text in other.items()} == {key: places(text) for key, text in english.items()}


@pytest.mark.parametrize("language", words.languages())
def test_no_word_is_empty_or_stays_untranslated_by_mistake(language):
    assert all(text.strip() for text in table(language).values())
    if language != "en":
        same = {key for key, text in table(language).items() if table("en")[key] == text}
        assert same <= {"text.dash_interval", "text.brand", "locus_types.form", "set_aside.bot", "set_aside.test"}


@pytest.mark.parametrize("language", words.languages())
def test_every_word_of_the_page_is_used(language):
    used = "".join(
        path.read_text(encoding="utf-8")
        for path in [*words.FOLDER.parent.glob("*.py"), *(words.FOLDER.parent / "templates").iterdir()]
    )
    unused = {
        key
        for key in words.load(language).text
        if not key.startswith("reading_") and not re.search(rf"[\"']{key}[\"']|\bt\.{key}\b", used)
    }
    assert unused == set()


@pytest.mark.parametrize("language", words.languages())
def test_each_signal_and_each_stage_that_is_built_in_has_a_label(language):
    said = words.load(language).labels
    assert set(all_signals()) <= set(said["signals"])
    assert {stage.name for stage in journey.load("ecommerce", Path()).stages} <= set(said["stages"])


def test_an_unknown_name_is_shown_with_spaces():
    assert words.load("en").label("signals", "teleport_failure") == "teleport failure"


def test_an_unknown_language_says_what_is_known():
    with pytest.raises(SettingsError, match="Known: en, tr"):
        words.load("xx")


@pytest.mark.parametrize(("number", "said"), [(1, "1 new friction point"), (2, "2 new friction points")])
def test_one_is_not_many(number, said):
    assert words.load("en").count("new_points", number, str(number)) == said


@pytest.mark.parametrize(
    ("parts", "said"), [([], ""), (["a"], "a"), (["a", "b"], "a and b"), (list("abc"), "a, b and c")]
)
def test_parts_are_joined_as_people_do(parts, said):
    assert words.load("en").joined(parts) == said


@pytest.mark.parametrize(
    ("reason", "english", "turkish"),
    [
        ("no rows in orders", "no rows in orders", "orders tablosunda satır yok"),
        (
            "no events named login_error, login",
            "no events named login_error, login",
            "login_error, login adlı olay yok",
        ),
        ("no waits of type queue", "no waits of type queue", "queue türünde bekleme yok"),
        ("no stage of the journey is made of contact",) * 2 + ("yolculukta contact türünde aşama yok",),
        ("no stage of the journey is named cart (signals.cart_abandonment.stage)",) * 2
        + ("yolculukta cart (signals.cart_abandonment.stage) adlı aşama yok",),
    ],
)
def test_why_a_signal_is_not_measurable_is_said_in_the_readers_language(reason, english, turkish):
    assert [why(words.load(language), reason) for language in ("en", "tr")] == [english, turkish]
