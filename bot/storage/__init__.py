"""SQLite: one file, one writing thread, transactions; and small durable files beside it.

In: work to do on the storage thread. Out: its result, once committed, or a `StorageError` that says in French
what to do. It also holds the tables of every room.
"""
