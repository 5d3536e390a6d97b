"""E-mail, against a real SMTP server on this machine."""

from __future__ import annotations

import asyncio
import email
import socket
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.message import EmailMessage
from email.policy import SMTP as POLICY
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

from bot.conversation.messages import (
    Button,
    Buttons,
    Divider,
    File,
    Heading,
    Link,
    Message,
    Note,
    Quote,
    Quoter,
    Text,
    summary,
)
from bot.platforms.contract import (
    Destination,
    LaterError,
    PlatformError,
    RefusedError,
    UndeliverableError,
    UnknownError,
)
from bot.platforms.email.mailer import Mailer, Server
from bot.platforms.email.render import WIDTH, plain_text
from tests.kits.effort import PATIENCE

TO = Destination("courriel", "", "conseil@exemple.ca")
SENDER = "Vigie <vigie@exemple.ca>"
HELLO = Message(Heading("Une échéance approche"), Text("Il reste quatre heures pour répondre."))
ID = "0f3c9a5be2d14c70"


@dataclass
class Post:
    """What the server does of mail: keeps it, unless `refusal` says otherwise; `cut` breaks the line then."""

    received: list[Envelope] = field(default_factory=list)
    refusal: str = ""
    refuse_recipient: str = ""
    cut: bool = False
    password: str = "ouvre-toi"

    async def handle_RCPT(  # noqa: N802 — aiosmtpd's own name
        self, server: SMTP, session: Session, envelope: Envelope, address: str, _: list[str]
    ) -> str:
        del server, session
        if self.refuse_recipient:
            return self.refuse_recipient
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802 — aiosmtpd's own name
        del session
        if self.refusal:
            return self.refusal
        self.received.append(envelope)
        if self.cut and isinstance(server.transport, asyncio.WriteTransport):
            server.transport.abort()
        return "250 OK"

    def authenticate(
        self, server: SMTP, session: Session, envelope: Envelope, mechanism: str, data: Any  # noqa: ANN401 — aiosmtpd's own
    ) -> AuthResult:  # fmt: skip
        del server, session, envelope, mechanism
        known = isinstance(data, LoginPassword) and data.password == self.password.encode()
        return AuthResult(success=known, handled=known)

    def mail(self) -> EmailMessage:
        """Return the only message that was received."""
        [envelope] = self.received
        assert isinstance(envelope.original_content, bytes)
        return email.message_from_bytes(envelope.original_content, policy=POLICY)


@pytest.fixture
def post() -> Post:
    return Post()


@pytest.fixture
def server(post: Post) -> Iterator[Server]:
    controller = Controller(
        post, "127.0.0.1", 0, authenticator=post.authenticate, auth_require_tls=False, ready_timeout=PATIENCE
    )
    controller.port = _free_port()
    controller.start()
    try:
        yield Server("127.0.0.1", controller.port, "none")
    finally:
        controller.stop()


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as it:
        port: int = it.getsockname()[1]
        return port


@pytest.fixture
def mailer(server: Server, quote: Quoter) -> Mailer:
    return Mailer(quote, server, SENDER)


async def test_an_alert_arrives_as_plain_text(post: Post, mailer: Mailer) -> None:
    await mailer.deliver(TO, HELLO, ID)
    mail = post.mail()
    assert (mail["From"], mail["To"]) == (SENDER, "conseil@exemple.ca")
    assert mail["Subject"] == "Une échéance approche"
    assert mail["Auto-Submitted"] == "auto-generated"
    assert mail.get_content_type() == "text/plain"
    assert "Il reste quatre heures pour répondre." in mail.get_content()
    assert post.received[0].rcpt_tos == ["conseil@exemple.ca"]


async def test_the_same_message_sent_again_has_the_same_identifier(post: Post, mailer: Mailer) -> None:
    for _ in range(2):
        await mailer.deliver(TO, HELLO, ID)
    assert not await mailer.was_delivered(TO, ID, datetime.now(UTC))
    sent = {
        email.message_from_bytes(bytes(one.original_content or b""))["Message-ID"] for one in post.received
    }
    assert sent == {f"<{ID}@exemple.ca>"}


