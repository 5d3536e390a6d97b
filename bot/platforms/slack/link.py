"""The connection to Slack: tokens, Socket Mode, signed HTTP, and downloads of Slack's files.

Each connection is a context manager. Entering it returns once the connection works, and raises
`PlatformError` otherwise. Leaving it takes a bounded time and leaves no task running.
"""

import asyncio
import contextlib
import hashlib
import hmac
import logging
import re
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from typing import Any, TypeAlias
from urllib.parse import urlsplit

import aiohttp
from aiohttp import web
from slack_bolt.adapter.aiohttp import to_aiohttp_response
from slack_bolt.adapter.socket_mode.aiohttp import AsyncSocketModeHandler
from slack_bolt.async_app import AsyncApp
from slack_bolt.authorization import AuthorizeResult
from slack_bolt.request.async_request import AsyncBoltRequest
from slack_sdk.errors import SlackApiError, SlackClientError
from slack_sdk.http_retry.builtin_async_handlers import (
    AsyncConnectionErrorRetryHandler,
    AsyncRateLimitErrorRetryHandler,
)
from slack_sdk.socket_mode.aiohttp import SocketModeClient
from slack_sdk.web.async_client import AsyncWebClient

from bot.conversation.messages import Message
from bot.conversation.requests import TAKEN_SIZE, Received
from bot.platforms import dropped_files
from bot.platforms.contract import PlatformError, Standing
from bot.platforms.doorway import Doorway
from bot.platforms.pace import count_limited
from bot.platforms.slack.manifest import BOT_SCOPES
from bot.platforms.slack.meanings import MEANINGS, TOKEN_CODES

Connected: TypeAlias = Callable[[], Awaitable[bool]]

HTTP_PATH = "/slack/events"
SIGNED_SECONDS = 300  # maximum age of a signature, to prevent replays
CONNECT_SECONDS = 10  # seconds to reach Slack at all; after them, no request was sent
CALL_SECONDS = 30  # seconds for a call to Slack, without the waits for rate limits
HANG_UP_SECONDS = 2
PING_SECONDS = 5  # a closed socket is noticed after one interval, a silent socket after four
WATCH_SECONDS = 30
IDLE_SECONDS = 75  # a proxy may keep its own connections open so long between two requests
BODY_SECONDS = 10.0  # Slack sends a few kilobytes at once
CONNECTIONS = 256  # to our HTTP port: a proxy may keep some open, and Slack sends requests in bursts
RATE_LIMIT_RETRIES = 3

_FILES = "files.slack.com"
_CHUNK = 64 * 1024  # bytes of a file read at a time

NOT_SENT = (SlackClientError, aiohttp.ClientError, TimeoutError)  # the exceptions of a failed call to Slack

_PAGE = {
    "SLACK_BOT_TOKEN": "«\u00a0OAuth & Permissions\u00a0»",
    "SLACK_APP_TOKEN": "«\u00a0Basic Information\u00a0», sous «\u00a0App-Level Tokens\u00a0»",
}
_REINSTALL = (
    "Collez le manifeste (vigie slack manifeste) sous «\u00a0App Manifest\u00a0», "
    "puis réinstallez l'application."
)

logger = logging.getLogger(__name__)


def library_logger(name: str, level: int) -> logging.Logger:
    """Return a logger for Slack's libraries that logs only the location and the type of an error.

    The libraries put payloads, tokens and single-use addresses in their messages.
    """

    def discreet(record: logging.LogRecord) -> bool:
        source = Path(record.pathname)
        error = record.exc_info[0] if record.exc_info else None
        record.msg = f"{source.parent.name}/{source.stem}.{record.funcName}"
        if error is not None:
            record.msg += f": {error.__name__}"
        record.args = ()
        record.exc_info = None
        record.exc_text = None
        record.stack_info = None
        return True

    lent = logging.getLogger(f"{__name__}.{name}")
    lent.setLevel(level)
    lent.filters = [discreet]
    return lent


def failure_code(error: Exception) -> str:
    """Return what may be logged of a failed call: Slack's error code, or the exception's type."""
    if not isinstance(error, SlackApiError):
        return type(error).__name__
    data = getattr(error.response, "data", None)
    code = data.get("error") if isinstance(data, dict) else None
    return str(code or f"HTTP {getattr(error.response, 'status_code', '?')}")


