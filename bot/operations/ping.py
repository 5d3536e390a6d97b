"""A sign of life sent to an outside monitor (Healthchecks or alike), for those who have no Prometheus.

It leaves at a fixed pace, whatever happens in between, and carries nothing. The address is a secret: whoever
has it can answer in our place.
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

FIRST_SECONDS: Final = 60.0  # the platforms have connected by then
EVERY_SECONDS: Final = 300.0
PATIENCE: Final = 10.0
UNWELL: Final = 2  # failures in a row before they are reported, since a single one may be a reconnection


@dataclass
class Ping:
    """The sign of life. `address`: where to send it. `well`: returns whether all works.

    While it does not, nothing is sent but, from the second time in a row, one to the address followed by
    « /fail ». A monitor that does not answer is logged once, and never waited for.
    """

    address: str
    well: Callable[[], Awaitable[bool]]
    _unwell: int = field(default=0, init=False)
    _unheard: bool = field(default=False, init=False)

    async def run(self) -> None:
        """Send until cancelled."""
        pause = FIRST_SECONDS
        while True:
            await asyncio.sleep(pause)
            await self.send()
            pause = EVERY_SECONDS

    async def send(self) -> None:
        """Send one sign of life, if there is one to send. No error leaves here."""
        self._unwell = 0 if await self.well() else self._unwell + 1
        if 0 < self._unwell < UNWELL:
            return
        parts = urlsplit(self.address)
        failing = parts._replace(path=f"{parts.path.rstrip('/')}/fail").geturl()
        try:
            timeout = aiohttp.ClientTimeout(total=PATIENCE)
            async with (
                aiohttp.ClientSession(timeout=timeout, trust_env=parts.scheme == "https") as web,
                # Through a proxy or elsewhere, it might no longer be encrypted.
                web.post(failing if self._unwell else self.address, allow_redirects=False) as answer,
            ):
                is_taken = answer.status < HTTPStatus.MULTIPLE_CHOICES
                problem = "" if is_taken else f"HTTP {answer.status}"
        except (aiohttp.ClientError, OSError, ValueError) as error:
            problem = type(error).__name__  # its text has the address
        if problem and not self._unheard:
            logger.warning("ping: the monitor does not take it (%s); it is tried again in silence", problem)
        self._unheard = bool(problem)
