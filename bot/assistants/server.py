"""The server of the Model Context Protocol: tools, resources and prompts over the policies. It only reads.

What assistants are told of each is in `words.toml`.
"""

import asyncio
import logging
import socket
import tomllib
from collections.abc import Callable
from concurrent.futures import Executor
from dataclasses import dataclass
from datetime import date
from functools import partial
from pathlib import Path
from typing import Annotated, Any, Final, TypeAlias

import uvicorn
from mcp import MCPError
from mcp.server import MCPServer
from mcp.server.context import CallNext, HandlerResult, ServerRequestContext
from mcp.server.mcpserver.exceptions import ResourceNotFoundError, ToolError
from mcp.server.transport_security import TransportSecuritySettings
from mcp.types import INVALID_PARAMS, ToolAnnotations
from pydantic import Field

from bot.assistants import texts
from bot.assistants.texts import (
    SCHEME,
    AnsweredQuestion,
    ExaminedText,
    Extract,
    PolicyList,
    VersionComparison,
)
from bot.conversation.requests import UserError
from bot.language.other_words import other_words
from bot.logs import loggable
from bot.policy import references
from bot.policy.articles import Number
from bot.policy.library import Library, Policy, Reading, version_on

logger = logging.getLogger(__name__)

HOST: Final = "127.0.0.1"
PATH: Final = "/mcp"
_BODY: Final = 200_000  # bytes of an HTTP request
_WORDS: Final[dict[str, Any]] = tomllib.loads(Path(__file__).with_name("words.toml").read_text("utf-8"))
_READS: Final = ToolAnnotations(
    read_only_hint=True, destructive_hint=False, idempotent_hint=True, open_world_hint=False
)


def _argument(name: str, **limits: Any) -> Any:  # noqa: ANN401 — as pydantic's
    return Field(description=_WORDS["arguments"][name], **limits)


PolicyName: TypeAlias = Annotated[str, _argument("politique", max_length=80)]
Start: TypeAlias = Annotated[int, _argument("debut", ge=0)]
Day: TypeAlias = Annotated[date | None, _argument("date")]


@dataclass(frozen=True, slots=True)
class TextSources:
    """What the server reads. Every function is called on one thread, and may raise `UserError`.

    `library`: returns the policies of a day, None for today. `ask`: answers a question about a policy, "" for
    whichever answers. `examine`: says what a text to publish touches, from the text, its picture's
    description, and a policy. `why_none`: says in French why a text finds nothing in a policy on a day.
    """

    library: Callable[[date | None], Library]
    ask: Callable[[str, str], AnsweredQuestion]
    examine: Callable[[str, str, str], ExaminedText]
    why_none: Callable[[Policy, date, str], str]


@dataclass(frozen=True, slots=True)
class _TextReader:
    sources: TextSources
    thread: Executor

    async def read(self, function: Callable[..., Any], *arguments: object) -> Any:  # noqa: ANN401 — the function's
        """Run a function on the thread. Raises `ToolError`, which says only what a person can mend."""
        call = partial(function, self.sources, *arguments)
        try:
            return await asyncio.get_running_loop().run_in_executor(self.thread, call)
        except UserError as error:
            raise ToolError(str(error)) from None
        except Exception as error:  # noqa: BLE001 — its text may hold what was asked
            logger.error("assistants: %s", loggable(error))  # noqa: TRY400 — as above
            raise ToolError("Vigie n'a pas pu répondre. Son journal dit pourquoi.") from None

    async def read_resource(self, function: Callable[..., Extract], *arguments: object) -> str:
        """Run a function on the thread, and return what it extracts as JSON."""
        try:
            extract: Extract = await self.read(function, *arguments)
        except ToolError as error:
            raise ResourceNotFoundError(str(error)) from None
        return extract.model_dump_json()


