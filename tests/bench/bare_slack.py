"""An echo by Bolt alone, served as Vigie is: `/politique` is answered with what was given.

It is given in JSON: `port`, `api_url`, `token`, `secret`, and `answer`, the blocks and the text.
"""

from __future__ import annotations

import asyncio
import json
import sys

from aiohttp import web
from slack_bolt.async_app import AsyncAck, AsyncApp, AsyncRespond
from slack_sdk.web.async_client import AsyncWebClient


async def main() -> None:
    """Answer until killed."""
    given = json.loads(sys.argv[1])
    client = AsyncWebClient(given["token"], base_url=given["api_url"])
    app = AsyncApp(client=client, signing_secret=given["secret"])

    @app.command("/politique")
    async def echo(ack: AsyncAck, respond: AsyncRespond) -> None:
        await ack()
        await respond(**given["answer"])

    runner = web.AppRunner(app.web_app("/slack/events"), access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", given["port"]).start()
    sys.stdout.write("prêt\n")
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main())
