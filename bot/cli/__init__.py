"""`vigie …`: one file for each group of commands.

In: what someone typed in a terminal. Out: French lines or JSON, and an exit code.
"""
