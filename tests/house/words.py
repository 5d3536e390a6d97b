"""The words shown to people in the ten commonest exchanges, counted as they are served.

    python -m tests.house.words [--textes] [--ecrire]

A new officer asks a question, looks a clause up, and goes on, through the dispatcher of a whole bot with the
real policy and the sandbox's personas. What counts are the bot's own words: headings, texts, notes, buttons,
windows. The words of the policy and of the quiz's bank, which nobody may shorten, are counted apart. A word
is what stands between two spaces and holds a letter or a digit.
"""

from __future__ import annotations

import asyncio
import sys
from contextlib import closing
from dataclasses import dataclass, field, replace
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from time import perf_counter

import click

from bot.app.build import Bot
from bot.app.starting import settle
from bot.commands.revision.examples import revision_examples
from bot.conversation.dispatcher import Dispatcher
from bot.conversation.forms import ChoiceField, Form, Reply
from bot.conversation.messages import Button, Message
from bot.conversation.requests import Actor
from bot.settings import Settings
from bot.storage.database import Storage
from tests.kits import measures
from tests.kits.measures import Figure, at_most, told
from tests.kits.questions import MODELS, learn

COMMAND = "python -m tests.house.words"
MARK = "mots"
OFFICER = Actor("local", "", "officier")
QUESTION = "Est-ce que je peux aller sur Facebook pendant mes heures de travail?"
POST = {
    "adresse": "https://www.facebook.com/exemple/posts/1234567890",
    "propos": "On y dit que l'association vole ses membres.",
}
NOTICE = "Avis de révision, lire ce qui change"
# What each exchange took on commit f460dd2, before every text was reread.
BEFORE = {
    "Première question": 158,
    "Consultation d'une clause": 34,
    "Menu": 39,
    "Aide": 263,
    "Où j'en suis": 37,
    "Une question du quiz et sa correction": 56,
    "Résultat du quiz": 31,
    "Signalement, jusqu'au code": 373,
    "Avis d'une révision": 69,
    "Mes renseignements": 298,
}
SHARE = 2 / 3  # of the words before, at most


def own_words(reply: Reply) -> str:
    """Return all that the bot says in a reply, its buttons and windows included."""
    if isinstance(reply, Message):
        return "\n".join([*reply.own_words(), *(button.label for button in reply.buttons())])
    parts = [reply.title, reply.introduction, reply.submit]
    for asked in reply.fields:
        parts += [asked.label, asked.hint]
        if isinstance(asked, ChoiceField):
            parts += [option.label for option in asked.options]
    return "\n".join(filter(None, parts))


def count(text: str) -> int:
    """Return how many words a text has."""
    return sum(any(map(str.isalnum, word)) for word in text.split())


@dataclass
class Talk:
    """A person in a private conversation with the bot. `replies`: what was shown since the last `fresh`."""

    dispatcher: Dispatcher
    replies: list[Reply] = field(default_factory=list)

    async def say(self, line: str, fields: dict[str, str] | None = None, *, pressed: bool = False) -> Reply:
        """Type a line, press a button, or send a window."""
        request = self.dispatcher.from_text(line, actor=OFFICER, pressed=pressed, fields=fields)
        admission = self.dispatcher.admit(request)
        reply = admission.refusal or await self.dispatcher.handle(admission.request)
        self.replies.append(reply)
        return reply

    async def press(self, reply: Reply, *labels: str) -> Reply:
        """Press the first button of a message whose label begins with one of these."""
        assert isinstance(reply, Message)
        buttons = [button for button in reply.buttons() if isinstance(button, Button)]
        command = next(button.command for button in buttons if button.label.startswith(labels))
        return await self.say(f"/{command}", pressed=True)

    def fresh(self) -> list[Reply]:
        """Return what was shown since the last call."""
        shown, self.replies = self.replies, []
        return shown


def right_letters(bot: Bot, question: Reply) -> str:
    """Return the letters of the right answer to a quiz's question, or « Vrai »."""
    assert isinstance(question, Message)
    shown = own_words(question)
    asked = next(question for question in bot.course.bank().questions if question.text in shown)
    right = [asked.choices[at].text for at in asked.right]
    return (
        "".join(letter for letter in "ABCD" if any(f"{letter}. {text}" in shown for text in right))
        or right[0]
    )


