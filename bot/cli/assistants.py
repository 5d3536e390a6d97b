"""The command that serves the policies to assistants, over the Model Context Protocol."""

# ruff: noqa: PLC0415 — the protocol's library is installed by those who want it

from __future__ import annotations

import socket
import sys
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing
from dataclasses import dataclass, field
from datetime import date
from importlib.util import find_spec
from typing import TYPE_CHECKING, Final

import click

from bot import __version__
from bot.answers.questions import MOST
from bot.app.build import Parts
from bot.app.rehearsal import Conversation
from bot.cli import base
from bot.cli.posts import examine_post
from bot.cli.questions import conversations, spoken
from bot.commands import politique
from bot.commands.verifier.messages import UNSEEN
from bot.conversation.requests import UserError
from bot.policy.library import Library
from bot.posting.posts import Post
from bot.storage.database import PassingError

if TYPE_CHECKING:
    from bot.answers.engine.scores import ScoredClause
    from bot.assistants.texts import AnsweredQuestion, ExaminedText, QuotedProvision
    from bot.commands.question import Decision

_MISSING: Final = (
    "il manque de quoi parler aux assistants. Installez-le\u00a0: pip install --require-hashes -r "
    "requirements-mcp.lock, ou pip install 'vigie[mcp]'."
)


@dataclass
class _Shelf:
    """The policies that assistants read, opened again when a text comes into force. Used on one thread."""

    parts: Parts
    _key: object = None
    _open: ExitStack = field(default_factory=ExitStack)
    _begin: Callable[[], Conversation] | None = None

    def library(self, day: date | None) -> Library:
        """Return the policies of a day, None for today. A text that is not announced yet is in none."""
        self._refresh()
        return self.parts.library_on(min(day, self.parts.today())) if day else self.parts.library

    def ask(self, question: str, name: str) -> AnsweredQuestion:
        """Answer a question about a policy, "" for whichever answers, as the first of a conversation."""
        from bot.assistants.texts import AnsweredQuestion, find_policy, quote_provision, warn_of_other_words

        begin = self._refresh()
        library = self.parts.library
        named = f"{find_policy(library, name).id}: " if name and len(library.policies) > 1 else ""
        decision = begin()(f"{named}{question}")

        def quoted(each: Decision, matches: Iterable[ScoredClause]) -> list[QuotedProvision]:
            return [quote_provision(library, each.reading, match.number) for match in matches]

        warning = warn_of_other_words(decision.reading, decision.other) if decision.other else ""
        decisions = (decision, *decision.rivals)
        clauses = [clause for each in decisions for clause in quoted(each, each.answer.clauses[:MOST])]
        return AnsweredQuestion(
            outcome=decision.answer.outcome,
            sure=decision.answer.sure,
            message=f"{warning} {spoken(self.parts, decision)}".strip(),
            provisions=clauses if decision.answer.answered else [],
            suggestions=quoted(decision, decision.answer.nearby[:MOST]),
        )

    def examine(self, text: str, image: str, name: str) -> ExaminedText:
        """Say what a text to publish touches in a policy."""
        from bot.assistants.texts import ExaminedText, TouchedProvision, find_policy, quote_provision

        self._refresh()
        library = self.parts.library
        reading, post = library.reading(find_policy(library, name)), Post(text, image)
        return ExaminedText(
            touched=[
                TouchedProvision(
                    provision=quote_provision(library, reading, concern.clauses[0]),
                    concern=concern.check.title,
                    certain=concern.certain,
                    passages=[*post.passages(concern), *post.image_passages(concern)],
                    advice=concern.check.advice(""),
                )
                for concern in examine_post(self.parts, reading, post)
            ],
            message=UNSEEN,
        )

    def close(self) -> None:
        """Forget everything that was asked."""
        self._open.close()

    def _refresh(self) -> Callable[[], Conversation]:
        """Open the texts in force, unless they already are. Return a function that begins a conversation.

        Raises `UserError`, `StorageError` or `sqlite3.Error`: without the database, the files' words may be
        former ones.
        """
        today = self.parts.today()
        try:
            key = (today, self.parts.read_approved(today))
        except PassingError:  # its words name the file, which is nobody else's business
            raise UserError("La base ne peut pas être lue pour le moment. Réessayez.") from None
        if self._begin is None or key != self._key:
            if self._begin is not None:
                self._open.close()
                self.parts = Parts(self.parts.settings, self.parts.clock)
            self._key, self._begin = key, self._open.enter_context(conversations(self.parts))
        return self._begin


@click.command(
    name="mcp",
    help="Donner les politiques à lire à des assistants (Model Context Protocol), sur l'entrée et la sortie "
    "standard; avec --port, par HTTP, sur cette machine seulement. Rien n'y change, rien n'en est gardé.",
    short_help="Donner les politiques à lire à des assistants.",
)
@click.option(
    "--port",
    type=int,
    callback=base.port_from(0),
    metavar="PORT",
    help="Servir par HTTP à ce port, 0 pour un libre.",
)
def mcp_(port: int | None) -> None:
    """Serve until the client goes away or, over HTTP, until interrupted."""
    if find_spec("mcp") is None:
        base.refuse(_MISSING)
    import anyio

    from bot.assistants.server import HOST, PATH, TextSources, make_server, serve_http

    shelf = _Shelf(base.parts())
    with ThreadPoolExecutor(1, "policies") as thread:
        try:
            sources = TextSources(shelf.library, shelf.ask, shelf.examine, politique.why_none)
            association = shelf.parts.settings.profile.association
            server = make_server(sources, thread, association=association, version=__version__)
            if port is None:
                anyio.run(server.run_stdio_async)
                return
            with closing(socket.socket()) as listening:
                try:
                    listening.bind((HOST, port))
                    listening.listen()  # before the address is shown, so that nobody is refused
                except OSError:
                    base.refuse(f"le port {port} est déjà pris, ou interdit. Choisissez-en un autre.")
                address = f"http://{HOST}:{listening.getsockname()[1]}{PATH}"
                click.echo(f"Les assistants de cette machine me trouvent à {address}", err=True)
                anyio.run(serve_http, server, listening)
        except KeyboardInterrupt:
            sys.exit(130)
        finally:
            thread.submit(shelf.close).result()


COMMANDS: Final = (mcp_,)