def may_pass(error: Exception) -> bool:
    """Return whether the same call may succeed later, even if someone must restore the token first."""
    code = failure_code(error)
    passing = MEANINGS.get(code) in {"refused", "unsure", "wait"} or code.startswith("HTTP")
    return passing or not isinstance(error, SlackApiError)


def unreachable(why: str = "") -> PlatformError:
    """Return the error to raise if Slack fails or does not answer. `why`: the code of the failure, if any."""
    detail = f" ({why})" if why else ""
    return PlatformError(
        f"Slack ne répond pas{detail}. Vérifiez l'accès à Internet, et SLACK_API_URL si vous l'avez réglé.",
        passing=True,
    )


def other_workspace(workspace: str, team: str) -> str:
    """Return a French sentence: the token belongs to the workspace `workspace`, and the bot serves `team`."""
    return (
        f"le jeton est celui de l'espace {workspace}, pas de VIGIE_SLACK_EQUIPE ({team}). Écrivez "
        f"VIGIE_SLACK_EQUIPE={workspace} si c'est le vôtre; sinon, prenez le jeton de {team}."
    )


@contextlib.contextmanager
def _explained(token: str) -> Iterator[None]:
    """Turn a failed call with `token` into a `PlatformError`."""
    try:
        yield
    except SlackApiError as error:
        code = failure_code(error)
        refused = code if MEANINGS.get(code) == "refused" else ""
        if may_pass(error) and not refused:
            raise unreachable(code) from error
        if code in TOKEN_CODES:
            why = (
                f"{token} est refusé ({code}). Copiez-le de nouveau, à la page {_PAGE[token]} "
                "de votre application à api.slack.com/apps."
            )
        elif code != "missing_scope":
            why = (
                f"Slack refuse la connexion ({code}). Vérifiez votre application à api.slack.com/apps. "
                f"{_REINSTALL}"
            )
        elif token == "SLACK_APP_TOKEN":  # noqa: S105 — a setting's name, not a token
            why = (
                f"{token} n'a pas la permission connections:write. Créez-en un autre qui l'a, "
                f"à la page {_PAGE[token]}."
            )
        else:
            why = f"il manque une permission à l'application. {_REINSTALL}"
        raise PlatformError(why, refused=refused) from error
    except NOT_SENT as error:
        raise unreachable() from error


@contextlib.asynccontextmanager
async def web_api(
    bot_token: str, api_url: str, limited: Callable[[], None] = lambda: None
) -> AsyncIterator[AsyncWebClient]:
    """Yield a client for the Web API at `api_url`. No request is sent to Slack yet.

    `limited` is called for each 429 response.
    """
    patience = aiohttp.ClientTimeout(total=CALL_SECONDS, sock_connect=CONNECT_SECONDS)
    async with aiohttp.ClientSession(timeout=patience, trace_configs=[count_limited(limited)]) as session:
        yield AsyncWebClient(
            token=bot_token,
            base_url=api_url,
            session=session,
            logger=library_logger("sdk", logging.WARNING),
            retry_handlers=[
                # Only requests that were not sent are repeated, since Slack may have acted on the others.
                AsyncConnectionErrorRetryHandler(error_types=[aiohttp.ClientConnectorError]),
                AsyncRateLimitErrorRetryHandler(max_retry_count=RATE_LIMIT_RETRIES),
            ],
        )


@dataclass(frozen=True, slots=True)
class BotIdentity:
    """The bot as Slack knows it: `me`, and the `scopes` granted, None if Slack does not list them.

    `date`: the time of Slack's answer, as an HTTP header, "" if there is none.
    """

    me: AuthorizeResult
    scopes: frozenset[str] | None
    date: str

    @property
    def lacks(self) -> str:
        """A French line about the permissions that the bot lacks, "" if it lacks none."""
        missing = sorted(set(BOT_SCOPES) - self.scopes) if self.scopes is not None else []
        if not missing:
            return ""
        return f"il manque à l'application la permission {', '.join(missing)}. {_REINSTALL}"


