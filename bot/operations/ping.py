"""A sign of life sent to an outside monitor (such as Healthchecks), for installations without Prometheus.

Requests are sent at a fixed pace, whatever people do, and contain nothing. The monitor's address is secret:
anyone who has it could send the sign in our place.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Final
from urllib.parse import urlsplit

import aiohttp

logger = logging.getLogger(__name__)

FIRST_SECONDS: Final = 60.0  # seconds before the first sign, for the platforms to connect
EVERY_SECONDS: Final = 300.0
PATIENCE: Final = 10.0
UNWELL: Final = 2  # failures in a row before a report, since a single one may come from a reconnection


@dataclass
class Ping:
    """The sign of life. `address`: the monitor's address. `well`: returns whether all is well.

    Nothing is sent while all is not well, except, from the second failure in a row, a request to the address
    followed by « /fail ». A monitor that does not answer is logged once.
    """

    address: str
    well: Callable[[], Awaitable[bool]]
    _unwell: int = field(default=0, init=False)
    _unheard: bool = field(default=False, init=False)

    async def run(self) -> None:
        """Call `send` at a fixed pace until the task is cancelled."""
        pause = FIRST_SECONDS
        while True:
            await asyncio.sleep(pause)
            await self.send()
            pause = EVERY_SECONDS

    async def send(self) -> None:
        """Send a sign of life if all is well, or report repeated failures. Never raises."""
        self._unwell = 0 if await self.well() else self._unwell + 1
        if 0 < self._unwell < UNWELL:
            return
        parts = urlsplit(self.address)
        failing = parts._replace(path=f"{parts.path.rstrip('/')}/fail").geturl()
        try:
            timeout = aiohttp.ClientTimeout(total=PATIENCE)
            async with (
                aiohttp.ClientSession(timeout=timeout, trust_env=parts.scheme == "https") as web,
                # A redirection may lead to an address that is not encrypted.
                web.post(failing if self._unwell else self.address, allow_redirects=False) as answer,
            ):
                is_taken = answer.status < HTTPStatus.MULTIPLE_CHOICES
                problem = "" if is_taken else f"HTTP {answer.status}"
        except (aiohttp.ClientError, OSError, ValueError) as error:
            problem = type(error).__name__  # the error's text contains the secret address
        if problem and not self._unheard:
            logger.warning("ping: the monitor refused it (%s); retrying without further messages", problem)
        self._unheard = bool(problem)