async def test_a_file_is_attached(post: Post, mailer: Mailer) -> None:
    await mailer.deliver(TO, Message(Text("Voici."), File("copie.json", b"{}", "Votre copie")), ID)
    [attached] = post.mail().iter_attachments()
    assert (attached.get_filename(), attached.get_content()) == ("copie.json", b"{}")


async def test_an_address_that_does_not_exist_leads_elsewhere(post: Post, mailer: Mailer) -> None:
    post.refuse_recipient = "550 inconnu"
    with pytest.raises(UndeliverableError, match=r"gone \(550"):
        await mailer.deliver(TO, HELLO, ID)


@pytest.mark.parametrize("refusal", ["451 plus tard", "421 trop de monde"])
async def test_a_server_that_says_later_is_tried_later(post: Post, mailer: Mailer, refusal: str) -> None:
    post.refusal = refusal
    with pytest.raises(LaterError):
        await mailer.deliver(TO, HELLO, ID)


async def test_a_line_cut_after_the_message_left_tells_nothing(post: Post, mailer: Mailer) -> None:
    post.cut = True
    with pytest.raises(UnknownError):
        await mailer.deliver(TO, HELLO, ID)
    assert len(post.received) == 1


async def test_a_password_is_asked_for_and_a_wrong_one_is_said(
    post: Post, server: Server, quote: Quoter
) -> None:
    right = Server(server.host, server.port, "none", "vigie", post.password)
    await Mailer(quote, right, SENDER).deliver(TO, HELLO, ID)
    assert len(post.received) == 1
    wrong = Mailer(quote, Server(server.host, server.port, "none", "vigie", "faux"), SENDER)
    with pytest.raises(RefusedError, match="535"):
        await wrong.deliver(TO, HELLO, ID)
    with pytest.raises(PlatformError, match="VIGIE_SMTP") as refused:
        await wrong.start()
    assert not refused.value.passing


async def test_starting_makes_sure_of_the_server(mailer: Mailer, quote: Quoter) -> None:
    await mailer.start()
    await mailer.close()
    nowhere = Mailer(quote, Server("127.0.0.1", 9, "none"), SENDER)
    with pytest.raises(PlatformError, match="ne répond pas") as refused:
        await nowhere.start()
    assert refused.value.passing
    with pytest.raises(LaterError):
        await nowhere.deliver(TO, HELLO, ID)


async def test_without_encryption_where_it_is_asked_for_nothing_is_sent(
    post: Post, server: Server, quote: Quoter
) -> None:
    with pytest.raises(LaterError):
        await Mailer(quote, Server(server.host, server.port, "starttls"), SENDER).deliver(TO, HELLO, ID)
    assert post.received == []


def test_the_policys_words_are_whole_and_quoted(quote: Quoter) -> None:
    clause = Quote("pa20", "2015-12-13", "5.10")
    written = plain_text(Message(clause), quote)
    words = " ".join("".join(span.text for span in part) for part in quote(clause).paragraphs)
    quoted = [line.removeprefix(">").strip() for line in written.splitlines() if line.startswith(">")]
    assert " ".join(" ".join(quoted).split()) == " ".join(words.split())
    assert written.startswith(quote(clause).caption)


def test_each_element_has_its_plain_form(quote: Quoter) -> None:
    message = Message(
        Heading("Titre"),
        Text("mot " * 40),
        Divider(),
        Buttons(Button("Ouvrir", "signalements"), Link("Lire", "https://exemple.ca/a")),
        Note("Petit."),
    )
    assert summary(message, quote) == "Titre"
    written = plain_text(message, quote)
    assert "Titre\n=====\n" in written
    assert "Ouvrir\u00a0: écrivez «\u00a0vigie signalements\u00a0», sur Slack" in written
    assert "Lire\u00a0: https://exemple.ca/a" in written
    assert all(len(line) <= WIDTH for line in written.splitlines() if "écrivez" not in line)


async def test_a_server_name_that_is_none_is_one_line(quote: Quoter) -> None:
    with pytest.raises(PlatformError, match="Vérifiez VIGIE_SMTP"):
        await Mailer(quote, Server("a" * 64 + ".exemple.ca", 25, "none"), SENDER).start()
