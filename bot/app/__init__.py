"""The composition root: the only room that sees all the others.

In: the settings. Out: a bot that is built once, run until it is stopped, and closed in order; and, for the
command line, the parts of a bot that need no open database.
"""
