"""Build the site of docs/ without network, into build/site: `make site`, or `python -m tests.site.build`.

The documents are written to be read in the repository too. So the site is built from a copy of them, in
build/docs, where links lead to its own pages, and spaces are those that French wants. A warning is an error.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path, PurePosixPath
from posixpath import normpath
from typing import Final

ROOT: Final = Path(__file__).resolve().parents[2]
CONFIGURATION: Final = Path(__file__).with_name("zensical.toml")
ICON: Final = ROOT / "bot/platforms/local/static/icon.svg"
# The documents at the root that are pages too, by the name of their page.
AT_THE_ROOT: Final = {
    "SECURITY.md": "securite.md",
    "CHANGELOG.md": "changements.md",
    "ARCHITECTURE.md": "architecture.md",
    "CONTRIBUTING.md": "contribuer.md",
}
PAGES: Final = {**AT_THE_ROOT, "README.md": "index.md"}
_ENGLISH: Final = {"CHANGELOG.md", "ARCHITECTURE.md", "CONTRIBUTING.md"}
# Code, which is left as it is, or a space that is to be a no-break one.
_CODE_OR_SPACE = re.compile(
    r"^ *(?P<fence>`{3,})[^\n]*\n.*?^ *(?P=fence) *$|(?P<ticks>`+)(?!`).+?(?<!`)(?P=ticks)(?!`)"
    r"|(?P<space>(?<=«) | (?=»)|(?<=\S) (?=:(?:\s|$)))",
    re.MULTILINE | re.DOTALL,
)
_LINK = re.compile(r"\[([^\]]*)\]\((?!https?:|mailto:|#)([^)#\s]+)(#[^)]*)?\)")


def build(folder: Path) -> None:
    """Build the site in `folder`/site, from a copy of the documents in `folder`/docs.

    Raises `subprocess.CalledProcessError` when anything is wrong: it is printed.
    """
    copy_documents(folder / "docs")
    shutil.copy(CONFIGURATION, folder)
    program = Path(sys.executable).with_name("zensical")
    subprocess.run([program, "build", "--strict", "--clean"], cwd=folder, check=True)


def copy_documents(folder: Path) -> None:
    """Copy docs/, the documents at the root and the icon into `folder`, as the site wants them."""
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(ROOT / "docs", folder)
    shutil.copy(ICON, folder / "images")
    sources = {path.name: f"docs/{path.name}" for path in (ROOT / "docs").glob("*.md")}
    for page, source in (sources | {page: name for name, page in AT_THE_ROOT.items()}).items():
        text = linked((ROOT / source).read_text("utf-8"), source)
        (folder / page).write_text(text if source in _ENGLISH else spaced(text), "utf-8")


def linked(text: str, source: str) -> str:
    """Return a document with the site's links; of a link to a file that is no page, only the text.

    `source`: its path from the root of the repository.
    """

    def link(match: re.Match[str]) -> str:
        words, target, anchor = match.groups(default="")
        target = normpath(PurePosixPath(source).parent / target)
        page = PAGES.get(target) or (target.removeprefix("docs/") if target.startswith("docs/") else "")
        return f"[{words}]({page}{anchor})" if page else words

    return _LINK.sub(link, text)


def spaced(text: str) -> str:
    """Return Markdown with no-break spaces before a colon and inside « », except in code."""
    return _CODE_OR_SPACE.sub(lambda match: "\u00a0" if match["space"] else match[0], text)


if __name__ == "__main__":
    try:
        build(ROOT / "build")
    except subprocess.CalledProcessError as error:
        sys.exit(error.returncode)
