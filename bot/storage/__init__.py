"""SQLite: one file, one writing thread, transactions; and small durable files beside it.

In: work to do on the storage thread. Out: what it returns, once committed.
"""
