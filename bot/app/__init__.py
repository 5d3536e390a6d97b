"""The composition root: the only room that assembles the others.

In: the settings. Out: a bot that is built once, runs until it is stopped, and closes in order. The command
line gets the parts of a bot that do not need an open database.
"""
