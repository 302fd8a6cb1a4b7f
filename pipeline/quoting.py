"""Names and words in SQL text: identifiers of contracts and paths of files, never values of rows."""


def quoted(name: str) -> str:
    """An identifier for SQL."""
    return '"' + name.replace('"', '""') + '"'


def text(value: object) -> str:
    """A text literal for SQL."""
    return "'" + str(value).replace("'", "''") + "'"
