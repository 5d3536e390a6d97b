"""Loading of the library from files and approved texts.

`data/politique/<id>/<AAAA-MM-JJ>.md` is an adopted version, and `annotations.toml` beside it interprets the
text. The association's own folder is layered over the shipped one.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import TypeAlias

from bot.configuration.profile import FILE, PolicyWords, load_profile
from bot.policy import articles
from bot.policy.annotations import parse_toml, read_annotations
from bot.policy.articles import PolicyError, Version
from bot.policy.changes import identities
from bot.policy.library import Library, Policy
from bot.policy.names import GenderedName
from bot.settings import SEED


@dataclass(frozen=True, slots=True)
class Adopted:
    """The approved text of an adopted version. `effective` is as in `Version`."""

    adopted: date
    effective: date | None
    text: str


# The approved texts of each policy. If there are any, they replace the files.
Approved: TypeAlias = Mapping[str, Sequence[Adopted]]


def load_library(
    folders: Sequence[Path], default: str, today: Callable[[], date], approved: Approved | None = None
) -> Library:
    """Return the library of the association's policies (see `read_policies`). Later folders come first.

    Raises `PolicyError` when a file cannot be read, or when there is no policy `default`.
    """
    policies = read_policies(folders, default, approved or {})
    if default not in policies:
        known = ", ".join(policies) or "aucune"
        hint = f" Vouliez-vous écrire {default.lower()}?" if default.lower() in policies else ""
        problem = f"la politique «\u00a0{default}\u00a0» n'existe pas (connues\u00a0: {known}).{hint}"
        raise PolicyError(f"VIGIE_POLITIQUE, ou {FILE}", 0, problem)
    return Library(policies, default, today)


def read_policies(folders: Sequence[Path], default: str, approved: Approved) -> dict[str, Policy]:
    """Return the association's policies, by id: those in `folders` and in the approved texts.

    Those that only Vigie's own folder has are left out, but for `default`: they bind another association.
    Raises `PolicyError` when a file cannot be read, or when two policies share a name.
    """
    roots = [folder / "politique" for folder in folders]
    words = load_profile(folders).policies
    ids = set(approved).union(*map(_ids, roots)) - only_shipped(folders, default).difference(approved)
    policies = {
        policy: _read_policy(
            policy,
            [root / policy for root in roots],
            approved.get(policy, ()),
            words.get(policy, PolicyWords()),
        )
        for policy in sorted(ids)
    }
    owners = {policy.lower(): policy for policy in policies}
    for policy in policies.values():
        for name in policy.names():
            owner = owners.setdefault(name.lower(), policy.id)
            if owner != policy.id:
                problem = f"le nom «\u00a0{name}\u00a0» est déjà celui de la politique {owner}."
                raise PolicyError(f"{policy.id}/annotations.toml", 0, problem)
    return policies


def only_shipped(folders: Iterable[Path], default: str) -> set[str]:
    """Return the ids of the policies that only Vigie's own folder has, but for `default`."""
    own = [_ids(folder / "politique") for folder in folders if folder != SEED]
    return _ids(SEED / "politique").difference([default], *own)


def _ids(root: Path) -> set[str]:
    return {path.name for path in root.glob("*") if path.is_dir()}


def read_texts(folders: Iterable[Path], policy: str) -> dict[str, str]:
    """Return the text of each version of a policy in `folders`, by file name, which is its adoption date.

    Raises `PolicyError` for a file that is not in UTF-8.
    """
    return {
        path.stem: read_utf8(path) for path in _files(folder / "politique" / policy for folder in folders)
    }


def _files(folders: Iterable[Path]) -> list[Path]:
    files = {path.stem: path for folder in folders for path in folder.glob("*.md")}
    return [files[name] for name in sorted(files)]


def _read_policy(
    policy: str, folders: Sequence[Path], approved: Sequence[Adopted], words: PolicyWords
) -> Policy:
    versions = [
        articles.parse(
            text.text,
            policy=policy,
            adopted=text.adopted,
            source=f"{policy}/{text.adopted}.md",
            effective=text.effective,
        )
        for text in approved
    ]
    for path in [] if approved else _files(folders):
        try:
            adopted = date.fromisoformat(path.stem)
        except ValueError as error:
            problem = "le nom doit être la date d'adoption\u00a0: AAAA-MM-JJ.md."
            raise PolicyError(_short(path), 0, problem) from error
        versions.append(articles.parse(read_utf8(path), policy=policy, adopted=adopted, source=_short(path)))
    if not versions:
        raise PolicyError(policy, 0, "ce dossier de politique ne contient aucune version (AAAA-MM-JJ.md).")
    notes = [path for folder in folders if (path := folder / "annotations.toml").is_file()]
    toml, source = (read_utf8(notes[-1]), _short(notes[-1])) if notes else ("", policy)
    data = parse_toml(toml, source)
    table = data.get("policy")
    interpreted = str(table.get("version", "")) if isinstance(table, dict) else ""
    chain: list[Version] = []
    for version in sorted(versions, key=lambda version: (version.since, version.adopted)):
        chain.append(replace(version, former=chain[-1] if chain else None, interpreted=interpreted))
    origin = identities.origin(chain[-1])
    written = read_annotations(data, origin, source)
    if written.version and written.version != origin.key:
        raise PolicyError(source, 0, f"[policy] version\u00a0: il n'y a pas de version du {written.version}.")
    if words.name:
        name = GenderedName(words.name, words.gender, plural=words.plural)
        known = "" if written.title == written.name else written.title
        written = replace(written, name=name, title=words.title or known or name)
    loaded = Policy(policy, tuple(chain), origin, written)
    loaded.notes(chain[-1])  # compares versions now instead of at the first look-up
    return loaded


def read_utf8(path: Path) -> str:
    """Return a file's text. Raises `PolicyError`, with the line, when it is not in UTF-8."""
    content = path.read_bytes()
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        raise PolicyError(_short(path), line, "le fichier n'est pas en UTF-8.") from error


def _short(path: Path) -> str:
    return f"{path.parent.name}/{path.name}"
