"""The only door to DuckDB: open, query, load, replace a day, publish."""
