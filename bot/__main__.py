"""`vigie`, or `python -m bot`."""

from __future__ import annotations

import ctypes
import gc
import importlib
import sys

# What glibc's mallopt(3) is told: one arena for all threads, and to give back what is free beyond half a
# megabyte, a limit that it would otherwise raise to the largest array ever freed. Below 256 kB, each of
# asyncio's reads, which has that much room, would be memory asked of the system and given back.
_MEMORY = ((-8, 1), (-1, 524_288), (-3, 524_288))  # M_ARENA_MAX, M_TRIM_THRESHOLD, M_MMAP_THRESHOLD


def main() -> None:
    """Run the command line."""
    _give_memory_back()
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
    """Have sqlite-utils do without numpy, whose types it would know how to store: 60 ms and 15 MB.

    What answers questions reads numpy at the first one.
    """
    sys.modules["numpy"] = None  # type: ignore[assignment]  # so that importing it fails
    try:
        importlib.import_module("sqlite_utils.db")
    finally:
        del sys.modules["numpy"]


def _give_memory_back() -> None:
    """Have the C library keep less of what is freed: 12 MB, once questions are answered."""
    if sys.platform == "linux":
        mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
        if mallopt is not None:
            for parameter, value in _MEMORY:
                mallopt(parameter, value)


if __name__ == "__main__":
    main()
