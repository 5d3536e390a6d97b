"""The checks of paths in the settings. Each refusal is one French line that says what to do."""

from collections.abc import Iterator, Mapping
from pathlib import Path


def misplaced(raw: Mapping[str, str], env_file: Path | None) -> Iterator[str]:
    """Yield one French line for each path that does not fit its setting.

    `raw`: the settings as text, by name. `env_file`: the settings file.
    """
    text = raw.get("vigie_db", "")
    data = Path(raw.get("vigie_data", "."))
    file = Path(text or "vigie.db")
    if text.endswith("/") or file.is_dir():
        inside = file / "vigie.db"
        yield f"VIGIE_DB\u00a0: «\u00a0{file}\u00a0» est un dossier. Donnez un fichier, comme {inside}"
    elif file.exists() and not file.is_file():  # /dev/null
        yield f"VIGIE_DB\u00a0: «\u00a0{file}\u00a0» n'est pas un fichier. Donnez-en un, qui existe ou non."
    elif env_file and file.exists() and env_file.exists() and file.samefile(env_file):
        inside = file.absolute().with_name("vigie.db")
        it_is = f"«\u00a0{file}\u00a0» est le fichier des réglages"
        yield f"VIGIE_DB\u00a0: {it_is}. Donnez-en un autre, comme {inside}"
    elif not file.parent.is_dir():
        yield f"VIGIE_DB\u00a0: le dossier «\u00a0{file.parent}\u00a0» n'existe pas. Créez-le."
    if data.exists() and not data.is_dir():
        yield f"VIGIE_DATA\u00a0: «\u00a0{data}\u00a0» n'est pas un dossier. Donnez-en un."
    elif not data.is_dir():
        yield f"VIGIE_DATA\u00a0: le dossier «\u00a0{data}\u00a0» n'existe pas. Créez-le."
    elif "vigie_data" in raw and (data.name == "politique" or any(data.glob("[0-9]*-[0-9]*-[0-9]*.md"))):
        root = data.parent if data.name == "politique" else data.parent.parent
        yield f"VIGIE_DATA\u00a0: donnez le dossier qui contient «\u00a0politique\u00a0», comme {root}"
    for name in ("vigie_cles", "vigie_sauvegardes", "vigie_modeles", "vigie_site"):
        folder = Path(raw.get(name, "."))
        if folder.exists() and not folder.is_dir():
            yield f"{name.upper()}\u00a0: «\u00a0{folder}\u00a0» n'est pas un dossier. Donnez-en un."


def openable(raw: Mapping[str, str]) -> Iterator[str]:
    """Yield a French line for each folder where the keys would be kept with the data that they open.

    `raw`: the settings as text, by name.
    """
    if "vigie_cles" not in raw:
        return
    keys = Path(raw["vigie_cles"]).resolve()
    if "vigie_db" in raw and Path(raw["vigie_db"]).resolve().is_relative_to(keys):
        yield (
            "VIGIE_DB est dans VIGIE_CLES\u00a0: le double des clés contiendrait aussi la base. "
            f"Donnez aux clés un dossier à part, comme {keys / 'cles'}"
        )
    if "vigie_sauvegardes" not in raw:
        return
    copies = Path(raw["vigie_sauvegardes"]).resolve()
    why = "qui aurait les copies les ouvrirait"
    if keys == copies:
        yield f"VIGIE_CLES et VIGIE_SAUVEGARDES sont le même dossier\u00a0: {why}. Séparez-les."
    elif keys.is_relative_to(copies):
        yield f"VIGIE_CLES est dans VIGIE_SAUVEGARDES\u00a0: {why}. Séparez-les."
    elif copies.is_relative_to(keys):
        yield f"VIGIE_SAUVEGARDES est dans VIGIE_CLES\u00a0: {why}. Séparez-les."
