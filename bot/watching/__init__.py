"""The outside source of the policies' texts, checked each day for changes.

In: an address of the association's site, or a folder. Out: a text to correct, and notices about it.
"""
