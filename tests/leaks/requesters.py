"""People who ask for a permission, and who refuses it: what they write is in its own tables alone."""

from __future__ import annotations

from typing import Any, Final

from tests.leaks import slack_wire
from tests.wire.discord_people import Person as DiscordPerson

# The tables where what people write about requests is.
TABLES: Final = ("permission_contents", "permission_names", "permission_lines", "certificate_contents")


def may_hold(where: str) -> bool:
    """Return whether what people write about requests may be in a place, as `left` names it."""
    if ", table " in where:
        return where.rpartition(", table ")[2] in TABLES
    return not (where == "journal" or where.startswith(("page ", "vigie ")) or "cles/" in where)


async def on_slack(person: slack_wire.Person, holder: slack_wire.Person, mark: str) -> None:
    """Ask to speak for the association, and have the holder of the role refuse it."""
    person.forget()
    await person.command("/vigie", "demande parole")
    typed = {"objet": f"Un mot à la radio, {mark}", "nom": f"Alex {mark}"}
    await person.submit(await person.window(), typed)
    await person.press(await person.message(), "Envoyer")
    await person.message()
    messages = await _told(person, holder.direct, mark)
    holder.forget()
    await holder.press(messages, "Refuser", channel=holder.direct)
    await holder.submit(await holder.window(), {"raison": f"Le conseil parlera, {mark}"})
    await _told(person, f"D{person.id[1:]}", mark)  # where Slack opens what is written to them


async def _told(person: slack_wire.Person, channel: str, mark: str) -> dict[str, Any]:
    """Return what is said in a private channel of what was asked."""
    messages = person.wire.said[channel]
    return dict(
        await person.wire.until(
            lambda: next((message for message in messages if mark in slack_wire.words(message)), None)
        )
    )


async def on_discord(person: DiscordPerson, mark: str) -> None:
    """Ask for a page in a way that is refused, then as it should be."""
    opened = await person.slash("vigie", "demande parole")
    refused = await person.submit(opened, objet=f"Un mot, {mark}", jusque="hier", nom=mark)
    again = await person.press(refused.message, "Corriger")
    confirm = await person.submit(again, objet=f"Un mot, {mark}", jusque="30 juin 2027", nom=mark)
    await person.press(confirm.message, "Envoyer")
