"""Form fields as HTML, each with its label, hint and error message."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import htpy as h


@dataclass(frozen=True, slots=True)
class FieldSpec:
    """A field of the form. `length`: maximum characters of a text. `accept`: file types, as in HTML."""

    name: str
    label: str
    hint: str = ""
    length: int = 0
    optional: bool = False
    accept: str = ""


@dataclass(frozen=True, slots=True)
class FormChoice:
    """A choice of a field: the submitted value, and the displayed label and hint."""

    value: str
    label: str
    hint: str = ""


def line(spec: FieldSpec, value: str = "", problem: str = "") -> h.Renderable:
    """Return a single-line text field."""
    control = h.input(
        _common(spec, problem),
        type="text",
        value=value,
        maxlength=spec.length,
        autocomplete="off",
        autocapitalize="off",
        spellcheck="false",  # some browsers send typed text to a remote spell checker
    )
    return _framed(spec, control, problem)


def paragraph(spec: FieldSpec, value: str = "", problem: str = "") -> h.Renderable:
    """Return a multi-line text field."""
    control = h.textarea(
        _common(spec, problem), rows=5, maxlength=spec.length, autocomplete="off", spellcheck="false"
    )
    # HTML parsers drop one newline right after the tag. This one protects a leading newline of the value.
    return _framed(spec, control["\n", value], problem)


def file(spec: FieldSpec, problem: str = "") -> h.Renderable:
    """Return a file upload field."""
    return _framed(spec, h.input(_common(spec, problem), type="file", accept=spec.accept), problem)


def radios(spec: FieldSpec, choices: Sequence[FormChoice], chosen: str, problem: str) -> h.Renderable:
    """Return a field that accepts a single choice."""
    return _group("radio", spec, choices, {chosen}, problem)


def boxes(spec: FieldSpec, choices: Sequence[FormChoice], chosen: set[str]) -> h.Renderable:
    """Return a field that accepts any number of choices."""
    return _group("checkbox", spec, choices, chosen, "")


def hidden(name: str, value: str) -> h.Renderable:
    """Return a hidden field, which carries a value to the next page."""
    return h.input(type="hidden", name=name, value=value)


def button(label: str, style: str | None = None, action: str | None = None) -> h.Renderable:
    """Return a button that submits the form, to `action` if it is given."""
    return h.button(type="submit", class_=style, formaction=action)[label]


def actions(*buttons: h.Renderable) -> h.Renderable:
    """Return buttons side by side."""
    return h.div(".actions")[buttons]


def _common(spec: FieldSpec, problem: str) -> Mapping[str, h.Attribute]:
    return {
        "id": spec.name,
        "name": spec.name,
        "required": not spec.optional,
        "aria-invalid": "true" if problem else None,
        "aria-describedby": _described(spec, problem),
    }


def _framed(spec: FieldSpec, control: h.Renderable, problem: str) -> h.Renderable:
    return h.div(".field")[
        h.label(for_=spec.name)[spec.label, _optional(spec)],
        _hint(spec.name, spec.hint),
        control,
        _problem(spec, problem),
    ]


def _group(
    kind: str, spec: FieldSpec, choices: Sequence[FormChoice], chosen: set[str], problem: str
) -> h.Renderable:
    return h.fieldset(".field", id=spec.name, aria_describedby=_described(spec, problem))[
        h.legend[spec.label, _optional(spec)],
        _hint(spec.name, spec.hint),
        [
            h.div(".choice")[
                h.input(
                    type=kind,
                    id=f"{spec.name}-{number}",
                    name=spec.name,
                    value=choice.value,
                    required=kind == "radio",
                    checked=choice.value in chosen,
                    autocomplete="off",  # otherwise Firefox ticks the same boxes again after a reload
                    aria_describedby=f"{spec.name}-{number}-aide" if choice.hint else None,
                ),
                h.label(for_=f"{spec.name}-{number}")[choice.label],
                _hint(f"{spec.name}-{number}", choice.hint),
            ]
            for number, choice in enumerate(choices)
        ],
        _problem(spec, problem),
    ]


def _optional(spec: FieldSpec) -> h.Node:
    return spec.optional and h.span(".optional")[" (facultatif)"]


def _hint(name: str, text: str) -> h.Node:
    return text and h.p(".hint", id=f"{name}-aide")[text]


def _problem(spec: FieldSpec, problem: str) -> h.Node:
    return problem and h.p(".error", id=f"{spec.name}-erreur")[problem]


def _described(spec: FieldSpec, problem: str) -> str | None:
    parts = [f"{spec.name}-aide"] * bool(spec.hint) + [f"{spec.name}-erreur"] * bool(problem)
    return " ".join(parts) or None
