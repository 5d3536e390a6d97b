"""Article 5.10: reports of negative posts, carried anonymously to whoever handles them.

In: what a person wrote, never who they are. Out: sealed cases, alerts and escalations for the outbox, and
answers to whoever holds the code of a report.
"""
