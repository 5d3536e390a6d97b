"""The web form: its routes, on 127.0.0.1 only, which a reverse proxy or an onion service leads to.

Nothing here tells who asks: no address is read (nor any header that would carry one), nothing is
logged of a request, there is no cookie and no script, and a draft is in the page that shows it.

There is no protection against forged requests (CSRF), and none is missing: such a request rides on what
a browser sends by itself, a cookie or a password, and here there is nothing of the kind. What another
site could make a visitor's browser send, it could send itself. Browsers that say that another site is
asking are refused all the same, so that visitors are not used to exhaust the form's share of the hour.

Whatever host a request names is answered, and alike: the proxy or the onion service gives its own, no
page holds an absolute address, and a site that had its name lead here (DNS rebinding) would read what
everyone can.
"""

from __future__ import annotations

import asyncio
import base64
import binascii
import json
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Final, TypeAlias

from aiohttp import web
from aiohttp.web_exceptions import HTTPException
from nacl.exceptions import CryptoError
from nacl.secret import SecretBox
from nacl.utils import random

from bot.conversation.messages import Quotation
from bot.logs import loggable
from bot.platforms import http_headers
from bot.platforms.contract import PlatformError
from bot.reports.filing import MESSAGE_LENGTH, NAME_LENGTH, SAYS_LENGTH
from bot.times import Clock
from bot.web import follow_pages, pages
from bot.web.body import BODY_SIZE, PICTURE_SIZE, FormBody, read
from bot.web.doorway import Doorway
from bot.web.intake import (
    ADDRESS_LENGTH,
    CleanedImage,
    FollowedReport,
    Intake,
    RefusedError,
    Review,
    Typed,
)
from bot.web.pages import ReviewPage

logger = logging.getLogger(__name__)

HOST: Final = "127.0.0.1"
BODY_SECONDS: Final = 75.0
LARGE: Final = 256 * 1024  # from there, a body waits for its turn, so that few are in memory at once
LARGE_AT_ONCE: Final = 3
TURN_SECONDS: Final = 10.0
DRAFT_SECONDS: Final = 1_800.0

HEADERS: Final[Mapping[str, str]] = {
    **http_headers.COMMON,
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'self'; img-src data:; form-action 'self'; base-uri 'none'; "
        "frame-ancestors 'none'"
    ),
    "Permissions-Policy": "interest-cohort=()",
    "X-Robots-Tag": "noindex",
    "Connection": "close",
}
_CSS: Final = Path(__file__).with_name("form.css").read_text("utf-8")

_UNKNOWN: Final = (
    "Aucun signalement ne se trouve sous ces mots. Vérifiez-les un à un. Un signalement retiré, ou fermé "
    "depuis longtemps, est effacé."
)
_TIME_PASSED: Final = "Du temps a passé. Rien n'a été envoyé\u00a0: relisez, puis envoyez."
_PICTURE_LOST: Final = " Pour joindre une capture d'écran, choisissez-la de nouveau\u00a0: pressez Corriger."
TOO_LARGE: Final = f"L'image dépasse {PICTURE_SIZE // 1024**2}\u00a0Mo. Choisissez-en une plus petite."

Handler: TypeAlias = Callable[[web.Request], Awaitable[web.StreamResponse]]


