"""Findings in a text, and the roles that the text may name: data only, since every start imports them."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class LintFinding:
    """A point to review: its kind, the clause's number ("" if none), and a French sentence."""

    code: str
    clause: str
    message: str


@dataclass(frozen=True, slots=True)
class NamedRole:
    """A role that the text may name, and whether somebody holds it."""

    title: str
    held: bool
