"""Sealed copies of the database, restoration, and the record of destroyed rows, which must not be restored.

In: the database, and the rows about to be destroyed. Out: sealed copies of each night, which expire,
and of the last hour; a database restored from a copy; the archive that a keeper hands to the next.
"""
