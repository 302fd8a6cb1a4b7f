"""Flags and decided visits → what friction costs: rates, effects, shares, trends; pure functions over frames."""
