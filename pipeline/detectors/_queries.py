"""Searches as customers mean them: what two spellings of one query have in common."""

import polars as pl

SEARCHES = ("search", "view_search_results")


def normalised(query: pl.Expr) -> pl.Expr:
    """A query in compatible characters (NFKC), lower case and single spaces; null where nothing is left.

    The dot that lower case leaves over a Turkish capital İ is dropped.
    """
    plain = query.str.normalize("NFKC").str.to_lowercase().str.replace_all("i\u0307", "i", literal=True)
    spaced = plain.str.replace_all(r"\s+", " ").str.strip_chars()
    return pl.when(spaced != "").then(spaced)
