"""The clock, and the events already received, which a platform in doubt sends again.

In: tasks and the time when each is due, events of a platform. Out: each task done, in one transaction
with its row (an errand may run twice); whether an event is new.
"""
