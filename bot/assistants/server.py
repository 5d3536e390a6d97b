"""The Model Context Protocol server: read-only tools, resources and prompts about the policies.

The descriptions for assistants are in `words.toml`, and what each tool does in `tools.py`.
"""

import asyncio
import logging
import socket
from collections.abc import Callable
from concurrent.futures import Executor
from functools import partial
from typing import Any, Final, TypeAlias, TypeVar

import uvicorn
from mcp import MCPError
from mcp.server.context import CallNext, HandlerResult, ServerRequestContext
from mcp.server.lowlevel import Server
from mcp.server.stdio import stdio_server
from mcp.server.transport_security import TransportSecuritySettings
from mcp.types import (
    INVALID_PARAMS,
    METHOD_NOT_FOUND,
    CallToolRequestParams,
    CallToolResult,
    GetPromptRequestParams,
    GetPromptResult,
    ListPromptsResult,
    ListResourcesResult,
    ListResourceTemplatesResult,
    ListToolsResult,
    PaginatedRequestParams,
    Prompt,
    PromptArgument,
    PromptMessage,
    ReadResourceRequestParams,
    ReadResourceResult,
    Resource,
    ResourceTemplate,
    TextContent,
    TextResourceContents,
    Tool,
    ToolAnnotations,
)
from pydantic import ValidationError
from starlette.responses import PlainTextResponse
from starlette.types import Receive, Scope, Send

from bot.assistants.arguments import WORDS
from bot.assistants.paging import CHARACTERS, MOST
from bot.assistants.texts import SCHEME, version_address
from bot.assistants.tools import TOOLS, TextSources, call_tool, read_address
from bot.conversation.messages import excerpt
from bot.conversation.requests import UserError
from bot.logs import loggable

logger = logging.getLogger(__name__)

HOST: Final = "127.0.0.1"
PATH: Final = "/mcp"
_BODY: Final = 200_000  # maximum bytes of an HTTP request
_CONNECTIONS: Final = 100  # maximum HTTP connections at once, idle ones included
_WAITING: Final = 200  # maximum calls that wait for their turn; further calls are refused
_JSON: Final = "application/json"
_READS: Final = ToolAnnotations(
    read_only_hint=True, destructive_hint=False, idempotent_hint=True, open_world_hint=False
)
_FAULT: Final = "Vigie n'a pas pu répondre. Son journal dit pourquoi."
_MALFORMED: Final = (
    "«\u00a0{method}\u00a0» n'a pas la forme qu'il faut\u00a0: à un outil ou à une demande toute prête, un "
    "nom («\u00a0name\u00a0») et des arguments nommés («\u00a0arguments\u00a0»); à une ressource, son "
    "adresse («\u00a0uri\u00a0»)."
)
_FOR_ASSISTANTS: Final = "Cette adresse se donne à un assistant\u00a0: rien ne s'y lit dans un navigateur."
_UNKNOWN: Final = (
    "Vigie n'a pas «\u00a0{method}\u00a0», mais des outils, des ressources et des demandes toutes prêtes."
)

Context: TypeAlias = ServerRequestContext[Any, Any]
Result = TypeVar("Result")


class _TextReader:
    """Runs functions of the sources on a single thread, one call at a time."""

    def __init__(self, sources: TextSources, thread: Executor) -> None:
        self._sources, self._thread, self._waiting = sources, thread, 0

    async def read(self, function: Callable[..., Result], *arguments: object) -> Result:
        """Run a function of the sources. Raises `UserError`, which never reveals internal errors."""
        if self._waiting >= _WAITING:
            raise UserError("Trop de demandes attendent déjà leur tour. Réessayez dans un moment.")
        self._waiting += 1
        try:
            call = partial(function, self._sources, *arguments)
            return await asyncio.get_running_loop().run_in_executor(self._thread, call)
        except UserError:
            raise
        except Exception as error:  # noqa: BLE001 — the error's own text may quote the request
            logger.error("assistants: %s", loggable(error))  # noqa: TRY400 — the traceback may too
            raise UserError(_FAULT) from None
        finally:
            self._waiting -= 1


def make_server(sources: TextSources, thread: Executor, *, association: str, version: str) -> Server[Any]:
    """Return the server. `thread`: an executor with one thread, on which all the texts are read."""
    reader = _TextReader(sources, thread)

    async def run_tool(_: Context, params: CallToolRequestParams) -> CallToolResult:
        # A refusal is sent as a result, so that the assistant can read it and correct its call.
        try:
            result = await reader.read(call_tool, params.name, params.arguments or {})
        except UserError as error:
            return CallToolResult(content=[TextContent(type="text", text=str(error))], is_error=True)
        return CallToolResult(
            content=[TextContent(type="text", text=result.model_dump_json())],
            structured_content=result.model_dump(mode="json"),
        )

    async def read_resource(_: Context, params: ReadResourceRequestParams) -> ReadResourceResult:
        extract = await reader.read(read_address, params.uri)
        content = TextResourceContents(uri=params.uri, mime_type=_JSON, text=extract.model_dump_json())
        return ReadResourceResult(contents=[content])

    async def list_resources(_: Context, __: PaginatedRequestParams | None) -> ListResourcesResult:
        return ListResourcesResult(resources=await reader.read(_versions_in_force))

    server: Server[Any] = Server(
        "vigie",
        title="Vigie",
        instructions=WORDS["instructions"]
        .strip()
        .format(association=association, most=MOST, characters=CHARACTERS),
        version=version,
        on_list_tools=_list_tools,
        on_call_tool=run_tool,
        on_list_resources=list_resources,
        on_list_resource_templates=_list_templates,
        on_read_resource=read_resource,
        on_list_prompts=_list_prompts,
        on_get_prompt=_get_prompt,
    )
    server.middleware.append(_in_french)
    return server


