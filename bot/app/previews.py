"""Messages drawn as each platform would show them, for the gallery and for pages saved as files.

The platforms' own libraries are heavy, so import this module only where it is needed.
"""

from collections.abc import Mapping
from pathlib import Path

from bot.conversation.forms import Form, Reply
from bot.conversation.messages import Message, Quoter
from bot.platforms.discord import render as discord
from bot.platforms.local import gallery
from bot.platforms.slack import render as slack

_STYLES = Path(__file__).parents[1] / "platforms" / "local" / "static"


def preview_page(title: str, messages: Mapping[str, Message], quote: Quoter, bot: str) -> bytes:
    """Return a self-contained HTML page, drawn from the exact payloads that `bot` would send.

    `bot`: the bot's name.
    """
    css = "\n".join((_STYLES / f"{name}.css").read_text("utf-8") for name in ("base", "gallery", "previews"))
    drawn = gallery.Gallery({title: messages}, renderings(quote), bot)
    return gallery.standalone_page(title, drawn, quote, css).encode()


def renderings(quote: Quoter) -> dict[str, gallery.Renderer]:
    """Return, for each platform by name, the function that makes the payload of a message or form."""

    def on_slack(reply: Reply) -> gallery.Payload:
        return slack.form_window(reply) if isinstance(reply, Form) else slack.render(reply, quote)

    def on_discord(reply: Reply) -> gallery.Payload:
        if isinstance(reply, Form):
            return discord.render_form(reply).to_dict()
        return discord.render(reply, quote).to_components()

    return {"Slack": on_slack, "Discord": on_discord}
