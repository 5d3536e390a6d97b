"""Alerts by e-mail, over SMTP. Replies to them are not read.

An SMTP server cannot tell which messages it accepted. If it is unknown whether a message was accepted, the
message is sent again with the same Message-ID, so that most mail systems show it once.
"""

import email.utils
from dataclasses import dataclass
from datetime import datetime
from email.message import EmailMessage
from email.policy import SMTP, SMTPUTF8
from typing import Literal, TypeAlias
from urllib.parse import unquote, urlsplit

import aiosmtplib

from bot.conversation.messages import Message, Quoter, summary
from bot.platforms import contract
from bot.platforms.email.render import plain_text

SECONDS = 30.0  # for each exchange with the server
PERMANENT = 500  # RFC 5321, 4.2.1: from this code on, retrying is useless
NO_MAILBOX = frozenset({550, 551, 552, 553, 556})  # mailbox codes (RFC 5321, 4.2.3; RFC 7504)

Security: TypeAlias = Literal["tls", "starttls", "none"]


@dataclass(frozen=True, slots=True)
class Server:
    """The server that sends our mail. The `security` "none" is only for a server on this machine."""

    host: str
    port: int
    security: Security = "starttls"
    user: str = ""
    password: str = ""


def read_server(address: str) -> Server:
    """Parse « smtps://user:password@host:465 », or « smtp:// » for STARTTLS (no TLS on this machine)."""
    parts = urlsplit(address)
    host, implicit = parts.hostname or "", parts.scheme == "smtps"
    local = host in {"localhost", "127.0.0.1", "::1"}
    security: Security = "tls" if implicit else "none" if local else "starttls"
    port = parts.port or (465 if implicit else 587)
    return Server(host, port, security, unquote(parts.username or ""), unquote(parts.password or ""))


@dataclass(eq=False, repr=False)
class Mailer:
    """The platform « Courriel » (see `contract.Platform`). `sender`: the address in the `From` header."""

    name = "Courriel"
    address = ""

    quote: Quoter
    server: Server
    sender: str

    async def start(self) -> None:
        """Check that we can log in to the server. Raises `PlatformError`."""
        try:
            client = await self._connected()
        except contract.RefusedError as error:
            raise contract.PlatformError(
                f"le serveur de courriel refuse la connexion ({error}). Vérifiez VIGIE_SMTP."
            ) from error
        except contract.LaterError as error:
            raise contract.PlatformError(
                f"le serveur de courriel {self.server.host}:{self.server.port} ne répond pas ({error}). "
                "Vérifiez VIGIE_SMTP et l'accès au réseau.",
                passing=True,
            ) from error
        client.close()

    async def close(self) -> None:
        """Do nothing, since no connection stays open."""

    async def deliver(self, to: contract.Destination, message: Message, delivery_id: str) -> None:
        """Send `message` to the address `to.id`. Raises the errors of `contract.Deliverer.deliver`."""
        mail = self._mail(to, message, delivery_id)
        client = await self._connected()
        try:
            contract.may_leave()
            await client.send_message(mail)
        except aiosmtplib.SMTPException as error:
            raise delivery_error(error, sent=True) from error
        finally:
            client.close()

    async def was_delivered(self, to: contract.Destination, delivery_id: str, since: datetime) -> bool:
        """Return False, since no mail server can tell. The same Message-ID prevents duplicates."""
        del to, delivery_id, since
        return False

    def _mail(self, to: contract.Destination, message: Message, delivery_id: str) -> EmailMessage:
        international = not f"{to.id}{self.sender}".isascii()
        mail = EmailMessage(policy=SMTPUTF8 if international else SMTP)
        _, sender = email.utils.parseaddr(self.sender)
        mail["From"], mail["To"] = self.sender, to.id
        mail["Subject"] = summary(message, self.quote)
        mail["Date"] = email.utils.localtime()
        mail["Message-ID"] = f"<{delivery_id}@{sender.rpartition('@')[2]}>"
        mail["Auto-Submitted"] = "auto-generated"  # asks for no automatic reply (RFC 3834)
        mail.set_content(plain_text(message, self.quote))
        for file in message.files():
            mail.add_attachment(
                file.content, maintype="application", subtype="octet-stream", filename=file.name
            )
        return mail

    async def _connected(self) -> aiosmtplib.SMTP:
        """Return a client logged in to the server. If this fails, no part of a message has been sent."""
        server = self.server
        client = aiosmtplib.SMTP(
            hostname=server.host,
            port=server.port,
            timeout=SECONDS,
            use_tls=server.security == "tls",
            start_tls=server.security == "starttls",
            username=server.user or None,
            password=server.password or None,
        )
        try:
            await client.connect()
        except (aiosmtplib.SMTPException, ValueError, OSError) as error:
            client.close()
            if not isinstance(error, aiosmtplib.SMTPException):  # an invalid host name, a bad certificate
                raise contract.LaterError(type(error).__name__) from error
            raise delivery_error(error, sent=False) from error
        return client


def delivery_error(error: aiosmtplib.SMTPException, *, sent: bool) -> contract.DeliveryError:
    """Return the delivery error of a failed exchange. `sent`: whether the message may have been sent in part.

    A permanent refusal that is about neither the mailbox nor the message is treated as a refusal of the bot.
    """
    match error:
        case aiosmtplib.SMTPRecipientsRefused(recipients=recipients) if recipients:
            return delivery_error(recipients[0], sent=False)
        case aiosmtplib.SMTPResponseException(code=code) if code < PERMANENT:
            return contract.LaterError(str(code))
        case aiosmtplib.SMTPRecipientRefused(code=code) if code in NO_MAILBOX:
            return contract.refusal("gone", str(code))
        case aiosmtplib.SMTPDataError(code=code):
            return contract.refusal("forbidden", str(code))
        case aiosmtplib.SMTPResponseException(code=code):
            return contract.refusal("refused", str(code))
        case _:
            kind = type(error).__name__
            return contract.UnknownError(kind) if sent else contract.AwayError(kind)