def make_server(sources: TextSources, thread: Executor, *, association: str, version: str) -> MCPServer[Any]:
    """Return the server. `thread`: one thread, on which everything is read."""
    # Its errors have the traces of clients that leave, and may have what they asked; ours are logged here.
    logging.getLogger("mcp").setLevel(logging.CRITICAL)
    server: MCPServer[Any] = MCPServer(
        "vigie",
        title="Vigie",
        instructions=_WORDS["instructions"].strip().format(association=association),
        version=version,
        log_level="ERROR",  # below, the library logs what was asked
    )
    reader = _TextReader(sources, thread)
    _add_tools(server, reader)
    _add_resources(server, reader)
    _add_prompts(server)
    return server


def _add_tools(server: MCPServer[Any], reader: _TextReader) -> None:
    def tool(name: str) -> Callable[[Any], Any]:
        words = _WORDS[name]
        description = words["description"].strip()
        return server.tool(name=name, title=words["title"], description=description, annotations=_READS)

    @tool("politiques")
    async def policies() -> PolicyList:
        result: PolicyList = await reader.read(lambda sources: texts.list_policies(sources.library(None)))
        return result

    @tool("lire")
    async def read(
        numero: Annotated[str, _argument("numero", max_length=200)],
        politique: PolicyName = "",
        date: Day = None,
        debut: Start = 0,
    ) -> Extract:
        result: Extract = await reader.read(_read, numero, politique, date, debut)
        return result

    @tool("chercher")
    async def search(
        mots: Annotated[str, _argument("mots", min_length=1, max_length=200)],
        politique: PolicyName = "",
        date: Day = None,
        debut: Start = 0,
    ) -> Extract:
        result: Extract = await reader.read(_search, mots, politique, date, debut)
        return result

    @tool("demander")
    async def ask(
        question: Annotated[str, _argument("question", min_length=1, max_length=2_000)],
        politique: PolicyName = "",
    ) -> AnsweredQuestion:
        result: AnsweredQuestion = await reader.read(lambda sources: sources.ask(question, politique))
        return result

    @tool("comparer")
    async def compare(
        politique: PolicyName = "",
        avant: Annotated[date | None, _argument("avant")] = None,
        apres: Annotated[date | None, _argument("apres")] = None,
        debut: Start = 0,
    ) -> VersionComparison:
        result: VersionComparison = await reader.read(_compare, politique, avant, apres, debut)
        return result

    @tool("relire")
    async def examine(
        texte: Annotated[str, _argument("texte", max_length=10_000)],
        image: Annotated[str, _argument("image", max_length=500)] = "",
        politique: PolicyName = "",
    ) -> ExaminedText:
        result: ExaminedText = await reader.read(lambda sources: sources.examine(texte, image, politique))
        return result


def _add_resources(server: MCPServer[Any], reader: _TextReader) -> None:
    def resource(name: str, address: str) -> Callable[[Any], Any]:
        return server.resource(
            f"{SCHEME}://{address}", name=name, mime_type="application/json", **_WORDS[name]
        )

    @resource("version", "{politique}/versions/{version}/{numero}")
    async def frozen(politique: str, version: str, numero: str) -> str:
        return await reader.read_resource(_frozen, politique, version, numero)

    @resource("disposition", "{politique}/dispositions/{identite}")
    async def lasting(politique: str, identite: str) -> str:
        return await reader.read_resource(_lasting, politique, identite)


def _add_prompts(server: MCPServer[Any]) -> None:
    def prompt(name: str) -> Callable[[Any], Any]:
        words = _WORDS[name]
        return server.prompt(name=name, title=words["title"], description=words["description"])

    def filled(name: str, **values: str) -> str:
        return str(_WORDS[name]["prompt"]).strip().format(**values)

    @prompt("repondre")
    def answer(question: str) -> str:
        return filled("repondre", question=question)

    @prompt("avant_de_publier")
    def publish(texte: str) -> str:
        return filled("avant_de_publier", texte=texte)

    @prompt("ce_qui_a_change")
    def tell(politique: str = "") -> str:
        return filled("ce_qui_a_change", of=f" de {politique}" if politique else "")

    async def explained(ctx: ServerRequestContext[Any, Any], call_next: CallNext) -> HandlerResult:
        """Say what is wrong with a prompt that was asked for: the library says that it failed itself."""
        try:
            return await call_next(ctx)
        except ValueError:  # neither kept nor logged: it may have what was asked
            if ctx.method != "prompts/get":
                raise
            arguments = {each.name: each.arguments or [] for each in await server.list_prompts()}
            name = str((ctx.params or {}).get("name", ""))
            if name in arguments:
                names = ", ".join(argument.name for argument in arguments[name])
                problem = (
                    f"«\u00a0{name}\u00a0» se demande avec «\u00a0{names}\u00a0», en texte, et rien d'autre."
                )
            else:
                problem = (
                    f"Je ne connais pas «\u00a0{name[:60]}\u00a0». Je connais\u00a0: {', '.join(arguments)}."
                )
            raise MCPError(INVALID_PARAMS, problem) from None

    server.middleware.append(explained)


