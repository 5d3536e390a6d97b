"""Sealed copies of the database, restoring one, and what must never come back from it.

In: the database. Out: encrypted copies that expire.
"""
