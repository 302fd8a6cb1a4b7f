"""Files of any source → rows with the canonical columns' names; a source is a mapping file, not code."""