async def exchanges(bot: Bot) -> dict[str, list[Reply]]:
    """Return what is shown in each exchange, by name."""
    talk, shown = Talk(bot.dispatcher), {}
    lines = {
        "Première question": QUESTION,
        "Consultation d'une clause": "/politique 5.10",
        "Menu": "/vigie",
        "Aide": "/vigie aide",
        "Où j'en suis": "/accueil",
    }
    for name, line in lines.items():
        await talk.say(line)
        shown[name] = talk.fresh()
    question = await talk.press(await talk.say("/quiz"), "Commencer")
    talk.fresh()
    talk.replies.append(question)
    correction = await talk.say(f"/quiz {right_letters(bot, question)}")
    shown["Une question du quiz et sa correction"] = talk.fresh()
    while "Question suivante" in own_words(correction):
        question = await talk.press(correction, "Question suivante")
        correction = await talk.say(f"/quiz {right_letters(bot, question)}")
    talk.fresh()
    await talk.press(correction, "Voir mon résultat")
    shown["Résultat du quiz"] = talk.fresh()
    form = await talk.press(await talk.say("/signalement"), "Continuer")
    assert isinstance(form, Form)
    fields = {asked.name: asked.value for asked in form.fields}
    review = await talk.say(f"/{form.command}", {**fields, **POST})
    await talk.press(review, "Envoyer")
    shown["Signalement, jusqu'au code"] = talk.fresh()
    shown["Avis d'une révision"] = [revision_examples(bot.course, bot.calendar)[NOTICE]]
    await talk.say("/vigie mesdonnees")
    shown["Mes renseignements"] = talk.fresh()
    return shown


def split(bot: Bot, replies: list[Reply]) -> tuple[str, str]:
    """Return the bot's own words, and those of the policy and of the quiz's bank."""
    own, quoted = "\n".join(map(own_words, replies)), []
    for reply in replies:
        for quotation in map(bot.library.quote, reply.quotes() if isinstance(reply, Message) else ()):
            quoted += ["".join(span.text for span in paragraph) for paragraph in quotation.paragraphs]
    for asked in bot.course.bank().questions:
        if asked.text not in own:
            continue
        for text in [
            asked.text,
            *(text for choice in asked.choices for text in (choice.text, choice.feedback)),
        ]:
            quoted += [text] * own.count(text)
            own = own.replace(text, "")
    return own, "\n".join(quoted)


def shown_words() -> dict[str, tuple[str, str]]:
    """Return the own and quoted words of each exchange, by name."""
    learn()
    # In a folder of its own: a sandbox that runs here may have adopted another text.
    with TemporaryDirectory() as folder, closing(Storage()) as storage:
        bot = Bot(Settings(vigie_modeles=MODELS, vigie_db=Path(folder) / "vigie.db"), storage)
        bot.course = replace(bot.course, random=lambda: Random(20))  # noqa: S311 — the same questions each time
        storage.executor.submit(settle, bot).result()
        replies = asyncio.run(exchanges(bot))
        return {name: split(bot, shown) for name, shown in replies.items()}


def figures(words: dict[str, tuple[str, str]]) -> list[Figure]:
    """Return the figures, exchange by exchange."""
    ours = {name: count(own) for name, (own, _) in words.items()}
    lines = [
        Figure(f"{name} (avant\u00a0: {BEFORE[name]}, et {count(quoted)} cités)", ours[name])
        for name, (_, quoted) in words.items()
    ]
    before = sum(BEFORE.values())
    return [
        *lines,
        Figure(f"Ensemble (avant\u00a0: {before})", sum(ours.values()), at_most(int(before * SHARE))),
    ]


@click.command(help="Compter les mots que Vigie montre dans les dix échanges les plus courants.")
@click.option("--textes", is_flag=True, help="Montrer aussi ces textes.")
@click.option("--ecrire", is_flag=True, help=f"Écrire les chiffres dans {measures.PAGE.name}.")
def main(*, textes: bool, ecrire: bool) -> None:
    began = perf_counter()
    words = shown_words()
    if textes:
        for name, (own, _) in words.items():
            click.echo(f"— {name}\n{own}\n")
    sys.exit(told(figures(words), COMMAND, perf_counter() - began, MARK if ecrire else None))


if __name__ == "__main__":
    main()
