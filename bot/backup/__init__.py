"""Sealed copies of the database, restoration, and the record of destroyed rows, which must not be restored.

In: the database, and the rows about to be destroyed. Out: sealed nightly copies, which expire, and one of the
last hour, a database restored from a copy, and the archive that a keeper hands to the next.
"""
