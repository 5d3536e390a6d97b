"""People who report, each with things of their own to be looked for, and what they type."""

from __future__ import annotations

import io
import random
import re
import secrets
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from typing import Any, Final, TypeAlias

import aiohttp
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from tests.kits.reports.web import Visitor
from tests.leaks import slack_wire
from tests.leaks.needles import Secret
from tests.wire.discord_people import Person as DiscordPerson
from tests.wire.discord_people import text_of

_CODE: Final = re.compile(r"(?<![\w'])(?:[a-zéèêçûôâî]{4,8} ){8}[a-zéèêçûôâî]{4,8}(?![\w'])")
_FIRST: Final = (
    "Zéphirine",
    "Maxence",
    "Rosalie-Ève",
    "Ndeye",
    "Wilfrid",
    "Océane",
    "Yaël",
    "Björn",
    "Łucja",
    "Минь",
)
_LAST: Final = ("Quémeneur", "Tremblay-Oké", "Bouchard", "Nguyen", "O'Sullivan", "Gagné", "Şahin", "D'Amours")
_SENTENCES: Final = (
    "Quelqu'un y dit que l'association vole l'argent des membres.",
    "On se moque de nous; c'est faux.\nEt ça circule.",
    "J'étais la seule à le savoir, dans mon bureau, hier.",
    "*gras* _souligné_ `code` <!channel> @everyone <script>alert(1)</script>",
    "'; DROP TABLE report_cases; --",
    "Émojis 😀🚫 et 漢字, {accolades} %s %(name)s \\u0041 \\x41",
)
_POSTS: Final = (
    "https://www.facebook.com/groups/spotted/posts/{n}?fbclid={t}",
    "https://m.facebook.com/story.php?story_fbid={n}&id=42&sfnsn={t}",
    "https://www.instagram.com/p/{s}/?igsh={t}",
    "https://youtu.be/{s}?si={t}",
    "https://www.tiktok.com/@spotted/video/{n}?_r=1&_t={t}",
    "Regardez: https://x.com/spotted/status/{n}?s=20&t={t} !",
    "https://exemple.ca/forum/{n}?utm_source={t}",
    "https://www.reddit.com/r/uqtr/comments/{s}/titre/?share_id={t}",
)

Run: TypeAlias = Callable[["Reporter"], Coroutine[Any, Any, str]]


@dataclass
class Reporter:
    """Someone who reports once. `words`: what they typed that is to be found in the clear nowhere."""

    whose: str
    secrets: list[Secret]
    typed: dict[str, str]
    urgent: bool
    words: list[str] = field(default_factory=list)
    code: str = ""


def name(dice: random.Random) -> str:
    """Return a name that nobody has."""
    return f"{dice.choice(_FIRST)} {dice.choice(_LAST)} {secrets.token_hex(4)}"


def reporter(whose: str, known: list[Secret], dice: random.Random) -> Reporter:
    """Return someone who is about to report."""
    token, mark = secrets.token_hex(12), f"marque{secrets.token_hex(8)}"
    address = dice.choice(_POSTS).format(n=dice.randrange(10**14, 10**15), s=secrets.token_hex(5), t=token)
    says = f"{dice.choice(_SENTENCES)} {mark}"
    given = dice.random() < 0.2
    own = name(dice) if given else ""
    typed = {
        "adresse": address,
        "propos": says,
        "gravite": dice.choice(("light", "serious", "grave")),
        "nom": own,
    }
    return Reporter(
        whose, [*known, Secret(whose, token)], typed, dice.random() < 0.3, [mark, *([own] if own else [])]
    )


async def on_slack(person: slack_wire.Person, one: Reporter, *, shortcut: bool) -> str:
    """Report on Slack, from the command or from a message's own menu; return the code."""
    person.forget()
    if shortcut:
        await person.use_shortcut("signalement", one.typed["adresse"])
    else:
        await person.command("/signalement")
    shown = await person.message()
    if one.urgent:
        await person.press(shown, "Urgent")
        shown = await person.message()
    await person.press(shown, "Continuer")
    await person.submit(await person.window(), one.typed)
    await person.press(await person.message(), "Envoyer")
    return code_in(slack_wire.words(await person.message()))


