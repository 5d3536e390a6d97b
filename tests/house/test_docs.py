"""What is written for people is true: every setting and every command is documented."""

from __future__ import annotations

import ast
import io
import re
import sys
import tomllib
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

from bot.cli.main import LOCALE
from bot.settings import Settings
from tests.browser.pictures import IMAGES, SCENES, SCHEMES

ROOT = Path(__file__).resolve().parents[2]
README = (ROOT / "README.md").read_text()
ENV_EXAMPLE = (ROOT / ".env.example").read_text()
# Imported as the documentation of pydantic and of mcp has it, which bring them.
BROUGHT = {"pydantic-core", "anyio", "starlette", "uvicorn"}


@pytest.mark.parametrize("name", [name.upper() for name in Settings.model_fields])
def test_every_setting_is_explained_in_the_example_file(name: str) -> None:
    match = re.search(rf"((?:^#.*\n)+)^#?\s?{name}=", ENV_EXAMPLE, re.MULTILINE)
    assert match, f"{name} has no explanation in .env.example"
    assert len(match[1]) > 40


def test_the_example_file_names_no_other_setting() -> None:
    named = set(re.findall(r"^#?\s?([A-Z_]+)=", ENV_EXAMPLE, re.MULTILINE))
    assert named == {name.upper() for name in Settings.model_fields}


def test_the_readme_is_short_and_says_how_to_install_in_six_steps() -> None:
    assert len(README.splitlines()) <= 75
    steps = README.partition("## Installer")[2].partition("\n## ")[0]
    assert re.findall(r"^(\d)\. ", steps, re.MULTILINE) == list("123456")
    english = README.partition("## In English")[2]
    assert 0 < len(english.split()) < 200


def test_every_dependency_has_a_line_in_the_architecture_and_every_line_a_dependency() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    wanted = [*project["dependencies"], *project["optional-dependencies"]["mcp"]]
    declared = {re.match(r"[a-z0-9.-]+", each)[0] for each in wanted}  # type: ignore[index]
    table = (ROOT / "ARCHITECTURE.md").read_text().partition("## Dependencies")[2].partition("\n## ")[0]
    assert set(re.findall(r"^\| ([a-z0-9.-]+) \|", table, re.MULTILINE)) - {"library"} == declared


def test_what_is_imported_is_declared() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    wanted = [*project["project"]["dependencies"], *project["project"]["optional-dependencies"]["mcp"]]
    wanted += project["dependency-groups"]["training"]
    declared = {re.match(r"[a-z0-9.-]+", each)[0] for each in wanted}  # type: ignore[index]
    declared |= BROUGHT
    packages = packages_distributions()
    for file in ROOT.glob("bot/**/*.py"):
        for module in _imported(ast.parse(file.read_text())) - sys.stdlib_module_names - {"bot"}:
            assert declared & {name.lower().replace("_", "-") for name in packages.get(module, [module])}, (
                f"{file}: {module}"
            )


def _imported(tree: ast.Module) -> set[str]:
    """The top-level packages that a file imports, wherever in it."""
    names = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names.add(node.module)
    return {name.partition(".")[0] for name in names}


def test_every_link_of_the_documents_leads_to_a_file() -> None:
    for document in [*ROOT.glob("*.md"), *(ROOT / "docs").glob("**/*.md")]:
        links = r"""(?:\]\(|src="|srcset=")(?!https?:|#|mailto:)([^)#"]+)"""
        for target in re.findall(links, document.read_text()):
            assert (document.parent / target).exists(), f"{document.name}: {target}"


def test_every_picture_is_taken_by_the_same_command_and_shown() -> None:
    taken = {f"{scene}-{theme}.png" for scene, *_ in SCENES for _, theme in SCHEMES}
    assert {path.name for path in IMAGES.iterdir()} == taken
    documents = "".join(path.read_text() for path in [ROOT / "README.md", *(ROOT / "docs").glob("*.md")])
    for scene, *_ in SCENES:
        assert f"images/{scene}-" in documents


def test_every_threat_that_the_code_names_is_written_down() -> None:
    known = set(re.findall(r"^\| (T\d+) \|", (ROOT / "docs/menaces.md").read_text(), re.MULTILINE))
    for file in [*ROOT.glob("bot/**/*.py"), *ROOT.glob("tests/**/*.py")]:
        named = re.findall(r"(?:\"\"\"|\(|, |# )(T\d+)(?=: |, T\d|\))", file.read_text())
        assert set(named) <= known, file


def test_the_french_of_the_command_line_is_compiled_from_its_source() -> None:
    source = LOCALE / "fr/LC_MESSAGES/messages.po"
    compiled = io.BytesIO()
    with source.open("rb") as file:
        write_mo(compiled, read_po(file, locale="fr", domain="messages"))
    assert compiled.getvalue() == source.with_suffix(".mo").read_bytes(), "run `make locale`"


def test_lock_files_name_no_index() -> None:
    for lock in ROOT.glob("requirements*.lock"):
        text = lock.read_text()
        assert "://" not in text
        assert "--hash=sha256:" in text
