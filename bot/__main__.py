"""The entry point of `vigie` and `python -m bot`."""

import ctypes
import gc
import importlib
import os
import sys

# Parameters for glibc's mallopt(3): one arena for all threads, and free memory beyond half a megabyte is
# returned to the system. glibc would otherwise raise that limit to the largest array ever freed. A limit
# below 256 kB, the size of asyncio's read buffer, would request and return memory at each read.
_MEMORY = ((-8, 1), (-1, 524_288), (-3, 524_288))  # M_ARENA_MAX, M_TRIM_THRESHOLD, M_MMAP_THRESHOLD


def main() -> None:
    """Run the command line. Ctrl-C ends it in silence, even while its modules are imported."""
    try:
        _main()
    except KeyboardInterrupt:
        sys.exit(130)


def _main() -> None:
    # A stream that the shell closed (<&-) is opened as empty: a file opened later would otherwise take its
    # number.
    for number, stream in enumerate(("stdin", "stdout", "stderr")):
        if getattr(sys, stream) is None:
            setattr(sys, stream, open(os.devnull, "w" if number else "r"))  # noqa: PTH123, SIM115 — a descriptor
    # This saves 12 MB of memory once the bot has answered questions.
    if sys.platform == "linux" and (mallopt := getattr(ctypes.CDLL(None), "mallopt", None)):
        for parameter, value in _MEMORY:
            mallopt(parameter, value)
    # Importing modules creates many objects and no garbage. Collecting garbage meanwhile would take a fifth
    # of the startup time.
    gc.disable()
    # Keeps pydantic from looking for plugins in every installed package.
    os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")
    _leave_numpy_out()
    from bot.cli import main as cli  # noqa: PLC0415 — it imports every module

    gc.freeze()
    # An answer creates hundreds of short-lived objects. With this threshold, collection frees as much memory
    # and takes only 2 % of an answer's time.
    gc.set_threshold(10_000)
    gc.enable()
    # A thread that computes yields within a millisecond. With the default of five, while a question is being
    # answered, someone else's button press would wait five milliseconds at each of its system calls.
    sys.setswitchinterval(0.001)
    cli.main()


def _leave_numpy_out() -> None:
    """Import sqlite-utils without its support for numpy types, which saves 60 ms and 15 MB.

    The answer engine imports numpy at the first question.
    """
    if "numpy" in sys.modules:  # a program that runs the bot in its own process needs it whole
        return
    sys.modules["numpy"] = None  # type: ignore[assignment]  # makes its import fail
    try:
        importlib.import_module("sqlite_utils.db")
    finally:
        del sys.modules["numpy"]


if __name__ == "__main__":
    main()