async def identify_bot(client: AsyncWebClient) -> BotIdentity:
    """Return the bot's identity. Raises `PlatformError` if Slack refuses the token or does not answer."""
    with _explained("SLACK_BOT_TOKEN"):
        answer = await client.auth_test()
    headers = {name.lower(): value for name, value in answer.headers.items()}
    me = AuthorizeResult.from_auth_test_response(bot_token=client.token, auth_test_response=answer)
    granted = headers.get("x-oauth-scopes")
    scopes = None if granted is None else frozenset(scope.strip() for scope in granted.split(","))
    return BotIdentity(me, scopes, headers.get("date", ""))


async def ask_standing(client: AsyncWebClient) -> Standing:
    """Ask Slack for the current standing of the bot's token."""
    try:
        await client.auth_test()
    except SlackApiError as error:
        meaning = MEANINGS.get(failure_code(error))
        return "accepted" if meaning == "wait" else "refused" if meaning == "refused" else "unsure"
    except NOT_SENT:
        return "unsure"
    return "accepted"


def sent_at(body: Mapping[str, Any]) -> float | None:
    """Return the time that Slack gives an event, in seconds since 1970, None if there is none.

    Slack dates events, buttons and shortcuts, but neither slash commands nor forms.
    """
    action = (body.get("actions") or [body])[0]
    try:
        return float((body.get("event") or {}).get("event_ts") or action.get("action_ts"))
    except (TypeError, ValueError):
        return None


async def open_socket(client: AsyncWebClient, app_token: str) -> str:
    """Return the address of a new socket. Raises `PlatformError` if Slack refuses the token."""
    with _explained("SLACK_APP_TOKEN"):
        return str((await client.apps_connections_open(app_token=app_token))["url"])


@contextlib.asynccontextmanager
async def socket_mode(
    app: AsyncApp, client: AsyncWebClient, app_token: str, reconnected: Callable[[], None]
) -> AsyncIterator[Connected]:
    """Keep a socket open through which Slack calls `app`, and reopen it if it is lost.

    Yields once Slack has said hello, which is when it begins to send events. Yields a function that returns
    whether Slack has said hello on the current socket. `reconnected` is called each time a lost socket is
    open again.
    """
    address = await open_socket(client, app_token)  # the SDK would retry a refused token forever
    # The SDK logs two lines for each attempt, several times a minute. `_watch` logs the same reason once.
    quiet = library_logger("socket", logging.CRITICAL)
    handler = AsyncSocketModeHandler(
        app, app_token, logger=quiet, web_client=client, ping_interval=PING_SECONDS
    )
    handler.client.wss_uri = address
    hello = asyncio.Event()
    greeted = None  # the socket on which Slack last said hello

    async def note_hello(_: object, message: Mapping[str, Any], _raw: str | None) -> None:
        nonlocal greeted
        if message.get("type") == "hello":
            greeted = handler.client.current_session
            hello.set()

    async def is_open() -> bool:
        return greeted is handler.client.current_session and await handler.client.is_connected()

    handler.client.message_listeners.append(note_hello)
    watch = asyncio.ensure_future(_watch(handler.client, reconnected))
    try:
        await handler.connect_async()  # type: ignore[no-untyped-call]  # theirs has none
        await hello.wait()
        yield is_open
    finally:
        watch.cancel()
        with contextlib.suppress(*NOT_SENT, ConnectionError):
            async with asyncio.timeout(HANG_UP_SECONDS):
                await handler.client.close()  # type: ignore[no-untyped-call]  # theirs has none
        # The SDK cancels its tasks without waiting for them, and leaves them running after a timeout.
        workers = handler.client.message_processor, handler.client.current_session_monitor
        tasks = [task for task in (*workers, handler.client.message_receiver) if task is not None]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, watch, return_exceptions=True)
        await handler.client.aiohttp_client_session.close()


