"""`vigie`, or `python -m bot`."""

from __future__ import annotations

import ctypes
import gc
import importlib
import sys

# For glibc's mallopt(3): one arena for all threads, and free memory beyond half a megabyte goes back to the
# system, a limit that glibc would otherwise raise to the largest array ever freed. Below 256 kB, each of
# asyncio's reads, which has that much room, would be memory asked of the system and given back.
_MEMORY = ((-8, 1), (-1, 524_288), (-3, 524_288))  # M_ARENA_MAX, M_TRIM_THRESHOLD, M_MMAP_THRESHOLD


def main() -> None:
    """Run the command line."""
    # The C library keeps less of what is freed: 12 MB less, once questions are answered.
    if sys.platform == "linux" and (mallopt := getattr(ctypes.CDLL(None), "mallopt", None)):
        for parameter, value in _MEMORY:
            mallopt(parameter, value)
    # Reading modules makes many objects and leaves no garbage: collecting meanwhile costs a fifth of
    # the start.
    gc.disable()
    _leave_numpy_out()
    from bot.cli import main as cli  # noqa: PLC0415 — it reads every module

    gc.freeze()
    # An answer makes hundreds of objects that are gone with it: looking through them less often finds as
    # much, for a fiftieth of the time that an answer takes.
    gc.set_threshold(10_000)
    gc.enable()
    cli.main()


def _leave_numpy_out() -> None:
    """Import sqlite-utils without numpy, whose types it would know how to store: 60 ms and 15 MB less.

    The engine imports numpy at the first question.
    """
    sys.modules["numpy"] = None  # type: ignore[assignment]  # so that importing it fails
    try:
        importlib.import_module("sqlite_utils.db")
    finally:
        del sys.modules["numpy"]


if __name__ == "__main__":
    main()
