"""Messages, which each platform renders in its own way.

A command builds a `Message` out of a closed union of elements (or a `Form`, see `forms`). Each platform
turns it into its own payload with one pure renderer. Each limit is the lower of Slack's and Discord's
(docs.slack.dev "Block Kit", discord.com/developers "Components"), so a message that can be built can be
shown everywhere. Exceeding a limit raises `TooLong`: nothing is ever cut silently.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

MESSAGE_WEIGHT = 3_800  # Discord: 4,000 characters in a whole message; the rest is for captions.
MESSAGE_COMPONENTS = 38  # Discord: 40, nested ones included; two are the container and its frame.
HEADING_LENGTH = 150  # Slack: header block.
CHOICE_LENGTH = 300  # our own limit: a few lines
LABEL_LENGTH = 75  # Slack: button text; Discord allows 80.
COMMAND_LENGTH = 96  # Discord: custom_id 100, minus a prefix (four at most).
URL_LENGTH = 512  # Discord: link button.
BUTTONS_PER_ROW = 5  # Discord: action row.
SHORTCUT_LENGTH = 24  # Slack: message shortcut name; Discord allows 32.
FILE_SIZE = 8 * 1024 * 1024  # Discord: 10 MiB for a whole request, in a server without boosts.
FILE_NAME_LENGTH = 60
DESCRIPTION_LENGTH = 1_000  # Slack: a picture's alternative text; Discord allows 1,024.

# Invisible characters that change how the text around them is displayed: bidirectional marks, embeddings and
# isolates (Unicode UAX 9), and the byte order mark.
_DECEPTIVE = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\ufeff")
# Control characters that count as white space, and separators that some clients show as a line break.
_OTHER_SPACE = re.compile("[\t\v\f\x1c-\x1f\x85\u2028\u2029]")
# Characters to remove: `_DECEPTIVE`, surrogates, and control characters (Unicode category Cc) other than the
# newline.
_UNWANTED = re.compile(f"[\x00-\x09\x0b-\x1f\x7f-\x9f\ud800-\udfff{''.join(_DECEPTIVE)}]")
# A file name that is valid in an address (Discord: attachment://name) and on any disk.
_FILE_NAME = re.compile(r"[a-z0-9][a-z0-9._-]*")
# Characters that count as two: formatting marks, which are escaped, and those outside the basic plane, which
# take two UTF-16 code units.
_HEAVY = re.compile(r"[*_~`|\\<>\[\]()#\-+@:.!&\U00010000-\U0010ffff]")


class TooLong(ValueError):  # noqa: N818 — reads well in `raise TooLong`
    """A message or form exceeds a platform's limit; its builder must split it."""


def clean(text: str) -> str:
    """Return `text` without control, unpaired surrogate or bidirectional characters. Newlines are kept."""
    if text.isprintable():  # most texts are, and need no cleaning
        return text
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    return _UNWANTED.sub("", _OTHER_SPACE.sub(" ", text))


def excerpt(text: str, length: int) -> str:
    """Return `text` on one line, cleaned and cut with an ellipsis to at most `length` characters.

    The cut falls between two words, unless that would remove more than a third of the excerpt.
    Do not use it for the policy's own words, which must not be cut.
    """
    line = re.sub(r"[ \t\n]+", " ", clean(text)).strip()
    if len(line) <= length:
        return line
    words = line[:length].rpartition(" ")[0]
    return (words if len(words) > length * 2 // 3 else line[: length - 1]).rstrip() + "…"


def thousands(number: int) -> str:
    """Return a number as people read it: « 10 000 »."""
    return f"{number:,}".replace(",", "\u00a0")


def within_sentence(label: str) -> str:
    """Return a label for use within a sentence: without its initial capital, unless it is an acronym."""
    return label[:1].lower() + label[1:] if label[1:2].islower() else label


def capitalized(text: str) -> str:
    """Return a text with an initial capital, to begin a sentence."""
    return text[:1].upper() + text[1:]


def weight(text: str) -> int:
    """Return the maximum number of characters that `text` can take once a platform has escaped it."""
    return len(text) + len(_HEAVY.findall(text))


def check_length(text: str, length: int, what: str) -> None:
    """Raise `TooLong` if `text` is empty or over `length` characters. `what`: the text's name."""
    if not text or len(text) > length:
        raise TooLong(f"{what}: {len(text)} characters, 1 to {length} allowed: {text[:40]!r}")


# « added » and « removed »: the words that a revision added, in bold, or removed, struck through.
Style: TypeAlias = Literal["plain", "bold", "italic", "added", "removed", "code"]


@dataclass(frozen=True, slots=True)
class Span:
    """A run of characters in one style. The text is literal: renderers escape all of it.

    `account`: a person, as (platform, user). That platform shows their name instead of the text.
    """

    text: str
    style: Style = "plain"
    account: tuple[str, str] | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "text", clean(self.text))


def bold(text: str) -> Span:
    """Return a bold span."""
    return Span(text, "bold")


def code(text: str) -> Span:
    """Return a span in a fixed-width font, for text to type or copy."""
    return Span(text, "code")


