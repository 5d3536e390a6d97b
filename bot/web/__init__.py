"""The form for reports, without account or script.

In: HTTP from anybody. Out: pages, and reports filed as those of the chat are.
"""
