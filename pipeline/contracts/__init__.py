"""Data contracts (ODCS v3): the only place that says what a table's columns are."""