def person(platform: str, user: str) -> Span:
    """Return a span that shows a person's name on their own platform and their account's id elsewhere."""
    return Span(f"compte {platform.capitalize()} {user}", account=(platform, user))


@dataclass(frozen=True, slots=True)
class Heading:
    """The title of a message or one of its parts."""

    text: str

    def __post_init__(self) -> None:
        check_length(self.text, HEADING_LENGTH, "heading")


@dataclass(frozen=True, slots=True, init=False)
class _Words:
    spans: tuple[Span, ...]

    def __init__(self, *pieces: Span | str) -> None:
        spans = tuple(piece if isinstance(piece, Span) else Span(piece) for piece in pieces)
        object.__setattr__(self, "spans", spans)


class Text(_Words):
    """A paragraph of the bot's own words. Newlines break lines."""

    __slots__ = ()


class Note(_Words):
    """Secondary information in small print, such as a quotation's source or a button's effect."""

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class Mark:
    """A part of a clause's text shown in another style, from character `start` to before character `end`."""

    start: int
    end: int
    style: Style = "bold"


Side: TypeAlias = Literal["", "before", "after"]
SIDES: Mapping[Side, str] = {"": "", "before": "Avant\u00a0: ", "after": "Après\u00a0: "}  # begins a caption
# The same, for platforms without coloured text. Colour-blind people can tell red from blue.
COLOURED_SIDES: Mapping[Side, str] = {
    "": "",
    "before": f"🔴 {SIDES['before']}",
    "after": f"🔵 {SIDES['after']}",
}


@dataclass(frozen=True, slots=True)
class Quote:
    """A reference to the policy's own words, and the only element that can show them.

    It contains no text: a `Quoter` reads the stored version when the message is sent, which makes
    misquotation impossible. `version`: the ISO date on which the version was adopted. `start` and `end`:
    offsets in the clause's text, in characters. An `end` of None means the end of the text. `side`: in a
    comparison, which of the two texts the words come from, "" outside of one.
    """

    policy: str
    version: str
    clause: str
    start: int = 0
    end: int | None = None
    marks: tuple[Mark, ...] = ()
    side: Side = ""


@dataclass(frozen=True, slots=True)
class Quotation:
    """The words of a `Quote`, paragraph by paragraph, under a caption that names their source.

    `address`: the public web page that shows them, "" when they are not published.
    """

    caption: str
    paragraphs: tuple[tuple[Span, ...], ...]
    address: str = ""


Quoter: TypeAlias = Callable[[Quote], Quotation]
READ_ONLINE = "lire en ligne"  # the label of the link to a quotation's address


@dataclass(frozen=True, slots=True)
class Divider:
    """A line between two parts of a message."""


ButtonStyle: TypeAlias = Literal["plain", "primary", "danger"]


@dataclass(frozen=True, slots=True)
class Button:
    """A button that runs a command. `command`: the command's name, a space, and its text.

    All the button's state is in `command`, so it still works after a restart.
    """

    label: str
    command: str
    style: ButtonStyle = "plain"

    def __post_init__(self) -> None:
        check_length(self.label, LABEL_LENGTH, "button label")
        check_length(self.command, COMMAND_LENGTH, "button command")


def turn_buttons(
    page: int,
    pages: int,
    command: Callable[[int], str],
    labels: tuple[str, str] = ("← Page précédente", "Page suivante →"),
) -> list[Button]:
    """Return the buttons that lead to the pages before and after `page`, if those pages exist.

    Pages are numbered from 1. `command`: returns the command that shows a page.
    """
    turns = zip(labels, (page - 1, page + 1), strict=True)
    return [Button(label, command(target)) for label, target in turns if 1 <= target <= pages]


@dataclass(frozen=True, slots=True)
class Choice:
    """A line of text with a button beside it: an answer to choose, or a notice to open."""

    text: str
    button: Button

    def __post_init__(self) -> None:
        check_length(self.text, CHOICE_LENGTH, "choice")


def distinct(buttons: Iterable[Button], beside: Iterable[object] = ()) -> list[Button]:
    """Return the first button of each command, without the commands of the buttons in `beside`.

    `beside`: other elements of the same message.
    """
    taken = {button.command for button in beside if isinstance(button, Button)}
    by_command: dict[str, Button] = {}
    for button in buttons:
        by_command.setdefault(button.command, button)
    return [button for command, button in by_command.items() if command not in taken]


@dataclass(frozen=True, slots=True)
class Link:
    """A button that opens a web address."""

    label: str
    url: str

    def __post_init__(self) -> None:
        check_length(self.label, LABEL_LENGTH, "link label")
        check_length(self.url, URL_LENGTH, "link address")


@dataclass(frozen=True, slots=True, init=False)
class Buttons:
    """A row of one to five buttons. No two buttons of a message may have the same command."""

    items: tuple[Button | Link, ...]

    def __init__(self, *items: Button | Link) -> None:
        if not 1 <= len(items) <= BUTTONS_PER_ROW:
            raise TooLong(f"{len(items)} buttons in a row, 1 to {BUTTONS_PER_ROW} allowed")
        object.__setattr__(self, "items", items)


