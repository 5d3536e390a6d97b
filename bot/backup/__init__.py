"""Sealed copies of the database, restoration, and the record of destroyed rows, which must not be restored.

In: the database, and the rows about to be destroyed. Out: sealed copies (nightly ones, which expire, and the
latest hourly one), a database restored from a copy, and the archive that one keeper of Vigie hands to the
next.
"""
