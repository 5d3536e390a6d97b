"""The clock that runs due tasks, and the record of received events, which a platform may send twice.

In: tasks with their due times, and platform events. Out: each task run once, in the transaction that removes
its row (an errand may run twice), and whether an event is new.
"""
