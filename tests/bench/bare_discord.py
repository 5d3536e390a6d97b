"""An echo by discord.py alone: `/politique` is answered with the components that were given.

It is given in JSON: `origin`, where Discord is, `token`, `option`, the command's only one, and `answer`.
"""

from __future__ import annotations

import asyncio
import json
import sys
from typing import Any

import discord
from discord import app_commands
from discord.gateway import DiscordWebSocket
from discord.http import Route
from yarl import URL


class Answer(discord.ui.LayoutView):
    """Components made in advance. Finished, so that discord.py does not keep it: the least it can cost."""

    def __init__(self, components: list[dict[str, Any]]) -> None:
        super().__init__(timeout=None)
        self.stop()
        self._components = components

    def to_components(self) -> list[dict[str, Any]]:
        """Return what was given."""
        return self._components

    def has_components_v2(self) -> bool:
        """Return that the components are of the second kind."""
        return True


class Echo(discord.Client):
    """A bot with one slash command, registered as it connects."""

    def __init__(self, option: str, answer: Answer) -> None:
        super().__init__(intents=discord.Intents.default(), guild_ready_timeout=0)
        self._tree = app_commands.CommandTree(self)

        @self._tree.command(name="politique", description="Lire la politique")
        @app_commands.rename(text=option)
        async def echo(interaction: discord.Interaction, text: str | None = None) -> None:  # noqa: ARG001 — an echo of what was given
            await interaction.response.send_message(view=answer, ephemeral=True)

    async def setup_hook(self) -> None:
        """Register the command."""
        await self._tree.sync()

    async def on_ready(self) -> None:
        """Say that it is ready."""
        sys.stdout.write("prêt\n")


async def main() -> None:
    """Answer until killed."""
    given = json.loads(sys.argv[1])
    Route.BASE = f"http://{given['origin']}/api/v10"
    DiscordWebSocket.DEFAULT_GATEWAY = URL(f"ws://{given['origin']}/gateway")
    async with Echo(given["option"], Answer(given["answer"])) as echo:
        await echo.start(given["token"])


if __name__ == "__main__":
    asyncio.run(main())
