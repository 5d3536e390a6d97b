"""The messages with which the program says that something is wrong, read from its source.

A message is what is given to one of `SAYERS`: a literal, a formatted string, a constant of the module, a
variable of the function, a value of a table, or a choice between those. What is filled in is « … ».
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from itertools import product
from pathlib import Path
from typing import Final, TypeAlias

BOT: Final = Path(__file__).resolve().parents[2] / "bot"
UNKNOWN: Final = "…"
MOST: Final = 8  # the texts of one call, when choices multiply

# The positions of the texts among the arguments of what says them.
SAYERS: Final[Mapping[str, tuple[int, ...]]] = {
    "wrong": (1,),
    "note": (1,),
    "say": (0,),
    "tell": (1,),
    "refuse": (0,),
    "problems.append": (0,),
    "yield": (0,),
    "lines.append": (0,),
    "BadParameter": (0,),
    "UsageError": (0,),
    "ClickException": (0,),
    "_problem": (0,),
    "_unreadable": (1,),
    "Keepsake": (4, 5),
    "StorageError": (0,),
    "LockedError": (0,),
    "PlatformError": (0,),
    "ReceiptError": (0,),
    "TypesetError": (0,),
    "ModelError": (0,),
    "PolicyError": (2,),
    "fail": (0,),
    "RevisionError": (0,),
    "SealError": (0,),
    "error": (0,),
}
# What the tables of texts by kind of error are called, where the texts are filled in far from them.
TABLES: Final = ("_TYPES",)
# What says something else in other modules. « yield »: a text that a generator gives.
_SETTINGS: Final = ("settings.py", "configuration/settings_file.py")
ONLY: Final[Mapping[str, tuple[str, ...]]] = {
    "_TYPES": _SETTINGS,
    "problems.append": _SETTINGS,
    "yield": _SETTINGS,
    "lines.append": ("app/starting.py",),
}
# What comes before some texts, where they are shown.
BEFORE: Final[Mapping[str, str]] = {
    "tell": "PLATEFORME : ",
    "PolicyError": "FICHIER, ligne … : ",
    "fail": "FICHIER, ligne … : ",
    "_TYPES": "RÉGLAGE : ",
    "_problem": "RÉGLAGE : ",
    "_unreadable": "Le fichier de réglages « … » ",
}
_FIELD = re.compile(r"\{\w*\}|%[sd]")
_WORDS = re.compile(r"\w+ \w+|\w+'\w+")
_SHOWN_ELSEWHERE: Final = ("commands/", "revision/reading/", "web/")  # to people in the chat, or in the form

Scope: TypeAlias = Mapping[str, list[ast.expr]]


@dataclass(frozen=True, slots=True, order=True)
class SourceMessage:
    """A message: the module that says it, from `bot/`, what says it, and its text with « … » for values."""

    module: str
    sayer: str
    text: str


@cache
def messages(folder: Path = BOT) -> list[SourceMessage]:
    """Return every message that the modules of a folder say, each once, in the order of the modules."""
    collected: dict[SourceMessage, None] = {}
    for path in sorted(folder.rglob("*.py")):
        module = path.relative_to(folder).as_posix()
        if path.name != "examples.py" and not module.startswith(_SHOWN_ELSEWHERE):
            collected |= dict.fromkeys(_of_module(ast.parse(path.read_text("utf-8")), module))
    return [message for message in collected if message.module in ONLY.get(message.sayer, (message.module,))]


def _of_module(tree: ast.Module, module: str) -> Iterator[SourceMessage]:
    outer = _assigned(tree.body)
    for name in TABLES:
        for text in (text for value in outer.get(name, ()) for text in _texts(value, outer)):
            yield SourceMessage(module, name, _filled(name, text))
    seen: set[ast.AST] = set()
    functions = [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]
    for scope in [*functions, tree]:
        nodes = list(ast.walk(scope))
        calls = [node for node in nodes if _sayer(node) in SAYERS]
        if calls:
            names = outer if scope is tree else {**outer, **_assigned(nodes)}
            for call in calls:
                if call not in seen:
                    seen.add(call)
                    yield from _said(call, names, module)


def _said(node: ast.AST, names: Scope, module: str) -> Iterator[SourceMessage]:
    sayer = _sayer(node)
    arguments = node.args if isinstance(node, ast.Call) else [getattr(node, "value", None)]
    for position in SAYERS[sayer]:
        argument = arguments[position] if len(arguments) > position else None
        for text in _texts(argument, names) if argument else ():
            if _WORDS.search(text):
                yield SourceMessage(module, sayer, _filled(sayer, text))


def _sayer(node: ast.AST) -> str:
    """Return the name of what is called (`problems.append` with its list, any other alone), or « yield »."""
    match node:
        case ast.Yield():
            return "yield"
        case ast.Call(func=ast.Name(id=name)):
            return name
        case ast.Call(func=ast.Attribute(value=ast.Name(id=owner), attr="append")):
            return f"{owner}.append"
        case ast.Call(func=ast.Attribute(attr=name)):
            return name
    return ""


def _assigned(nodes: Iterable[ast.AST]) -> dict[str, list[ast.expr]]:
    names: dict[str, list[ast.expr]] = {}
    for node in nodes:
        match node:
            case ast.Assign(targets=[ast.Name(id=name)], value=value):
                names.setdefault(name, []).append(value)
            case ast.AnnAssign(target=ast.Name(id=name), value=ast.expr() as value):
                names.setdefault(name, []).append(value)
    return names


def _texts(node: ast.expr, names: Scope, depth: int = 5) -> list[str]:  # noqa: PLR0911 — one return for each kind
    """Return the texts that an expression may be; « … » for what only running it would tell."""
    match node:
        case ast.Constant(value=str(text)):
            return [text]
        case ast.JoinedStr(values=parts):
            return _joined(_texts(part, names, depth) for part in parts)
        case ast.FormattedValue(value=ast.Name() | ast.IfExp() as value):
            return _texts(value, names, depth)
        case ast.IfExp(body=yes, orelse=no):
            return [*_texts(yes, names, depth), *_texts(no, names, depth)]
        case ast.BinOp(left=left, op=ast.Add(), right=right):
            return _joined([_texts(left, names, depth), _texts(right, names, depth)])
        case ast.BinOp(left=left, op=ast.Mult()):
            return [*_texts(left, names, depth), ""]
        case ast.Dict(values=values):
            return [text for value in values for text in _texts(value, names, depth)]
        case ast.Call(func=ast.Attribute(value=text, attr="format" | "replace" | "get")):
            return _texts(text, names, depth)
        case ast.Name(id=name) if depth and name in names:
            return [text for value in names[name] for text in _texts(value, names, depth - 1)]
    return [UNKNOWN]


def _joined(parts: Iterable[list[str]]) -> list[str]:
    return ["".join(pieces) for pieces in product(*parts)][:MOST]


def _filled(sayer: str, text: str) -> str:
    """Return a text with ordinary spaces, « … » for what is filled in, and what is shown before it."""
    return BEFORE.get(sayer, "") + re.sub(rf"{UNKNOWN}+", UNKNOWN, _FIELD.sub(UNKNOWN, text)).replace(
        "\u00a0", " "
    )
