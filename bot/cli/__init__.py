"""The `vigie` command line: one file for each group of commands.

In: the arguments typed in a terminal. Out: lines of French or JSON, and an exit code.
"""
