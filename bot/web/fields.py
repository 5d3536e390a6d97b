"""The fields of a form, as HTML: each with its label, what helps, and what is wrong with it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from bot.platforms.markup import NOTHING, Html, element, escaped
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


def line(asked: FieldSpec, value: str = "", problem: str = "") -> Html:
    """Return a text of one line."""
    control = element(
        "input",
        type="text",
        id=asked.name,
        name=asked.name,
        value=value,
        required=not asked.optional,
        maxlength=str(asked.length),
        autocomplete="off",
        autocapitalize="off",
        spellcheck="false",  # some browsers send what is typed to a service that checks it
        aria_invalid="true" if problem else "",
        aria_describedby=_described(asked, problem),
    )
    return _framed(asked, control, problem)


def paragraph(asked: FieldSpec, value: str = "", problem: str = "") -> Html:
    """Return a text of several lines."""
    control = element(
        "textarea",
        Html("\n"),  # the parser drops one newline right after the tag: this one, and not the value's own
        escaped(value),
        id=asked.name,
        name=asked.name,
        rows="5",
        required=not asked.optional,
        maxlength=str(asked.length),
        autocomplete="off",
        spellcheck="false",
        aria_invalid="true" if problem else "",
        aria_describedby=_described(asked, problem),
    )
    return _framed(asked, control, problem)


def file(asked: FieldSpec, problem: str = "") -> Html:
    """Return a file to choose."""
    control = element(
        "input",
        type="file",
        id=asked.name,
        name=asked.name,
        accept=asked.accept,
        required=not asked.optional,
        aria_invalid="true" if problem else "",
        aria_describedby=_described(asked, problem),
    )
    return _framed(asked, control, problem)


def radios(asked: FieldSpec, choices: Sequence[FormChoice], chosen: str, problem: str = "") -> Html:
    """Return choices of which one is made."""
    return _group(
        asked,
        [
            _choice("radio", asked, choice, number, checked=choice.value == chosen)
            for number, choice in enumerate(choices)
        ],
        problem,
    )


def boxes(asked: FieldSpec, choices: Sequence[FormChoice], chosen: frozenset[str]) -> Html:
    """Return choices of which any are made."""
    return _group(
        asked,
        [
            _choice("checkbox", asked, choice, number, checked=choice.value in chosen)
            for number, choice in enumerate(choices)
        ],
    )


def hidden(name: str, value: str) -> Html:
    """Return what is only to be given again."""
    return element("input", type="hidden", name=name, value=value)


def button(label: str, style: str = "", action: str = "") -> Html:
    """Return what sends the form; `action`: elsewhere than the form says."""
    return element("button", escaped(label), type="submit", class_=style, formaction=action)


def actions(*buttons: Html) -> Html:
    """Return buttons side by side."""
    return element("div", *buttons, class_="actions")


def _framed(asked: FieldSpec, control: Html, problem: str) -> Html:
    return element(
        "div",
        element("label", escaped(asked.label), _aside(asked), for_=asked.name),
        _hint(asked.name, asked.hint),
        control,
        _error(asked.name, problem),
        class_="field",
    )


def _group(asked: FieldSpec, choices: Sequence[Html], problem: str = "") -> Html:
    return element(
        "fieldset",
        element("legend", escaped(asked.label), _aside(asked)),
        _hint(asked.name, asked.hint),
        *choices,
        _error(asked.name, problem),
        class_="field",
        id=asked.name,
        aria_describedby=_described(asked, problem),
    )


def _choice(kind: str, asked: FieldSpec, choice: FormChoice, number: int, *, checked: bool) -> Html:
    identifier = f"{asked.name}-{number}"
    control = element(
        "input",
        type=kind,
        id=identifier,
        name=asked.name,
        value=choice.value,
        required=kind == "radio",
        checked=checked,
        autocomplete="off",  # or Firefox ticks again what was ticked before a page was loaded anew
        aria_describedby=f"{identifier}-aide" if choice.hint else "",
    )
    label = element("label", escaped(choice.label), for_=identifier)
    return element("div", control, label, _hint(identifier, choice.hint), class_="choice")


def _aside(asked: FieldSpec) -> Html:
    return element("span", escaped(" (facultatif)"), class_="optional") if asked.optional else NOTHING


def _hint(name: str, text: str) -> Html:
    return element("p", escaped(text), class_="hint", id=f"{name}-aide") if text else NOTHING


def _error(name: str, problem: str) -> Html:
    return element("p", escaped(problem), class_="error", id=f"{name}-erreur") if problem else NOTHING


def _described(asked: FieldSpec, problem: str) -> str:
    hint = f"{asked.name}-aide" if asked.hint else ""
    return f"{hint} {asked.name}-erreur".strip() if problem else hint