# --- What each tool reads ---------------------------------------------------------------------


def _read(sources: TextSources, text: str, name: str, day: date | None, start: int) -> Extract:
    library, reading = _reading(sources, name, day)
    policy, version = reading.policy, reading.version
    text = library.naming.unaddressed(text)
    if text and references.reference_in(text, version) is None:
        raise UserError(f"«\u00a0{text[:60]}\u00a0» n'est pas un numéro. Pour des mots\u00a0: chercher.")
    if other := other_words(reading, text):
        raise UserError(texts.warn_of_other_words(reading, other))
    clauses = policy.select(version, text)
    message = "" if clauses else sources.why_none(policy, day or library.today(), text)
    return texts.extract(library, reading, [clause.number for clause in clauses], start, message)


def _search(sources: TextSources, words: str, name: str, day: date | None, start: int) -> Extract:
    library, reading = _reading(sources, name, day)
    hits = reading.policy.index(reading.version).search(words)
    message = "" if hits else sources.why_none(reading.policy, day or library.today(), words)
    return texts.extract(library, reading, [hit.clause.number for hit in hits], start, message)


def _compare(
    sources: TextSources, name: str, before: date | None, after: date | None, start: int
) -> VersionComparison:
    library = sources.library(None)
    return texts.compare_versions(library, texts.find_policy(library, name), before, after, start)


def _reading(sources: TextSources, name: str, day: date | None) -> tuple[Library, Reading]:
    library = sources.library(day)
    policy = texts.find_policy(library, name)
    version = version_on(policy, day) if day else library.current(policy)
    return library, Reading(policy, version, on=day, default=policy is library.default)


def _frozen(sources: TextSources, name: str, adopted: str, number: str) -> Extract:
    library = sources.library(None)
    policy = texts.find_policy(library, name)
    try:
        return texts.read_number(library, policy, policy.version(adopted), Number(number))
    except KeyError:
        raise UserError(f"{policy.name} n'a pas {number[:60]} dans une version du {adopted[:20]}.") from None


def _lasting(sources: TextSources, name: str, identity: str) -> Extract:
    library = sources.library(None)
    policy = texts.find_policy(library, name)
    try:
        return texts.read_identity(library, policy, identity)
    except KeyError:
        raise UserError(f"{policy.name} n'a aucune disposition à cette adresse.") from None


# --- Over HTTP --------------------------------------------------------------------------------


async def serve_http(server: MCPServer[Any], listening: socket.socket) -> None:
    """Serve over streamable HTTP until cancelled. `listening`: a socket of the loopback that listens.

    A request whose Host or Origin is not this machine's is refused, so that no web page can ask.
    """
    port = listening.getsockname()[1]
    names = [f"{name}:{port}" for name in (HOST, "localhost")]
    app = server.streamable_http_app(
        streamable_http_path=PATH,
        json_response=True,
        stateless_http=True,
        max_request_body_size=_BODY,
        transport_security=TransportSecuritySettings(
            allowed_hosts=names, allowed_origins=[f"http://{name}" for name in names]
        ),
    )
    config = uvicorn.Config(app, log_level="error", access_log=False)
    await uvicorn.Server(config).serve(sockets=[listening])
