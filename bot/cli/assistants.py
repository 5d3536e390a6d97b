"""The command that serves the policies to AI assistants, over the Model Context Protocol."""

# ruff: noqa: PLC0415 — the protocol's library is an optional dependency

from __future__ import annotations

import socket
import sys
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing
from dataclasses import dataclass, field
from importlib.util import find_spec
from typing import TYPE_CHECKING, Final

import click

from bot import __version__, logs
from bot.answers.questions import MOST
from bot.app.build import Parts
from bot.app.publication import quoter
from bot.app.rehearsal import Conversation
from bot.assistants.texts import Answer, Cited, Texts, Touch, warn_of_other_words
from bot.assistants.tools import TextSources
from bot.cli import base
from bot.cli.posts import examine_post
from bot.cli.questions import conversations, declined_halves, spoken
from bot.commands import politique
from bot.commands.verifier.messages import UNSEEN, nothing_seen
from bot.conversation.requests import UserError
from bot.policy.library import Policy
from bot.posting.posts import Post
from bot.storage.database import PassingError

if TYPE_CHECKING:
    from bot.answers.engine.scores import ScoredClause
    from bot.commands.question import Decision

_MISSING: Final = (
    "il manque de quoi parler aux assistants. Installez-le\u00a0: .venv/bin/pip install --require-hashes -r "
    "requirements-mcp.lock, ou pip install 'FICHIER.whl[mcp]'."
)
_HELP: Final = (
    "C'est une question pour {bot}\u00a0: posez-la-lui directement, dans votre messagerie. N'écrivez aucun "
    "signalement à un assistant."
)
_WHOLE: Final = "Pour le texte entier\u00a0: «\u00a0lire\u00a0», sans numéro."


@dataclass
class _Shelf:
    """The policies that assistants read, reloaded when a text comes into force. Used on one thread only."""

    parts: Parts
    _key: object = None
    _open: ExitStack = field(default_factory=ExitStack)
    _begin: Callable[[], Conversation] | None = None

    def texts(self) -> Texts:
        """Return the texts in force today.

        Raises `UserError`, `StorageError` or `sqlite3.Error` if the database cannot be read, since the
        policies' files may be out of date.
        """
        today = self.parts.today()
        try:
            approved = self.parts.read_approved(today)
        except PassingError:  # the error's text names the database file, which clients need not know
            raise UserError("La base ne peut pas être lue pour le moment. Réessayez.") from None
        if (today, approved) != self._key:
            if self._key is not None:
                self.close()
                self.parts = Parts(self.parts.settings, self.parts.clock)
            self.parts.library = self.parts.library_of(approved)
            self._key = (today, approved)
        quote = quoter(self.parts)
        return Texts(self.parts.library, lambda quotation: quote(quotation).address)

    def ask(self, question: str, policy: Policy | None) -> Answer:
        """Answer a question, without any earlier one. `policy`: the policy asked, None for all of them."""
        named = f"{policy.id}: " if policy and len(self.parts.library.policies) > 1 else ""
        if self._begin is None:
            self._begin = self._open.enter_context(conversations(self.parts))
        decision = self._begin()(f"{named}{question}")
        answer = decision.answer
        decisions = (decision, *decision.rivals) if answer.answered else ()
        return Answer(
            outcome=answer.outcome,
            sure=answer.sure,
            message=" ".join(filter(None, self._spoken(decision))),
            provisions=[cited for part in decisions for cited in _cited(part, part.answer.clauses)],
            suggestions=_cited(decision, () if answer.outcome == "out_of_scope" else answer.nearby),
        )

    def _spoken(self, decision: Decision) -> Iterator[str]:
        """Yield the sentences to show before the quotations, or in place of them.

        The sentences name no button and no command, since an assistant has neither.
        """
        answer = decision.answer
        if decision.other:
            yield warn_of_other_words(decision.reading, decision.other)
        if answer.outcome == "help":
            yield _HELP.format(bot=self.parts.settings.profile.bot)
        elif answer.outcome == "lookup" and not answer.clauses:
            yield _WHOLE
        else:
            yield from declined_halves(self.parts, decision) if answer.answered else ()
            yield spoken(self.parts, decision)

    def examine(self, text: str, image: str, policy: Policy) -> tuple[Sequence[Touch], str]:
        """Return the provisions that a text to publish touches, and a sentence on the limits of the check."""
        reading = self.parts.library.reading(policy)
        post = Post(text, image)
        touched = [
            Touch(
                provision=(reading, concern.clauses[0]),
                concern=concern.check.title,
                certain=concern.certain,
                passages=[*post.passages(concern), *post.image_passages(concern)],
                advice=concern.check.advice(""),
            )
            for concern in examine_post(self.parts, reading, post)
        ]
        nothing = [] if touched else [nothing_seen(post, [reading.policy.name])]
        return touched, " ".join([*nothing, UNSEEN])

    def close(self) -> None:
        """Forget every question that was asked."""
        self._open.close()
        self._begin = None


def _cited(decision: Decision, clauses: Sequence[ScoredClause]) -> list[Cited]:
    return [(decision.reading, clause.number) for clause in clauses[:MOST]]


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
    """Serve assistants until the client disconnects or, over HTTP, until interrupted."""
    if find_spec("mcp") is None:
        base.refuse(_MISSING)
    import anyio

    from bot.assistants.server import HOST, PATH, make_server, serve_http, serve_standard_streams

    logs.hush_libraries()
    shelf = _Shelf(base.parts())
    database = shelf.parts.settings.database()
    if not database.is_file():
        click.echo(
            f"Il n'y a pas de base à {database.absolute()}\u00a0: je donne les textes des fichiers.", err=True
        )
    with ThreadPoolExecutor(1, "policies") as thread:
        try:
            thread.submit(shelf.texts).result()  # so that unreadable texts are reported at the start
            sources = TextSources(shelf.texts, shelf.ask, shelf.examine, politique.why_none)
            association = shelf.parts.settings.profile.association
            server = make_server(sources, thread, association=association, version=__version__)
            if port is None:
                anyio.run(serve_standard_streams, server)
                return
            with closing(socket.socket()) as listening:
                try:
                    listening.bind((HOST, port))
                    listening.listen()  # before the address is shown, so that no client is refused
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
