"""The clock, and what was already heard.

In: tasks that are due at a time. Out: each done once, in one transaction.
"""
