"""The messages of the process to its service manager: ready, alive, stopping.

Each message is a datagram of NAME=value lines, sent to the manager's socket (sd_notify(3)). Outside a
service, nothing is sent.
"""

import asyncio
import logging
import os
import socket
from collections.abc import Callable

from bot.logs import loggable
from bot.storage.database import Storage

logger = logging.getLogger(__name__)

READY = "READY=1"
STOPPING = "STOPPING=1"
_ALIVE = "WATCHDOG=1"


def notify(*lines: str) -> None:
    """Notify the service manager, if there is one.

    `lines`: such as `READY`. Each is cut at its first newline.
    """
    address = os.environ.get("NOTIFY_SOCKET", "")
    if not address:
        return
    message = "\n".join(line.partition("\n")[0] for line in lines).encode()
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sender:
            sender.settimeout(0)
            # « @ » stands for the null byte at the start of a socket's address outside the file system
            # (unix(7)).
            sender.sendto(message, f"\0{address[1:]}" if address.startswith("@") else address)
    except OSError as error:
        logger.warning("the service manager was not notified: %s", loggable(error))


def status(line: str) -> str:
    """Return the notification that shows a line in the service's status."""
    return f"STATUS={line}"


async def keep_watchdog(storage: Storage, alive: Callable[[], bool]) -> None:
    """Notify the service manager that the process works, as often as the manager asks.

    Return at once if it does not ask. Nothing is sent while the event loop or the storage thread is stuck, or
    while `alive` returns False: the manager then ends the process and starts another.
    """
    microseconds, process = os.environ.get("WATCHDOG_USEC", ""), os.environ.get("WATCHDOG_PID", "")
    awaited = microseconds.isdecimal() and process in {"", str(os.getpid())}
    period = int(microseconds) / 1e6 if awaited else 0.0
    while period:
        await storage.run(lambda: None)
        if alive():
            notify(_ALIVE)
        await asyncio.sleep(period / 3)  # sd_watchdog_enabled(3) recommends half the period or less
