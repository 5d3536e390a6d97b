"""The entry point of `vigie` and `python -m bot`."""

import ctypes
import gc
import importlib
import os
import sys

# Parameters for glibc's mallopt(3): one arena for all threads, and free memory above half a megabyte is
# returned to the system. glibc would otherwise raise this limit to the size of the largest array ever freed.
# With a limit below 256 kB, the size of asyncio's read buffer, each read would request and return memory.
_MEMORY = ((-8, 1), (-1, 524_288), (-3, 524_288))  # M_ARENA_MAX, M_TRIM_THRESHOLD, M_MMAP_THRESHOLD


def main() -> None:
    """Run the command line. Ctrl-C ends it silently, even while its modules are being imported."""
    try:
        _main()
    except KeyboardInterrupt:
        sys.exit(130)


def _main() -> None:
    # If the shell closed a stream (<&-), open an empty stream instead. Otherwise a file opened later would
    # take the stream's number.
    for number, stream in enumerate(("stdin", "stdout", "stderr")):
        if getattr(sys, stream) is None:
            setattr(sys, stream, open(os.devnull, "w" if number else "r"))  # noqa: PTH123, SIM115 — a descriptor
    # These limits save 12 MB of memory once the bot has answered questions.
    if sys.platform == "linux" and (mallopt := getattr(ctypes.CDLL(None), "mallopt", None)):
        for parameter, value in _MEMORY:
            mallopt(parameter, value)
    # Imports create many objects and no garbage. Collecting garbage meanwhile would take a fifth of the
    # startup.
    gc.disable()
    # This prevents pydantic from looking for plugins in every installed package.
    os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")
    _leave_numpy_out()
    from bot.cli import main as cli  # noqa: PLC0415 — it imports every module

    gc.freeze()
    # An answer creates hundreds of short-lived objects. With this threshold, a collection frees as much
    # memory and takes only 2 % of an answer's time.
    gc.set_threshold(10_000)
    gc.enable()
    # A busy thread yields within a millisecond. With the default of five, while a question is being answered,
    # someone else's button press would wait five milliseconds at each of its system calls.
    sys.setswitchinterval(0.001)
    cli.main()


def _leave_numpy_out() -> None:
    """Import sqlite-utils without its support for numpy types, which saves 60 ms and 15 MB.

    The answer engine imports numpy at the first question.
    """
    if "numpy" in sys.modules:  # a program that runs the bot in its own process needs numpy's support
        return
    sys.modules["numpy"] = None  # type: ignore[assignment]  # makes its import fail
    try:
        importlib.import_module("sqlite_utils.db")
    finally:
        del sys.modules["numpy"]


if __name__ == "__main__":
    main()