def button_rows(buttons: Sequence[Button | Link]) -> list[Buttons]:
    """Return buttons in full rows, in order."""
    return [Buttons(*buttons[at : at + BUTTONS_PER_ROW]) for at in range(0, len(buttons), BUTTONS_PER_ROW)]


@dataclass(frozen=True, slots=True)
class File:
    """A file sent with a private message. `title` describes it to people.

    `description`: for a picture, a text alternative with all its numbers.
    """

    name: str
    content: bytes = field(repr=False)
    title: str
    description: str = ""

    def __post_init__(self) -> None:
        check_length(self.name, FILE_NAME_LENGTH, "file name")
        check_length(self.title, LABEL_LENGTH, "file title")
        check_length(self.alternative, DESCRIPTION_LENGTH, "file description")
        if not _FILE_NAME.fullmatch(self.name):
            raise ValueError(f"file name {self.name!r}: letters a to z, digits, dots and hyphens only")
        if not 1 <= len(self.content) <= FILE_SIZE:
            raise TooLong(f"file {self.name}: {len(self.content)} bytes, 1 to {FILE_SIZE} allowed")

    @property
    def is_picture(self) -> bool:
        """Whether platforms can show the file as a picture inside the message."""
        return self.name.endswith(".png")

    @property
    def alternative(self) -> str:
        """The text shown where the file itself cannot be seen."""
        return clean(self.description) or self.title


Element: TypeAlias = Heading | Text | Note | Quote | Divider | Choice | Buttons | File


@dataclass(frozen=True, slots=True, init=False)
class Message:
    """One message from the bot. Only the person who asked sees it, unless it is `public`.

    `lasting`: its content is the same for everyone, so renderers may cache its payload. `problems`: in the
    answer to a form that is refused, what is wrong with each field, by name. A window that is still open
    shows them instead of the message. Raises `TooLong` when a limit is exceeded, and `ValueError` for two
    buttons with the same command, for several files, or for a file in a public message.
    """

    elements: tuple[Element, ...]
    public: bool
    lasting: bool = field(compare=False)
    problems: Mapping[str, str] = field(compare=False)

    def __init__(
        self,
        *elements: Element,
        public: bool = False,
        lasting: bool = False,
        problems: Mapping[str, str] | None = None,
    ) -> None:
        object.__setattr__(self, "elements", elements)
        object.__setattr__(self, "public", public)
        object.__setattr__(self, "lasting", lasting)
        object.__setattr__(self, "problems", problems or {})
        if not elements:
            raise TooLong("a message needs at least one element")
        rows = [element.items for element in elements if isinstance(element, Buttons)]
        choices = [element.button for element in elements if isinstance(element, Choice)]
        # Discord: a choice is a section that holds a text and a button.
        components = len(elements) + sum(map(len, rows)) + 2 * len(choices)
        if components > MESSAGE_COMPONENTS:
            raise TooLong(f"{components} components, {MESSAGE_COMPONENTS} allowed")
        total = sum(weight(text) for text in self.own_words())
        if total > MESSAGE_WEIGHT:
            raise TooLong(f"a message of weight {total}, {MESSAGE_WEIGHT} allowed")
        files = sum(isinstance(element, File) for element in elements)
        if files > 1 or (files and public):
            raise ValueError("one file at most, in a private message")
        buttons = [*choices, *(button for row in rows for button in row if isinstance(button, Button))]
        commands = [button.command for button in buttons]
        if len(commands) != len(set(commands)):
            raise ValueError(f"two buttons of one message stand for the same command: {commands}")

    def own_words(self) -> Iterator[str]:
        """Yield the bot's own texts, without the quotations."""
        for element in self.elements:
            match element:
                case Heading(text) | Choice(text):
                    yield text
                case Text(spans) | Note(spans):
                    yield "".join(span.text for span in spans)
                case File(_, _, title):
                    yield title
                case Quote() | Divider() | Buttons():
                    pass

    def buttons(self) -> Iterator[Button | Link]:
        """Yield all the buttons and links, in order."""
        for element in self.elements:
            match element:
                case Choice(_, button):
                    yield button
                case Buttons(items):
                    yield from items
                case _:
                    pass

    def quotes(self) -> tuple[Quote, ...]:
        """Return the quotations, in order."""
        return tuple(element for element in self.elements if isinstance(element, Quote))

    def files(self) -> tuple[File, ...]:
        """Return the message's files, at most one."""
        return tuple(element for element in self.elements if isinstance(element, File))


def summary(message: Message, quote: Quoter) -> str:
    """Return the message as one line of at most 150 characters, for notifications and screen readers.

    The line is the first heading, text, quotation's caption or file's title. If there is none of these, it is
    the first note, or « Message ».
    """
    for element in sorted(message.elements, key=lambda element: isinstance(element, Note)):
        if isinstance(element, Quote):
            return excerpt(quote(element).caption, 150)
        for words in Message(element).own_words():
            return excerpt(words, 150)
    return "Message"
