"""Runs in a network namespace: brings its loopback up, runs a program, and relays connections.

It is given what to do in JSON: `run`, a command; `port`, where that command listens; `relays`, pairs
of where to listen and where to connect to. An end is a port of this loopback or the path of a Unix
socket, which is how the namespace and the world outside reach each other. It prints « ready » once the
command listens, and ends with its standard input. Standard library only.
"""

from __future__ import annotations

import asyncio
import fcntl
import json
import socket
import struct
import sys
from typing import TypedDict

_SIOCSIFFLAGS = 0x8914  # linux/sockios.h
_IFF_UP_RUNNING = 0x41  # linux/if.h
READY_SECONDS = 60  # at the most

End = int | str


class Task(TypedDict):
    """What to do inside; see this module."""

    run: list[str]
    port: int
    relays: list[tuple[End, End]]


def loopback_up() -> None:
    """Do what `ip link set lo up` does."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
        fcntl.ioctl(any_socket, _SIOCSIFFLAGS, struct.pack("16sh14x", b"lo", _IFF_UP_RUNNING))


async def connect(end: End) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """Open a connection to `end`."""
    if isinstance(end, str):
        return await asyncio.open_unix_connection(end)
    return await asyncio.open_connection("127.0.0.1", end)


async def listen(end: End, target: End) -> asyncio.Server:
    """Relay to `target` every connection made to `end`."""

    async def relay(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            far_reader, far_writer = await connect(target)
        except OSError:
            writer.close()
            return
        await asyncio.gather(_pump(reader, far_writer), _pump(far_reader, writer))

    if isinstance(end, str):
        return await asyncio.start_unix_server(relay, end)
    return await asyncio.start_server(relay, "127.0.0.1", end)


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        while data := await reader.read(65_536):
            writer.write(data)
            await writer.drain()
    except OSError:
        pass
    finally:
        writer.close()


async def _listening(port: int) -> None:
    async with asyncio.timeout(READY_SECONDS):
        while True:
            try:
                _, writer = await connect(port)
            except OSError:
                await asyncio.sleep(0.02)
            else:
                writer.close()
                return


async def main(task: Task) -> None:
    """Do the task until standard input ends."""
    loopback_up()
    program = await asyncio.create_subprocess_exec(
        *task["run"], stdin=asyncio.subprocess.DEVNULL, stdout=sys.stderr, stderr=sys.stderr
    )
    servers = [await listen(end, target) for end, target in task["relays"]]
    await _listening(task["port"])
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)
    for server in servers:
        server.close()
    program.kill()
    await program.wait()


if __name__ == "__main__":
    asyncio.run(main(json.loads(sys.argv[1])))
