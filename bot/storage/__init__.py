"""SQLite storage (one file, one writing thread, transactions), and small durable files beside it.

In: functions to run on the storage thread. Out: their results, once committed, or a `StorageError` whose
French text says what to do. It also defines the tables of every room.
"""
