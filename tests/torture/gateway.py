"""Discord's gateway, as far as it lets a bot in: nobody is there but those it writes to."""

from __future__ import annotations

import json
import zlib
from contextlib import suppress
from typing import Any, Final

from aiohttp import web

BOT: Final = {
    "id": "1", "username": "vigie", "discriminator": "0", "avatar": None, "global_name": None, "bot": True,
}  # fmt: skip
APPLICATION: Final[dict[str, Any]] = {
    "id": "1", "name": "Vigie", "description": "", "icon": None, "verify_key": "", "flags": 0, "summary": "",
    "bot_public": False, "bot_require_code_grant": False, "owner": {**BOT, "id": "2", "bot": False},
}  # fmt: skip
HEARTBEAT_MS: Final = 41_250
DISPATCH, HEARTBEAT, IDENTIFY, HELLO, ACK = 0, 1, 2, 10, 11  # opcodes


async def let_in(request: web.Request, port: int) -> web.WebSocketResponse:
    """Tell a bot that it is connected, and nothing more, until it leaves. `port`: where to come back to."""
    socket, deflate = web.WebSocketResponse(), zlib.compressobj()

    async def tell(op: int, data: object = None, event: str | None = None) -> None:
        frame = json.dumps({"op": op, "d": data, "t": event, "s": 1}).encode()
        await socket.send_bytes(deflate.compress(frame) + deflate.flush(zlib.Z_SYNC_FLUSH))

    await socket.prepare(request)
    with suppress(ConnectionError):  # the bot is killed
        await tell(HELLO, {"heartbeat_interval": HEARTBEAT_MS})
        async for message in socket:
            match json.loads(message.data)["op"]:
                case int(op) if op == HEARTBEAT:
                    await tell(ACK)
                case int(op) if op == IDENTIFY:
                    ready = {"v": 10, "user": BOT, "guilds": [], "session_id": "1", "shard": [0, 1]}
                    ready |= {"resume_gateway_url": f"ws://127.0.0.1:{port}/gateway"}
                    await tell(DISPATCH, ready | {"application": {"id": "1", "flags": 0}}, "READY")
    return socket