class WebForm:
    """The platform « Formulaire Web » (see `bot.platforms.Platform`).

    `quotation`: the clause under which one reports. `port`: where it listens; 0 is any that is free.
    """

    name = "Formulaire Web"

    def __init__(
        self, intake: Intake, quotation: Callable[[], Quotation], clock: Clock, *, port: int
    ) -> None:
        self._intake = intake
        self._quotation = quotation
        self._clock = clock
        self._box = SecretBox(random(SecretBox.KEY_SIZE))  # of this process alone
        self._turns = asyncio.Semaphore(LARGE_AT_ONCE)
        self._doorway = Doorway(self._app(), HOST, port)

    @property
    def address(self) -> str:
        """The address on this machine, known once started."""
        return f"http://{HOST}:{self._doorway.port}/"

    async def start(self) -> None:
        """Listen. Raises `PlatformError` when the port is taken."""
        try:
            await self._doorway.open()
        except OSError as error:
            await self.close()
            raise PlatformError(
                f"le port {self._doorway.port} n'est pas libre. Choisissez-en un autre avec "
                "VIGIE_SIGNALEMENT_PORT."
            ) from error

    async def close(self) -> None:
        """Listen no more. May be called at any moment."""
        await self._doorway.close()

    def _app(self) -> web.Application:
        app = web.Application(middlewares=[self._guard], client_max_size=BODY_SIZE)
        app.on_response_prepare.append(http_headers.adding(HEADERS))
        app.add_routes(
            [
                web.get("/", self._form),
                web.get(f"/{pages.STYLE}", _style),
                web.get(f"/{pages.FOLLOW}", self._ask_code),
                web.post(f"/{pages.REVIEW}", self._review),
                web.post(f"/{pages.CORRECT}", self._correct),
                web.post(f"/{pages.SEND}", self._send),
                web.post(f"/{pages.FOLLOW}", self._follow),
                web.post(f"/{pages.ADD}", self._add),
                web.post(f"/{pages.WITHDRAW}", self._withdraw),
            ]
        )
        return app

    @web.middleware
    async def _guard(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """See that everyone gets a page, in time, and that nothing is said of a request."""
        if request.method == "POST" and request.headers.get("Sec-Fetch-Site") == "cross-site":
            return _refusal(403)
        try:
            async with asyncio.timeout(BODY_SECONDS):
                return await handler(request)
        except TimeoutError:
            return _page(
                pages.told("C'était trop long", "La page n'est pas arrivée à temps. Réessayez."), 408
            )
        except HTTPException as error:
            return _refusal(error.status)
        except RefusedError as refusal:
            return _page(pages.told("Pas pour le moment", str(refusal)), 429)
        except Exception as error:  # noqa: BLE001 — nobody may be left without a reply
            logger.error("the form failed: %s", loggable(error))  # noqa: TRY400 — its text may quote what was typed
            return _refusal(500)

    # --- Reporting

    async def _form(self, _: web.Request) -> web.Response:
        return _page(pages.form(self._quotation(), await self._intake.choices()))

    async def _review(self, request: web.Request) -> web.Response:
        """Show what was typed once more, or what is wrong with it."""
        async with self._turn(request):
            body = await read(request)
            picture, problem = None, TOO_LARGE if body.too_large else ""
            if body.file and not problem:
                try:
                    picture = await self._intake.clean(body.file)
                except RefusedError as refusal:
                    problem = str(refusal)
            return await self._reviewed(_typed(body), picture, problem)

    async def _reviewed(
        self, typed: Typed, picture: CleanedImage | None, problem: str = "", note: str = ""
    ) -> web.Response:
        choices, review = await self._intake.choices(), await self._look(typed)
        problems = dict(review.problems) | ({"picture": problem} if problem else {})
        if problems:
            return _page(pages.form(self._quotation(), choices, review.typed, problems), 422)
        kept = {"seal": self._seal(picture, self._intake.new_code())}
        return _page(pages.review(ReviewPage(review, choices, picture, kept), note))

    async def _look(self, typed: Typed) -> Review:
        """Return what there is to say of what was typed; what is too long is not looked at."""
        too_long = _lengths(typed)
        return Review(typed, too_long) if too_long else await self._intake.review(typed)

    async def _correct(self, request: web.Request) -> web.Response:
        """Show the form again, filled in; the picture is to be chosen again."""
        async with self._turn(request):
            body = await read(request)
        choices = await self._intake.choices()
        return _page(pages.form(self._quotation(), choices, _typed(body)))

    async def _send(self, request: web.Request) -> web.Response:
        """Keep the report, and show its code. Pressed twice, it is the same report and the same code."""
        async with self._turn(request):
            body = await read(request)
            typed, opened = _typed(body), self._opened(body.one("seal"))
            if opened is None:
                return await self._reviewed(typed, None, note=_TIME_PASSED + _PICTURE_LOST)
            picture, code = opened
            review = await self._look(typed)
            if review.problems:
                return await self._reviewed(typed, picture)
            await self._intake.send(review.typed, picture, code)
        return _page(pages.receipt(code))

    # --- Following

    async def _ask_code(self, _: web.Request) -> web.Response:
        return _page(follow_pages.follow())

    async def _follow(self, request: web.Request) -> web.Response:
        body = await read(request)
        code = body.one("code")
        return self._shown(code, await self._intake.follow(code))

    async def _add(self, request: web.Request) -> web.Response:
        body = await read(request)
        code, words = body.one("code"), body.one("words").strip()
        known = await self._intake.follow(code)
        if known is not None and not known.open:
            return self._shown(code, known, "Ce signalement est clos\u00a0: rien n'y a été ajouté.")
        if known is not None and not 1 <= len(words) <= MESSAGE_LENGTH:
            problem = f"Écrivez de 1 à {MESSAGE_LENGTH} caractères; il y en a {len(words)}."
            return _page(follow_pages.followed(code, known, problem=problem, words=words), 422)
        if known is not None and body.one("seen").strip() != words:
            pointed = await self._intake.point_out(words)
            if pointed:
                return _page(follow_pages.followed(code, known, words=words, pointed=pointed))
        added = await self._intake.add(code, words) if known is not None else None
        return self._shown(code, added, "C'est ajouté.")

    async def _withdraw(self, request: web.Request) -> web.Response:
        body = await read(request)
        done = await self._intake.withdraw(body.one("code"))
        return _page(follow_pages.withdrawn()) if done else self._shown("", None)

    @staticmethod
    def _shown(code: str, found: FollowedReport | None, note: str = "") -> web.Response:
        """Show a report, or that there is none: a wrong code, an unknown and an expired one look alike."""
        if found is None:
            return _page(follow_pages.follow(_UNKNOWN), 422)
        return _page(follow_pages.followed(code, found, note))

    # --- What a draft holds beside what was typed

    def _seal(self, picture: CleanedImage | None, code: str) -> str:
        """Return the picture and the code of a draft, so that the page can hold them and not change them."""
        content = {"code": code, "until": self._clock().timestamp() + DRAFT_SECONDS}
        if picture is not None:
            image = base64.b64encode(picture.content).decode("ascii")
            content |= {"image": image, "media": picture.media, "original": picture.original}
        return base64.b64encode(self._box.encrypt(json.dumps(content).encode("ascii"))).decode("ascii")

    def _opened(self, sealed: str) -> tuple[CleanedImage | None, str] | None:
        """Return what `_seal` was given; None when it is not whole, too old, or another process's."""
        try:
            content: dict[str, Any] = json.loads(self._box.decrypt(base64.b64decode(sealed, validate=True)))
        except (binascii.Error, CryptoError, ValueError):
            return None
        if content["until"] < self._clock().timestamp():
            return None
        if "image" not in content:
            return None, content["code"]
        image = base64.b64decode(content["image"])
        return CleanedImage(image, content["media"], content["original"]), content["code"]

    @asynccontextmanager
    async def _turn(self, request: web.Request) -> AsyncIterator[None]:
        """Wait for one's turn to bring something large; refuse when it does not come."""
        if request.content_length is not None and request.content_length < LARGE:
            yield
            return
        try:
            async with asyncio.timeout(TURN_SECONDS):
                await self._turns.acquire()
        except TimeoutError as error:
            raise web.HTTPServiceUnavailable from error
        try:
            yield
        finally:
            self._turns.release()


def _typed(body: FormBody) -> Typed:
    return Typed(
        address=body.one("address").strip(),
        summary=body.one("summary").strip(),
        severity=body.one("severity"),
        name=body.one("name").strip(),
        recipient=body.one("recipient"),
        named=frozenset(body.fields.get("named", ())),
        urgent=body.one("urgent") == "oui",
    )


def _lengths(typed: Typed) -> dict[str, str]:
    """Return what is too long: browsers keep to what a field allows, other programs may not."""
    allowed = {
        "address": (typed.address, ADDRESS_LENGTH),
        "summary": (typed.summary, SAYS_LENGTH),
        "name": (typed.name, NAME_LENGTH),
    }
    return {
        name: f"Il y a {len(text)} caractères\u00a0: {most} au plus."
        for name, (text, most) in allowed.items()
        if len(text) > most
    }


async def _style(_: web.Request) -> web.Response:
    return web.Response(text=_CSS, content_type="text/css")


def _page(html: str, status: int = 200) -> web.Response:
    response = web.Response(text=html, content_type="text/html", status=status)
    response.force_close()
    return response


def _refusal(status: int) -> web.Response:
    return _page(pages.told(*_STATUSES.get(status, _STATUSES[400])), status)


_STATUSES: Final[Mapping[int, tuple[str, str]]] = {
    400: ("Impossible", "Cette demande ne convient pas."),
    403: ("Refusé", "Cette demande vient d'un autre site. Ouvrez le formulaire vous-même."),
    404: ("Rien ici", "Cette page n'existe pas. Le formulaire est à l'entrée «\u00a0Signaler\u00a0»."),
    405: ("Rien ici", "Revenez à l'entrée «\u00a0Signaler\u00a0»."),
    408: ("C'était trop long", "La page n'est pas arrivée à temps. Réessayez."),
    413: ("C'est trop gros", TOO_LARGE),
    500: ("Un problème de mon côté", "Rien n'a été enregistré. Revenez à la page d'avant et réessayez."),
    503: ("Un instant", "Plusieurs images arrivent en même temps. Réessayez dans une minute."),
}
