"""The corpus: every bad file by its name."""

from tests.hostile import columnar, jsons, logs, packed, places, sheets, texts, values
from tests.hostile.bad import BadFile

FILES: list[BadFile] = [
    *texts.FILES,
    *jsons.FILES,
    *values.FILES,
    *packed.FILES,
    *columnar.FILES,
    *sheets.FILES,
    *logs.FILES,
    *places.FILES,
]
CORPUS: dict[str, BadFile] = {each.name: each for each in FILES}