async def _watch(client: SocketModeClient, reconnected: Callable[[], None]) -> None:
    """Drop the address of a lost connection, so that the SDK requests another. Log why it was lost.

    An address is valid for one connection and a short time, but the SDK would retry it forever.
    """
    # why Slack refused an address at the latest attempt
    refusal = ""
    issue = client.issue_new_wss_url
    logged: str | None = None  # the latest refusal that was logged, None while connected

    async def issue_noted() -> str:
        nonlocal refusal
        try:
            address = await issue()
        except (*NOT_SENT, OSError) as error:
            refusal = failure_code(error)
            raise
        refusal = ""
        return address

    client.issue_new_wss_url = issue_noted  # type: ignore[method-assign]
    while True:
        await asyncio.sleep(WATCH_SECONDS)
        if await client.is_connected():
            if logged is not None:
                logger.info("connected to Slack again")
                reconnected()
            logged = None
        else:
            client.wss_uri = None
            if logged is None or refusal not in {"", logged}:
                logger.warning("no connection to Slack, trying again%s", f" ({refusal})" if refusal else "")
                logged = refusal


@contextlib.asynccontextmanager
async def signed_http(app: AsyncApp, port: int, secret: str) -> AsyncIterator[int]:
    """Serve `app` at one route of 127.0.0.1, on `port`, and yield the port. Port 0 means any free port.

    A request that is not signed with `secret` is refused before anything parses it. A signed request is
    decoded as UTF-8 whatever codec it names, because some codecs take quadratic time. Raises `PlatformError`
    when the port cannot be opened.
    """

    async def receive(request: web.Request) -> web.Response:
        try:
            async with asyncio.timeout(BODY_SECONDS):
                body = await request.read()
        except TimeoutError:
            return web.Response(status=408)
        if not _is_signed(request.headers, body, secret):
            return web.Response(status=401)
        try:
            received = AsyncBoltRequest(
                body=body.decode("utf-8"), query=request.query_string, headers=dict(request.headers)
            )
        except (ValueError, RecursionError):  # neither UTF-8 nor JSON, so not from Slack
            return web.Response(status=400)
        return await to_aiohttp_response(await app.async_dispatch(received))

    server = web.Application()
    server.router.add_post(HTTP_PATH, receive)
    door = Doorway(
        server,
        "127.0.0.1",
        port,
        connections=CONNECTIONS,
        head=IDLE_SECONDS,
        whole=None,
        logger=library_logger("http", logging.ERROR),
    )
    await door.open("VIGIE_SLACK_PORT")
    try:
        yield door.port
    finally:
        await door.close()


def _is_signed(headers: Mapping[str, str], body: bytes, secret: str) -> bool:
    """Return whether Slack signed a body with `secret` in the last `SIGNED_SECONDS`.

    See docs.slack.dev/authentication/verifying-requests-from-slack.
    """
    timestamp = headers.get("X-Slack-Request-Timestamp", "")
    signature = headers.get("X-Slack-Signature", "")
    if not re.fullmatch("[0-9]{1,12}", timestamp) or abs(time.time() - int(timestamp)) > SIGNED_SECONDS:
        return False
    expected = hmac.new(secret.encode(), b"v0:%b:%b" % (timestamp.encode(), body), hashlib.sha256).hexdigest()
    return hmac.compare_digest(f"v0={expected}".encode(), signature.encode("utf-8", "surrogateescape"))


async def fetch_file(client: AsyncWebClient, file: Mapping[str, Any]) -> Received | Message:
    """Return a message's file, downloaded whole, or the answer that refuses it.

    The token is sent to Slack only, never to the target of a redirection.
    """
    url = str(file.get("url_private_download") or file.get("url_private") or "")
    address = urlsplit(url)
    api = urlsplit(client.base_url)
    same_server = (address.scheme, address.netloc) == (api.scheme, api.netloc)
    if int(file.get("size") or 0) > TAKEN_SIZE:
        return dropped_files.FILE_TOO_LARGE
    if client.session is None or not (same_server or (address.scheme, address.hostname) == ("https", _FILES)):
        return dropped_files.UNREACHABLE
    headers, content = {"Authorization": f"Bearer {client.token}"}, bytearray()
    try:
        async with client.session.get(url, headers=headers, allow_redirects=False) as answer:
            if answer.status != HTTPStatus.OK:
                return dropped_files.UNREACHABLE
            async for chunk in answer.content.iter_chunked(_CHUNK):
                content += chunk
                if len(content) > TAKEN_SIZE:
                    return dropped_files.FILE_TOO_LARGE
    except (aiohttp.ClientError, TimeoutError):
        return dropped_files.UNREACHABLE
    return Received(str(file.get("name") or "fichier"), bytes(content))
