"""A process that opens a database, writes facts into it, and tells each one that it was acknowledged.

`python -m tests.kits.storage_child PATH [RLIMIT_FSIZE]`: it says « ouverte », then « fait N » for each fact;
a refusal is one line that begins with « refus ».
"""

from __future__ import annotations

import resource
import secrets
import sys
from pathlib import Path

from bot.storage.database import Storage, StorageError

FACT = "fait"


def write(storage: Storage, number: int) -> None:
    with storage.transaction() as db:
        db.conn.execute("INSERT INTO people (id) VALUES (?)", (f"{FACT}-{number}",))
        db.conn.execute("INSERT INTO state VALUES (?, ?)", (f"{FACT}-{number}", secrets.token_hex(2_000)))


def say(*words: object) -> None:
    sys.stdout.write(" ".join(str(word) for word in words) + "\n")
    sys.stdout.flush()


def main() -> int:
    path = Path(sys.argv[1])
    if len(sys.argv) > 2:
        limit = int(sys.argv[2])
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
    try:
        storage = Storage(path)
        say("ouverte")
        for number in range(10_000):
            storage.executor.submit(write, storage, number).result()
            say(FACT, number)
    except StorageError as error:
        say("refus", error)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
