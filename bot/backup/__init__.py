"""Sealed copies of the database, restoring one, and what must never come back from it.

In: the database, and the rows about to be destroyed. Out: copies, encrypted each night, which expire; a
database restored from one.
"""
