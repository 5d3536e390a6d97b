"""The protocol's official client, over a server in this process or one that the command line started."""

from __future__ import annotations

import asyncio
import os
import re
import signal
import sys
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from mcp import Client
from mcp.client.stdio import StdioServerParameters

from bot import __version__
from bot.answers.engine.shelf import ModelShelf
from bot.assistants.server import make_server
from bot.assistants.tools import TextSources
from bot.cli.assistants import _Shelf
from bot.commands import politique
from bot.settings import SEED
from bot.storage.database import Storage
from tests.kits.cli import parts_over
from tests.kits.people import NOW
from tests.kits.questions import MODELS

SECRET = "Xylophone"  # what someone asks, which must remain nowhere


@asynccontextmanager
async def client_of(tmp_path: Path, **settings: str) -> AsyncIterator[Client]:
    """Yield the protocol's client over a server in this process, as `vigie mcp` makes it."""
    database = tmp_path / "vigie.db"
    if not database.exists():
        Storage(database).close()
    parts = parts_over(database, NOW, **settings)
    parts.shelf = ModelShelf([SEED], MODELS)
    shelf = _Shelf(parts)
    with ThreadPoolExecutor(1) as thread:
        sources = TextSources(shelf.texts, shelf.ask, shelf.examine, politique.why_none)
        server = make_server(sources, thread, association="AGE UQTR", version=__version__)
        try:
            async with Client(server) as client:
                yield client
        finally:
            thread.submit(shelf.close).result()


async def call(client: Client, tool: str, **arguments: object) -> Any:  # noqa: ANN401 — JSON
    result = await client.call_tool(tool, arguments)
    assert not result.is_error, result.content
    return result.structured_content


async def refusal(client: Client, tool: str, **arguments: object) -> str:
    result = await client.call_tool(tool, arguments)
    assert result.is_error
    return str(getattr(result.content[0], "text", ""))


def command(*words: str, **settings: str) -> StdioServerParameters:
    environment = {**os.environ, "LANG": "C.UTF-8", **settings}
    arguments = ["-m", "bot", "--reglages", "/dev/null", "mcp", *words]
    return StdioServerParameters(command=sys.executable, args=arguments, env=environment)


@asynccontextmanager
async def over_http(errors: list[bytes] | None = None) -> AsyncIterator[str]:
    """Yield the address of a server that `vigie mcp --port 0` started. `errors`: receives what it logs."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, *command("--port", "0").args, stderr=asyncio.subprocess.PIPE
    )
    try:
        assert process.stderr
        while not (match := re.search(rb"http://\S+", await process.stderr.readline())):
            pass
        yield match[0].decode()
    finally:
        process.send_signal(signal.SIGINT)
        _, logged = await asyncio.wait_for(process.communicate(), 60)
        if errors is not None:
            errors.append(logged)
