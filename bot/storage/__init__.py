"""SQLite storage (one file, one writing thread, transactions), and small durable files beside it.

In: functions to run on the storage thread. Out: their results, once committed, or a `StorageError` whose
French text says what to do. This room also defines the tables of all the other rooms.
"""
