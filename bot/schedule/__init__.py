"""The clock, and the events that were already heard.

In: tasks and the time when each is due, events of a platform. Out: each task done, in one transaction
with its row (an errand may run twice); whether an event is new.
"""
