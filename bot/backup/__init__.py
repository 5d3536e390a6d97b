"""Sealed copies of the database, restoration, and the record of destroyed rows, which must not be restored.

In: the database, and the rows about to be destroyed. Out: encrypted nightly copies, which expire, and a
database restored from a copy.
"""
