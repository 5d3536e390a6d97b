"""People who have a text examined before publishing it, by every way: its words must be found nowhere.

Neither must what is filled in to ask a permission and not sent, nor the picture that is joined to it.
"""

from __future__ import annotations

import secrets

from tests.leaks import slack_wire
from tests.wire.discord_people import Person as DiscordPerson

_TEXT = "Max est en arrêt de travail. J'ai imprimé le logo de l'AGE : 819 555-0123. À chercher : {}"


def marker() -> str:
    """Return a word that nothing else holds."""
    return f"marque-{secrets.token_hex(8)}"


async def on_slack(person: slack_wire.Person, mark: str) -> None:
    """Fill in the window, wave a finding away, correct the text, then examine one's own message."""
    person.forget()
    await person.command("/vigie", "verifier")
    typed = {"texte": _TEXT.format(mark), "image": f"une pancarte, {mark}", "lieu": "page"}
    await person.submit(await person.window(), typed)
    shown = await person.message()
    await person.press(shown, "Préparer la demande")
    await person.message()
    await person.press(shown, "Ce n'est pas le cas")
    left = await person.message()
    await person.press(left, "Corriger le texte")
    # In words enough to be taken for French, whatever letters the mark has: a refusal is no message.
    corrected = f"J'ai refait l'affiche, mais le logo y est encore et je ne sais pas quoi faire : {mark}"
    await person.submit(await person.window(), {**typed, "texte": corrected})
    await person.message()
    await person.use_shortcut("viser", _TEXT.format(mark), author=person.id)
    await person.message()
    await person.command("/vigie", f"verifier {_TEXT.format(mark)}")
    await person.message()


async def on_discord(person: DiscordPerson, mark: str) -> None:
    """Paste the text in private and have it examined, have another answered, and fill in the window."""
    pasted = "Bonjour tout le monde! Venez samedi au souper, il y aura de la musique et des amis, et " * 2
    offer = await person.write(f"{pasted} {_TEXT.format(mark)}", direct=True)
    shown = await person.press(offer, "Oui, relire")
    await person.press(shown.message, "Corriger le texte")
    other = await person.write(f"{pasted} {_TEXT.format(mark)}", direct=True)
    await person.press(other, "Oui, relire")
    opened = await person.slash("vigie", "verifier")
    refused = await person.submit(
        opened, texte=f"The president says that {mark} is what everybody should know"
    )
    await person.press(refused.message, "Corriger")


async def who_asks(person: DiscordPerson, mark: str) -> None:
    """Fill in a request for a consent and give it up, then send one to whose picture the mark is confined."""
    friend = DiscordPerson(person.server, f"ami-{mark[-6:]}")
    image: dict[str, str | list[str] | tuple[str, bytes]] = {
        "personne": [str(friend.id)],
        "fichier": ("photo.png", b"\x89PNG\r\n\x1a\n" + mark.encode()),
    }
    opened = await person.slash("vigie", "demande personne")
    confirm = await person.submit(opened, objet=f"La page, {mark}", image=mark, nom=mark, **image)
    await person.press(confirm.message, "Corriger")
    await person.press(confirm.message, "Ne pas envoyer")
    opened = await person.slash("vigie", "demande personne")
    wrong = await person.submit(opened, objet=mark, image=mark, nom=mark, fichier=("x.png", mark.encode()))
    await person.press(wrong.message, "Corriger")
    opened = await person.slash("vigie", "demande personne")
    confirm = await person.submit(opened, objet="La page", image="Deux personnes", nom="Alex", **image)
    sent = await person.press(confirm.message, "Envoyer")
    assert "C'est envoyé" in sent.text
