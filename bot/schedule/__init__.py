"""The clock, and the events that were already heard.

In: tasks and the time when each is due, events of a platform. Out: each task done once, in one transaction;
whether an event is new.
"""
