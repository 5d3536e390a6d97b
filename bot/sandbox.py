"""The sandbox: a chat in the browser, with every message shown as each platform would."""

from __future__ import annotations

from typing import Any

from bot.commands import Services, examples
from bot.dispatch import Dispatcher
from bot.messages import Form, Reply
from bot.platforms import discord_render, slack_render
from bot.platforms.local_adapter import LocalAdapter
from bot.platforms.local_gallery import Gallery


def adapter(services: Services, dispatcher: Dispatcher, port: int) -> LocalAdapter:
    """Return the platform, its gallery showing every message as each platform would."""
    quote = services.library.quote

    def on_slack(reply: Reply) -> object:
        return slack_render.view(reply) if isinstance(reply, Form) else slack_render.render(reply, quote)

    def on_discord(reply: Reply) -> object:
        if isinstance(reply, Form):
            return discord_render.render_form(reply).to_dict()
        components: list[dict[str, Any]] = discord_render.render(reply, quote).to_components()
        return components

    gallery = Gallery(examples(services), {"Slack": on_slack, "Discord": on_discord})
    return LocalAdapter(dispatcher, quote, port=port, gallery=gallery)
