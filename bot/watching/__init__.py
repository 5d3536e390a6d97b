"""The source of the policies' texts, outside of Vigie: asked each day whether what it holds has changed.

In: an address of the association's site, or a folder. Out: a text to correct, and notices about it.
"""
