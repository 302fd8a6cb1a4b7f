"""Episodes: every signal planted by a short script, its near misses, and the noise of ordinary days.

A new signal needs a `Script` in the file of its kind (`clicks`, `pages`, `tasks`, `contacts`, `orders`, `across`) with
what must be flagged (`Planted`), and one of kind `near_miss` that stays just under the definition. `book` finds them,
`playing` draws who has which when, `tables` makes rows of them, `telling` the truth. Nothing here knows a detector.
"""
