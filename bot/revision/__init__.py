"""The life of a revision: proposed, approved, put in force, told to everyone concerned.

In: a new text. Out: what changed clause by clause, notices, and a ledger of who was told.
"""