async def follow_on_slack(person: slack_wire.Person, code: str, words: str) -> None:
    """Come back with a code, add something, withdraw."""
    person.forget()
    await person.command("/signalement")
    await person.press(await person.message(), "J'ai déjà un code")
    await person.submit(await person.window(), {"code": code})
    page = await person.message()
    await person.press(page, "Ajouter")
    await person.submit(await person.window(), {"texte": words})
    await person.press(await person.message(), "Envoyer")
    await person.message()
    await person.press(page, "Retirer")
    await person.press(await person.message(), "Le retirer")
    await person.message()


async def on_discord(person: DiscordPerson, one: Reporter, *, direct: bool) -> str:
    """Report on Discord, in a channel or in private; return the code."""
    answer = await person.slash("signalement", direct=direct)
    if one.urgent:
        answer = await person.press(answer.message, "Urgent")
    opened = await person.press(answer.message, "Continuer")
    reading = await person.submit(
        opened, **{key: value for key, value in one.typed.items() if key != "gravite"}
    )
    done = await person.press(reading.message, "Envoyer")
    return code_in(text_of(done.message))


async def follow_on_discord(person: DiscordPerson, code: str, words: str) -> None:
    """Come back with a code, add something, withdraw."""
    first = await person.slash("signalement")
    page = await person.submit(await person.press(first.message, "J'ai déjà un code"), code=code)
    opened = await person.press(page.message, "Ajouter quelque chose")
    reading = await person.submit(opened, texte=words)
    back = await person.press(reading.message, "Envoyer")
    page = await person.press(back.message, "Revenir à mon signalement")
    asking = await person.press(page.message, "Retirer mon signalement")
    await person.press(asking.message, "Le retirer")


def web_secrets(whose: str, dice: random.Random) -> tuple[list[Secret], dict[str, str]]:
    """Return what would tell who is at the form, and the headers that hold it."""
    marks = [
        f"Navigateur-{secrets.token_hex(8)}",
        f"cookie-{secrets.token_hex(8)}",
        f"lien-{secrets.token_hex(8)}",
    ]
    network = f"2001:db8:{dice.randrange(16**4):04x}:{dice.randrange(16**4):04x}::{dice.randrange(16**4):04x}"
    headers = {
        "User-Agent": marks[0],
        "Cookie": f"session={marks[1]}",
        "Referer": f"https://exemple.ca/{marks[2]}",
    }
    headers |= {"X-Forwarded-For": network, "Forwarded": f'for="[{network}]"'}
    return [Secret(whose, one) for one in (*marks, network)], headers


async def on_the_web(visitor: Visitor, one: Reporter, headers: dict[str, str], picture: bytes | None) -> str:
    """Report with the form; return the code."""
    typed = {
        "address": one.typed["adresse"],
        "summary": one.typed["propos"],
        "severity": one.typed["gravite"],
        "recipient": "vp-communications",
        "name": one.typed["nom"],
        **({"urgent": "oui"} if one.urgent else {}),
    }
    reading = await visitor.fill(typed, picture, headers)
    done = await visitor.press(reading, "envoyer")
    return code_in(done.text)


async def follow_on_the_web(visitor: Visitor, code: str, words: str) -> None:
    """Come back with a code, add something, withdraw."""
    page = await visitor.press(await visitor.open("suivi"), "suivi", code=code)
    added = await visitor.press(page, "ajouter", words=words)
    await visitor.press(added, "retirer")


def picture(whose: str) -> tuple[bytes, list[Secret]]:
    """Return a picture that says who made it, and what is then to be looked for."""
    author, written = f"auteur-{secrets.token_hex(8)}", io.BytesIO()
    about = PngInfo()
    about.add_text("Author", author)
    about.add_text("Comment", f"{author} était là", zip=True)
    exif = Image.Exif()
    exif[0x013B] = author
    Image.new("RGB", (80, 60), (120, 60, 30)).save(written, "PNG", pnginfo=about, exif=exif)
    return written.getvalue() + author.encode(), [Secret(whose, author)]


def code_in(text: str) -> str:
    """Return the code that is shown in a text. Raises `LookupError` when there is none."""
    match = _CODE.search(text)
    if match is None:
        raise LookupError("no code")
    return match[0]


# How a step fails, for someone whose bot is broken, limited or killed.
FAILED: Final = (LookupError, AssertionError, StopIteration, RuntimeError, ValueError, TypeError, OSError,
                 aiohttp.ClientError)  # fmt: skip
