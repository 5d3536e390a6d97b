"""The composition root: the only room that assembles the others.

In: the settings. Out: a bot that is built once, runs until it is stopped, and closes its parts in order. For
the command line, also the parts of a bot that do not need an open database.
"""