async def _in_french(ctx: Context, call_next: CallNext) -> HandlerResult:
    """Translate into French the refusals of resources, prompts and the protocol itself."""
    try:
        return await call_next(ctx)
    except UserError as error:
        raise MCPError(INVALID_PARAMS, str(error)) from None
    except ValidationError:  # not logged, since it may contain the request
        raise MCPError(INVALID_PARAMS, _MALFORMED.format(method=ctx.method)) from None
    except MCPError as error:
        if error.error.code != METHOD_NOT_FOUND:
            raise
        raise MCPError(METHOD_NOT_FOUND, _UNKNOWN.format(method=excerpt(ctx.method, 60))) from None


# --- Tools, resources and prompts
# ----------------------------------------------------------------------------


async def _list_tools(_: Context, __: PaginatedRequestParams | None) -> ListToolsResult:
    return ListToolsResult(
        tools=[
            Tool(
                name=name,
                title=WORDS["tools"][name]["title"],
                description=WORDS["tools"][name]["description"].strip(),
                input_schema=tool.arguments.model_json_schema(),
                output_schema=tool.result.model_json_schema(mode="serialization"),
                annotations=_READS,
            )
            for name, tool in TOOLS.items()
        ]
    )


def _versions_in_force(sources: TextSources) -> list[Resource]:
    """Return one resource for each policy: the whole version in force."""
    library = sources.texts().library
    return [
        Resource(
            name=policy.id,
            title=f"{policy.name}, {policy.written.title}",
            uri=version_address(policy, library.current(policy)),
            mime_type=_JSON,
        )
        for policy in library.policies.values()
    ]


async def _list_templates(_: Context, __: PaginatedRequestParams | None) -> ListResourceTemplatesResult:
    return ListResourceTemplatesResult(
        resource_templates=[
            ResourceTemplate(
                name=name,
                title=words["title"],
                description=words["description"],
                uri_template=f"{SCHEME}://{words['address']}",
                mime_type=_JSON,
            )
            for name, words in WORDS["resources"].items()
        ]
    )


async def _list_prompts(_: Context, __: PaginatedRequestParams | None) -> ListPromptsResult:
    return ListPromptsResult(
        prompts=[
            Prompt(
                name=name,
                title=words["title"],
                description=words["description"],
                arguments=[
                    PromptArgument(
                        name=argument,
                        description=WORDS["arguments"][argument],
                        required=argument in words["required"],
                    )
                    for argument in (*words["required"], *words["defaults"])
                ],
            )
            for name, words in WORDS["prompts"].items()
        ]
    )


async def _get_prompt(_: Context, params: GetPromptRequestParams) -> GetPromptResult:
    words = WORDS["prompts"].get(params.name)
    if words is None:
        prompts = ", ".join(WORDS["prompts"])
        name = excerpt(params.name, 60)
        raise UserError(f"Je ne connais pas «\u00a0{name}\u00a0». Je connais\u00a0: {prompts}.")
    required, defaults = words["required"], words["defaults"]
    values = {name: value for name, value in (params.arguments or {}).items() if value.strip()}
    if unknown := next((name for name in values if name not in required and name not in defaults), None):
        raise UserError(
            f"«\u00a0{params.name}\u00a0» ne prend pas «\u00a0{excerpt(unknown, 60)}\u00a0», mais\u00a0: "
            f"{', '.join((*required, *defaults))}."
        )
    if missing := ", ".join(name for name in required if name not in values):
        raise UserError(f"Il manque à «\u00a0{params.name}\u00a0»\u00a0: {missing}, en texte.")
    text = words["prompt"].strip().format_map(defaults | values)
    message = PromptMessage(role="user", content=TextContent(type="text", text=text))
    return GetPromptResult(description=words["description"], messages=[message])


# --- Transports -------------------------------------------------------------------------------


async def serve_standard_streams(server: Server[Any]) -> None:
    """Serve over standard input and output until the client disconnects."""
    async with stdio_server() as (incoming, outgoing):
        await server.run(incoming, outgoing, server.create_initialization_options())


async def serve_http(server: Server[Any], listening: socket.socket) -> None:
    """Serve over streamable HTTP until cancelled. `listening`: a listening socket on `HOST`.

    A request with another Host or Origin than this machine's is refused, so that no web page can send one.
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

    async def answer(scope: Scope, receive: Receive, send: Send) -> None:
        # GET comes from a browser, or from a client that would only wait for events.
        if scope["type"] == "http" and scope["method"] == "GET":
            await PlainTextResponse(_FOR_ASSISTANTS, 405, {"Allow": "POST"})(scope, receive, send)
        else:
            await app(scope, receive, send)

    config = uvicorn.Config(answer, log_level="error", access_log=False, limit_concurrency=_CONNECTIONS)
    await uvicorn.Server(config).serve(sockets=[listening])
