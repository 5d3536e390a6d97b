"""Forms and their fields, which each platform renders as a window.

As in `bot.conversation.messages`, each limit is the lower of Slack's and Discord's. Exceeding one raises
`TooLong`.
"""

from collections.abc import Mapping
from dataclasses import KW_ONLY, dataclass
from typing import TypeAlias, TypeVar

from bot.conversation.messages import COMMAND_LENGTH, Button, Buttons, Message, Text, TooLong, check_length

FORM_TITLE_LENGTH = 24  # Slack: modal title; Discord allows 45.
FORM_FIELDS = 5  # Discord: modal. An introduction takes the place of one.
FORM_INTRODUCTION_LENGTH = 600  # our own: a window is short
FIELD_LABEL_LENGTH = 45  # Discord: label.
FIELD_HINT_LENGTH = 100  # Discord: label description.
FIELD_TEXT_LENGTH = 3_000  # Slack: plain_text_input; Discord allows 4,000.
FIELD_OPTIONS = 25  # Discord: select; Slack allows 100.
OPTION_LABEL_LENGTH = 75  # Slack: option text; Discord allows 100.
OPTION_VALUE_LENGTH = 100  # Discord: option value; Slack allows 150.


@dataclass(frozen=True, slots=True)
class _Field:
    name: str
    label: str
    _: KW_ONLY
    hint: str = ""
    value: str = ""
    required: bool = True

    def __post_init__(self) -> None:
        check_length(self.name, 40, "field name")
        check_length(self.label, FIELD_LABEL_LENGTH, "field label")
        if len(self.hint) > FIELD_HINT_LENGTH:
            raise TooLong(f"field {self.name}: hint too long")


@dataclass(frozen=True, slots=True)
class TextField(_Field):
    """A text input: one line, or a paragraph of several `lines`."""

    lines: int = 1
    max_length: int = 300

    def __post_init__(self) -> None:
        _Field.__post_init__(self)
        if len(self.value) > self.max_length:
            raise TooLong(f"field {self.name}: value too long")
        if not 1 <= self.max_length <= FIELD_TEXT_LENGTH:
            raise TooLong(f"field {self.name}: max_length must be 1 to {FIELD_TEXT_LENGTH}")


class PersonField(_Field):
    """A field for choosing a person from the workspace or server where the form is open.

    The answer, like `value`, is the platform's identifier for that person, "" if nobody is chosen.
    """

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class Option:
    """One option of a `ChoiceField`: its label and the answer it stands for."""

    label: str
    value: str

    def __post_init__(self) -> None:
        check_length(self.label, OPTION_LABEL_LENGTH, "option label")
        check_length(self.value, OPTION_VALUE_LENGTH, "option value")


_Value = TypeVar("_Value", bound=str)


def options(labels: Mapping[_Value, str]) -> tuple[Option, ...]:
    """Return an option for each item of `labels`, which maps answers to their labels."""
    return tuple(Option(label, value) for value, label in labels.items())


@dataclass(frozen=True, slots=True)
class ChoiceField(_Field):
    """A field for choosing one of 1 to 25 options. `value` is selected at first.

    Raises `ValueError` when two options have the same value, or `value` is not one of them.
    """

    options: tuple[Option, ...]

    def __post_init__(self) -> None:
        _Field.__post_init__(self)
        values = [option.value for option in self.options]
        if not 1 <= len(values) <= FIELD_OPTIONS:
            raise TooLong(f"field {self.name}: {len(values)} options, 1 to {FIELD_OPTIONS} allowed")
        if len(values) != len(set(values)) or self.value not in {"", *values}:
            raise ValueError(f"field {self.name}: options must differ, and the value be one of them")


Field: TypeAlias = TextField | PersonField | ChoiceField


@dataclass(frozen=True, slots=True)
class Form:
    """Questions asked in a window. The answers are sent to `command` as `Request.fields`.

    `introduction`: a paragraph above the fields, "" for none.
    """

    command: str
    title: str
    fields: tuple[Field, ...]
    submit: str = "Envoyer"
    introduction: str = ""

    def __post_init__(self) -> None:
        check_length(self.command, COMMAND_LENGTH, "form command")
        check_length(self.title, FORM_TITLE_LENGTH, "form title")
        check_length(self.submit, FORM_TITLE_LENGTH, "form submit label")
        parts = len(self.fields) + bool(self.introduction)
        if not self.fields or parts > FORM_FIELDS:
            raise TooLong(f"{parts} parts of a form, 1 to {FORM_FIELDS} allowed")
        if len(self.introduction) > FORM_INTRODUCTION_LENGTH:
            raise TooLong(f"introduction of {len(self.introduction)} characters")


Reply: TypeAlias = Message | Form


def opener(reply: Reply) -> Message:
    """Return `reply` if it is a message. If it is a form, return a message with a button that opens it."""
    if isinstance(reply, Message):
        return reply
    return Message(Text(reply.title), Buttons(Button("Ouvrir", reply.command, "primary")))
