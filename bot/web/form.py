"""The web form, served on 127.0.0.1 only, behind a reverse proxy or an onion service.

Nothing here identifies the sender of a request. The form reads no IP address and no header that carries one,
logs no request, and uses no cookie or script. A draft exists only in the page that shows it.

Forged requests (CSRF) gain nothing here: they rely on cookies or passwords that browsers send automatically,
and the form uses neither. A site could just as well send the same request itself. Requests that a browser
marks as cross-site are refused anyway, so that no site can use its visitors to exhaust the form's hourly
limit.

Requests get the same pages whatever their Host header. The proxy or the onion service sends its own header,
no page contains an absolute address, and a site that pointed its name here (DNS rebinding) could read only
public pages.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Final, TypeAlias, TypeVar

from aiohttp import ClientError, web
from aiohttp.web_exceptions import HTTPException

from bot.conversation.messages import Quotation, capitalized, thousands
from bot.logs import loggable
from bot.people.office import RegistryBoard
from bot.platforms import http_headers
from bot.platforms.doorway import Doorway
from bot.reports import codes
from bot.reports.filing import MESSAGE_LENGTH, NAME_LENGTH, SUMMARY_LENGTH, Report
from bot.reports.identifying import IdentifyingMark, without_overlap
from bot.reports.intake import Reporting, ReportReview
from bot.reports.limits import REFUSAL
from bot.reports.records import ReportError
from bot.reports.reporter_access import Followup, UnknownCodeError
from bot.typesetting.image_cleaning import ImageError
from bot.web import draft, follow_pages, pages
from bot.web.body import BODY_SIZE, DRAFT_SIZE, PICTURE_SIZE, Bodies, FormBody
from bot.web.draft import DraftPicture, DraftSeals
from bot.web.pages import ADDRESS_LENGTH

logger = logging.getLogger(__name__)

HOST: Final = "127.0.0.1"
BODY_SECONDS: Final = 75.0
PICTURES_AT_ONCE: Final = 2
TURN_SECONDS: Final = 10.0  # the longest that a picture waits before it is redrawn
STORAGE_TURNS: Final = 2  # requests of the form that may wait before the chat's on the storage thread

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
_TOO_OLD: Final = (
    "Du temps a passé. Si vous avez déjà vu vos neuf mots, c'est reçu\u00a0: fermez cet onglet. Sinon, "
    "relisez, puis envoyez. Pour joindre une capture d'écran, pressez Corriger et choisissez-la de nouveau."
)
PICTURE_TOO_LARGE: Final = (
    f"L'image dépasse {PICTURE_SIZE // 1024**2}\u00a0Mo. Choisissez-en une plus petite."
)

_BLANK: Final = Report(severity="", recipient="")
Handler: TypeAlias = Callable[[web.Request], Awaitable[web.StreamResponse]]
Result = TypeVar("Result")


class WebForm:
    """The platform « Formulaire Web » (see `bot.platforms.contract.Platform`).

    The policy must have a clause on negative posts. `port`: the port to listen on; 0 takes any free port.
    """

    name = "Formulaire Web"

    def __init__(self, reporting: Reporting, *, port: int) -> None:
        self._reporting = reporting
        self._seals = DraftSeals(reporting.office.clock)
        self._filing = asyncio.Lock()
        self._storage_turns = asyncio.Semaphore(STORAGE_TURNS)
        self._turns = asyncio.Semaphore(PICTURES_AT_ONCE)
        self._bodies = Bodies()
        self._doorway = Doorway(self._app(), HOST, port)

    @property
    def address(self) -> str:
        """The address on this machine, known once the form has started."""
        return f"http://{HOST}:{self._doorway.port}/"

    async def start(self) -> None:
        """Listen. Raises `PlatformError` if the port is taken."""
        await self._doorway.open("VIGIE_SIGNALEMENT_PORT")

    async def close(self) -> None:
        """Stop listening. May be called at any time."""
        await self._doorway.close()

    def _app(self) -> web.Application:
        app = web.Application(middlewares=[self._guard, _refuse_other_sites], client_max_size=BODY_SIZE)
        app.on_response_prepare.append(http_headers.add_headers(HEADERS))
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
        """Answer every request with a page within the time limit, and log nothing that it contains."""
        try:
            async with asyncio.timeout(BODY_SECONDS):
                return await handler(request)
        except HTTPException as error:
            return _refusal(error.status)
        except (TimeoutError, ConnectionError, ClientError):  # the sender is too slow, or disconnected
            return _refusal(408)
        except UnknownCodeError:  # an unknown, a withdrawn and an expired code all give this page
            return _page(follow_pages.code_page(problem=_UNKNOWN), 422)
        except ReportError as error:
            return _page(pages.text_page("Pas pour le moment", str(error)), 429)
        except Exception as error:  # noqa: BLE001 — every request gets a reply
            logger.error("the form failed: %s", loggable(error))  # noqa: TRY400 — a traceback may quote typed text
            return _refusal(500)

    async def _stored(self, work: Callable[[], Result]) -> Result:
        """Run `work` on the storage thread when a turn is free, and return its result."""
        async with self._storage_turns:
            return await self._reporting.office.storage.run(work)

    # --- Reporting

    async def _form(self, _: web.Request) -> web.Response:
        return await self._form_page(_BLANK, {}, "")

    async def _form_page(self, typed: Report, problems: Mapping[str, str], number: str) -> web.Response:
        board = await self._board()
        number = number or draft.new_number()
        page = pages.report_form(
            self._quotation(),
            board,
            typed,
            problems,
            number=number,
            channels=self._reporting.channels,
        )
        return _page(page, 422 if problems else 200)

    async def _review(self, request: web.Request) -> web.Response:
        """Show the typed report for review, or the problems in it."""
        async with self._bodies.read(request) as body:
            picture = None
            problem = PICTURE_TOO_LARGE if body.too_large else ""
            if body.file and not problem:
                try:
                    async with self._turn():
                        picture = await asyncio.to_thread(draft.redraw, body.file)
                except ImageError as error:
                    problem = capitalized(str(error))
            review = await self._reviewed(_typed(body))
            if problem:
                review = replace(review, problems={**review.problems, "picture": problem})
            return await self._review_page(review, picture, body.value("draft"))

    async def _reviewed(self, typed: Report) -> ReportReview:
        """Return the review of a report. Texts that are too long are refused before they are reviewed."""
        texts = (  # `maxlength` is enforced by browsers only
            ("address", typed.address, ADDRESS_LENGTH),
            ("summary", typed.summary, SUMMARY_LENGTH),
            ("name", typed.name, NAME_LENGTH),
        )
        too_long = {
            name: f"Il y a {thousands(len(text))} caractères\u00a0: {thousands(most)} au plus."
            for name, text, most in texts
            if len(text) > most
        }
        if too_long:
            return ReportReview(typed, too_long, {})
        return await asyncio.to_thread(self._reporting.review, typed, (await self._board()).recipients)

    async def _review_page(
        self, review: ReportReview, picture: DraftPicture | None, number: str, note: str = ""
    ) -> web.Response:
        if review.problems:
            return await self._form_page(review.report, review.problems, number)
        number = number or draft.new_number()
        seal = self._seals.seal(picture, self._seals.code(number, review.report, picture))
        hidden = {"draft": number, "seal": seal}
        return _page(pages.review_page(review, await self._board(), picture, hidden, note))

    async def _correct(self, request: web.Request) -> web.Response:
        """Show the form filled with the typed values. The picture has to be chosen again."""
        async with self._bodies.read(request, DRAFT_SIZE) as body:
            return await self._form_page(_typed(body), {}, body.value("draft"))

    async def _send(self, request: web.Request) -> web.Response:
        """File the report and show its code. A second press files nothing more, and shows the same code."""
        async with self._bodies.read(request, DRAFT_SIZE) as body:
            opened = self._seals.open(body.value("seal"))
            review = await self._reviewed(_typed(body))
            if opened is None:
                return await self._review_page(review, None, body.value("draft"), _TOO_OLD)
            picture, code = opened
            if review.problems:
                return await self._review_page(review, picture, body.value("draft"))
            return _page(await self._file(review.report, picture, code))

    async def _file(self, report: Report, picture: DraftPicture | None, code: str) -> str:
        """File a report under `code`, unless this code was already used. Return the next page.

        Raises `ReportError` if the form's hourly limit is reached.
        """
        image = picture.content if picture else None
        if picture:
            report = replace(report, original=picture.original)
        async with self._filing:  # one at a time, so that a second press of the button is not counted
            run = partial(self._reporting.office.storage.run, urgent=True)
            use = await run(partial(self._reporting.use_of, code))
            if use == "withdrawn":
                return follow_pages.withdrawn_page()
            if use == "none":
                if not self._reporting.limiter.take_from_web():
                    raise ReportError(REFUSAL)
                try:
                    await run(partial(self._reporting.file, report, image, code))
                except Exception:  # not a cancellation, after which the report may still be filed
                    self._reporting.limiter.give_back_to_web()
                    raise
        return pages.receipt_page(code)

    # --- Following

    async def _ask_code(self, _: web.Request) -> web.Response:
        return _page(follow_pages.code_page())

    async def _follow(self, request: web.Request) -> web.Response:
        async with self._bodies.read(request) as body:
            code = body.value("code")
        # Before any search: how a code is written can be judged without one.
        if problem := codes.misreading(code):
            return _page(follow_pages.code_page(code, problem), 422)
        try:
            followup = await self._stored(partial(self._find, code))
        except UnknownCodeError:
            return _page(follow_pages.code_page(code, _UNKNOWN), 422)
        return _page(follow_pages.report_page(code, followup))

    async def _add(self, request: web.Request) -> web.Response:
        async with self._bodies.read(request) as body:
            code = body.value("code")
            words = body.value("words").strip()
        followup = await self._stored(partial(self._find, code))
        if followup.closed:
            note = "Ce signalement est clos\u00a0: rien n'y a été ajouté."
            return _page(follow_pages.report_page(code, followup, note))
        if not 1 <= len(words) <= MESSAGE_LENGTH:
            problem = (
                f"Écrivez de 1 à {thousands(MESSAGE_LENGTH)} caractères; il y en a {thousands(len(words))}."
            )
            return _page(follow_pages.report_page(code, followup, problem=problem, words=words), 422)
        if body.value("seen").strip() != words:
            marks = await asyncio.to_thread(self._marks, words)
            if marks:
                return _page(follow_pages.report_page(code, followup, words=words, marks=marks))
        await self._stored(partial(self._reporting.add, followup.receipt, words))
        followup = await self._stored(partial(self._reporting.follow, followup.receipt))
        return _page(follow_pages.report_page(code, followup, "C'est ajouté."))

    async def _withdraw(self, request: web.Request) -> web.Response:
        """Destroy a report. If the page is sent again, say that it is done, as the chat does."""
        reporting = self._reporting
        async with self._bodies.read(request) as body:
            code = body.value("code")

        def withdraw() -> None:
            if reporting.use_of(code) != "withdrawn":
                reporting.withdraw(reporting.receipt_of(code))

        await self._stored(withdraw)
        return _page(follow_pages.withdrawn_page())

    # --- Content of the pages

    def _find(self, code: str) -> Followup:
        return self._reporting.follow(self._reporting.receipt_of(code))

    async def _board(self) -> RegistryBoard:
        """Return the part of the registry that pages show. Only the first call reads the database."""
        office = self._reporting.office
        if office.board.titles is None:
            await self._stored(office.read_board)
        return office.board

    def _marks(self, words: str) -> list[IdentifyingMark]:
        return list(without_overlap(self._reporting.identifying().marks(words)))

    def _quotation(self) -> Quotation:
        clause = self._reporting.clause()
        if clause is None:
            raise LookupError("the policy has no clause on such posts")
        return self._reporting.library.quote(clause)

    @asynccontextmanager
    async def _turn(self) -> AsyncIterator[None]:
        """Wait for a turn to redraw a picture. Raises `HTTPServiceUnavailable` after `TURN_SECONDS`."""
        try:
            async with asyncio.timeout(TURN_SECONDS):
                await self._turns.acquire()
        except TimeoutError as error:
            raise web.HTTPServiceUnavailable from error
        try:
            yield
        finally:
            self._turns.release()


@web.middleware
async def _refuse_other_sites(request: web.Request, handler: Handler) -> web.StreamResponse:
    if request.method == "POST" and request.headers.get("Sec-Fetch-Site") == "cross-site":
        raise web.HTTPForbidden
    return await handler(request)


def _typed(body: FormBody) -> Report:
    return Report(
        address=body.value("address").strip(),
        summary=body.value("summary").strip(),
        severity=body.value("severity"),
        name=body.value("name").strip(),
        recipient=body.value("recipient"),
        implicated=tuple(body.fields.get("named", ())),
        urgent=body.value("urgent") == "oui",
    )


async def _style(_: web.Request) -> web.Response:
    return web.Response(text=_CSS, content_type="text/css")


def _page(html: str, status: int = 200) -> web.Response:
    response = web.Response(text=html, content_type="text/html", status=status)
    response.force_close()
    return response


def _refusal(status: int) -> web.Response:
    return _page(pages.text_page(*_STATUSES.get(status, _STATUSES[400])), status)


_STATUSES: Final[Mapping[int, tuple[str, str]]] = {
    400: ("Impossible", "Cette demande ne convient pas."),
    403: ("Refusé", "Cette demande vient d'un autre site. Ouvrez le formulaire vous-même."),
    404: ("Rien ici", "Cette page n'existe pas. Le formulaire est à l'entrée «\u00a0Signaler\u00a0»."),
    405: ("Rien ici", "Revenez à l'entrée «\u00a0Signaler\u00a0»."),
    408: ("C'était trop long", "La page n'est pas arrivée à temps. Réessayez."),
    413: ("C'est trop gros", PICTURE_TOO_LARGE),
    500: ("Un problème de mon côté", "Rien n'a été enregistré. Revenez à la page d'avant et réessayez."),
    503: ("Un instant", "Plusieurs images arrivent en même temps. Réessayez dans une minute."),
}
