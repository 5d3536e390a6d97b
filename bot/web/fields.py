"""The fields of a form, as HTML: each with its label, what helps, and what is wrong with it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import htpy as h

from bot.web.intake import FormChoice


@dataclass(frozen=True, slots=True)
class FieldSpec:
    """What a field asks. `length`: of a text, at most. `accept`: of a file, which kinds."""

    name: str
    label: str
    hint: str = ""
    length: int = 0
    optional: bool = False
    accept: str = ""


def line(asked: FieldSpec, value: str = "", problem: str = "") -> h.Renderable:
    """Return a text of one line."""
    control = h.input(
        _common(asked, problem),
        type="text",
        value=value,
        maxlength=asked.length,
        autocomplete="off",
        autocapitalize="off",
        spellcheck="false",  # some browsers send what is typed to a service that checks it
    )
    return _framed(asked, control, problem)


def paragraph(asked: FieldSpec, value: str = "", problem: str = "") -> h.Renderable:
    """Return a text of several lines."""
    control = h.textarea(
        _common(asked, problem), rows=5, maxlength=asked.length, autocomplete="off", spellcheck="false"
    )
    # The parser drops one newline right after the tag: this one, and not the value's own first.
    return _framed(asked, control["\n", value], problem)


def file(asked: FieldSpec, problem: str = "") -> h.Renderable:
    """Return a file to choose."""
    return _framed(asked, h.input(_common(asked, problem), type="file", accept=asked.accept), problem)


def radios(asked: FieldSpec, choices: Sequence[FormChoice], chosen: str, problem: str = "") -> h.Renderable:
    """Return choices of which one is made."""
    return _group("radio", asked, choices, frozenset({chosen}), problem)


def boxes(asked: FieldSpec, choices: Sequence[FormChoice], chosen: frozenset[str]) -> h.Renderable:
    """Return choices of which any are made."""
    return _group("checkbox", asked, choices, chosen)


def hidden(name: str, value: str) -> h.Renderable:
    """Return what is only to be given again."""
    return h.input(type="hidden", name=name, value=value)


def button(label: str, style: str | None = None, action: str | None = None) -> h.Renderable:
    """Return what sends the form; `action`: elsewhere than the form says."""
    return h.button(type="submit", class_=style, formaction=action)[label]


def actions(*buttons: h.Renderable) -> h.Renderable:
    """Return buttons side by side."""
    return h.div(".actions")[buttons]


def _common(asked: FieldSpec, problem: str) -> Mapping[str, h.Attribute]:
    return {
        "id": asked.name,
        "name": asked.name,
        "required": not asked.optional,
        "aria-invalid": "true" if problem else None,
        "aria-describedby": _described(asked, problem),
    }


def _framed(asked: FieldSpec, control: h.Renderable, problem: str) -> h.Renderable:
    return h.div(".field")[
        h.label(for_=asked.name)[asked.label, _aside(asked)],
        _hint(asked.name, asked.hint),
        control,
        _error(asked.name, problem),
    ]


def _group(
    kind: str, asked: FieldSpec, choices: Sequence[FormChoice], chosen: frozenset[str], problem: str = ""
) -> h.Renderable:
    return h.fieldset(".field", id=asked.name, aria_describedby=_described(asked, problem))[
        h.legend[asked.label, _aside(asked)],
        _hint(asked.name, asked.hint),
        [
            _choice(kind, asked.name, choice, number, checked=choice.value in chosen)
            for number, choice in enumerate(choices)
        ],
        _error(asked.name, problem),
    ]


def _choice(kind: str, name: str, choice: FormChoice, number: int, *, checked: bool) -> h.Renderable:
    identifier = f"{name}-{number}"
    return h.div(".choice")[
        h.input(
            type=kind,
            id=identifier,
            name=name,
            value=choice.value,
            required=kind == "radio",
            checked=checked,
            autocomplete="off",  # or Firefox ticks again what was ticked before a page was loaded anew
            aria_describedby=f"{identifier}-aide" if choice.hint else None,
        ),
        h.label(for_=identifier)[choice.label],
        _hint(identifier, choice.hint),
    ]


def _aside(asked: FieldSpec) -> h.Node:
    return asked.optional and h.span(".optional")[" (facultatif)"]


def _hint(name: str, text: str) -> h.Node:
    return text and h.p(".hint", id=f"{name}-aide")[text]


def _error(name: str, problem: str) -> h.Node:
    return problem and h.p(".error", id=f"{name}-erreur")[problem]


def _described(asked: FieldSpec, problem: str) -> str | None:
    parts = [f"{asked.name}-aide"] * bool(asked.hint) + [f"{asked.name}-erreur"] * bool(problem)
    return " ".join(parts) or None
