"""The clock that runs due tasks, and the record of received events, which a platform may send twice.

In: tasks with their due times, and the identifiers of platform events. Out: each task runs once, in the
transaction that removes its row (an errand may run twice); each event is new or not.
"""
