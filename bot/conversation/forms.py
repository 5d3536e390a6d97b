"""Forms and their fields, which each platform renders as a window.

As in `bot.conversation.messages`, each limit is the lower of Slack's and Discord's. Exceeding one raises
`TooLong`.
"""

from collections.abc import Mapping
from dataclasses import KW_ONLY, dataclass, replace
from typing import TypeAlias, TypeVar

from bot.conversation.messages import (
    Button,
    Buttons,
    Element,
    Message,
    Note,
    Text,
    TooLong,
    bold,
    check_length,
)

FORM_TITLE_LENGTH = 24  # Slack: modal title; Discord allows 45.
FORM_FIELDS = 5  # Discord: modal. An introduction takes the place of one.
FORM_COMMAND_LENGTH = 78  # `COMMAND_LENGTH`, minus what a button adds to open the form again
FORM_INTRODUCTION_LENGTH = 600  # our own limit: a window is short
FIELD_LABEL_LENGTH = 45  # Discord: label.
FIELD_HINT_LENGTH = 100  # Discord: label description.
FIELD_TEXT_LENGTH = 3_000  # Slack: plain_text_input; Discord allows 4,000.
FIELD_OPTIONS = 25  # Discord: select; Slack allows 100.
# A button that opens a form again ends its command with this mark, then the token of the typed answers. The
# mark has no effect when typed, so only a button can put the answers back.
CORRECTING = "✎"
DATE_LENGTH = 60  # our own limit: « le mercredi vingt-quatre septembre deux mille vingt-sept »
DATE_EXAMPLES = "12 janvier 2027, 2027-01-12, demain ou lundi prochain"
OPTION_LABEL_LENGTH = 75  # Slack: option text; Discord allows 100.
OPTION_VALUE_LENGTH = 100  # Discord: option value; Slack allows 150.


_WAITING = Note("Ce que vous avez tapé vous attend dix minutes, en mémoire seulement.")
_FORGOTTEN = "Ce que vous aviez tapé n'est plus là\u00a0: dix minutes ont passé, ou j'ai redémarré depuis."


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


class DateField(_Field):
    """A field for a day: a calendar on Slack, a line of text elsewhere.

    The answer is « 2027-03-03 » from a calendar, and whatever was typed in a line of text (see
    `bot.language.dates`). `value` has the same formats, "" for none.
    """

    __slots__ = ()


class PersonField(_Field):
    """A field for choosing a person from the workspace or server where the form is open.

    The answer, like `value`, is the platform's identifier for that person, "" if nobody is chosen.
    """

    __slots__ = ()


class FileField(_Field):
    """A field for one file from the person's device. A form cannot open with a file in it: `value` is "".

    The answer is the file's name, "" for none, and the file is in `Request.file`.
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


Field: TypeAlias = TextField | DateField | PersonField | ChoiceField | FileField


@dataclass(frozen=True, slots=True)
class Form:
    """Questions asked in a window. The answers are sent to `command` as `Request.fields`.

    `introduction`: a paragraph above the fields, "" for none. Raises `ValueError` for more than one
    `FileField`.
    """

    command: str
    title: str
    fields: tuple[Field, ...]
    submit: str = "Envoyer"
    introduction: str = ""

    def __post_init__(self) -> None:
        check_length(self.command, FORM_COMMAND_LENGTH, "form command")
        check_length(self.title, FORM_TITLE_LENGTH, "form title")
        check_length(self.submit, FORM_TITLE_LENGTH, "form submit label")
        parts = len(self.fields) + bool(self.introduction)
        if not self.fields or parts > FORM_FIELDS:
            raise TooLong(f"{parts} parts of a form, 1 to {FORM_FIELDS} allowed")
        if len(self.introduction) > FORM_INTRODUCTION_LENGTH:
            raise TooLong(f"introduction of {len(self.introduction)} characters")
        if sum(isinstance(field, FileField) for field in self.fields) > 1:
            raise ValueError(f"form {self.command}: one field for a file at most")

    def filled(self, answers: Mapping[str, str]) -> "Form":
        """Return the form filled in with typed answers. An option that is no longer offered is left out."""
        return replace(self, fields=tuple(_filled(field, answers) for field in self.fields))

    def emptied(self) -> "Form":
        """Return the form, with a line saying that the typed answers are forgotten, if there is room."""
        try:
            return replace(self, introduction=f"{_FORGOTTEN}\n\n{self.introduction}".strip())
        except TooLong:
            return self


def _filled(field: Field, answers: Mapping[str, str]) -> Field:
    value = answers.get(field.name, field.value)
    match field:
        case TextField():
            return replace(field, value=value[: field.max_length])
        case DateField():
            return replace(field, value=value[:DATE_LENGTH])
        case ChoiceField():
            offered = any(option.value == value for option in field.options)
            return replace(field, value=value if offered else "")
        case PersonField():
            return replace(field, value=value)
        case FileField():  # a form cannot be opened with a file in it: the person chooses it again
            return field


Reply: TypeAlias = Message | Form


def refused_form(
    form: Form,
    problems: Mapping[str, str],
    token: str,
    *,
    label: str = "Corriger",
    why: Message | None = None,
) -> Message:
    """Return the refusal of a form, with a button that opens the form again, with the typed answers.

    `problems`: what is wrong, in French, by the field's name. `token`: the token of the typed answers, "" if
    they are not remembered, in which case there is no button. `why`: the reason to show instead of
    `problems`.
    """
    labels = {field.name: field.label for field in form.fields}
    by_field = {name if name in labels else form.fields[0].name: text for name, text in problems.items()}
    alone = len(labels) == 1
    lines = [
        Text(text) if alone else Text(bold(labels[name]), f"\u00a0: {text}")
        for name, text in by_field.items()
    ]
    again = Button(label, f"{form.command} {CORRECTING}{token}", "primary")
    elements: list[Element] = [*(why.elements if why else lines)]
    if token:
        elements += [_WAITING, Buttons(again)]
    return Message(*elements, problems=by_field)


def opener(reply: Reply) -> Message:
    """Return `reply` if it is a message. If it is a form, return a message with a button that opens it."""
    if isinstance(reply, Message):
        return reply
    return Message(Text(reply.title), Buttons(Button("Ouvrir", reply.command, "primary")))
