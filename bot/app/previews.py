"""Messages as each platform would show them, on a page to be opened in a browser."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from bot.conversation.forms import Form, Reply
from bot.conversation.messages import Message, Quoter

_STYLES = Path(__file__).parents[1] / "platforms" / "local" / "static"


def page(title: str, shown: Mapping[str, Message], quote: Quoter) -> bytes:
    """Return the page, drawn from the very payloads that would be sent; it needs no other file."""
    from bot.platforms.local import gallery  # noqa: PLC0415 — see `renderings`

    css = "\n".join((_STYLES / f"{name}.css").read_text("utf-8") for name in ("base", "gallery", "previews"))
    return gallery.alone(title, gallery.Gallery(shown, renderings(quote)), quote, css).encode()


def renderings(quote: Quoter) -> dict[str, Callable[[Reply], object]]:
    """Return, by platform, what makes of a message or form the very payload that it would be sent."""
    # The platforms' own libraries are heavy, and one of them may not be in use: read when they serve.
    from bot.platforms.discord import render as discord_render  # noqa: PLC0415
    from bot.platforms.slack import render as slack_render  # noqa: PLC0415

    def on_slack(reply: Reply) -> object:
        return slack_render.view(reply) if isinstance(reply, Form) else slack_render.render(reply, quote)

    def on_discord(reply: Reply) -> object:
        if isinstance(reply, Form):
            return discord_render.render_form(reply).to_dict()
        components: list[dict[str, Any]] = discord_render.render(reply, quote).to_components()
        return components

    return {"Slack": on_slack, "Discord": on_discord}
