"""Other constants and defaults for the bot, in a process of its own that only a test starts."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from types import ModuleType
from typing import Any


def set_defaults(function: Callable[..., Any], **values: object) -> None:
    """Change the defaults of a function's parameters. Raises `KeyError` for a parameter that has none."""
    parameters = inspect.signature(function).parameters
    if unknown := {name for name in values if parameters[name].default is inspect.Parameter.empty}:
        raise KeyError(unknown)
    defaults = {
        name: values.get(name, parameter.default)
        for name, parameter in parameters.items()
        if parameter.default is not inspect.Parameter.empty
    }
    keywords = function.__kwdefaults__ or {}
    function.__defaults__ = tuple(value for name, value in defaults.items() if name not in keywords) or None
    function.__kwdefaults__ = {name: defaults[name] for name in keywords} or None


def set_constants(module: ModuleType, **values: object) -> None:
    """Change constants where a module reads them. Raises `KeyError` for one that the module does not have."""
    if unknown := values.keys() - vars(module).keys():
        raise KeyError(unknown)
    vars(module).update(values)
