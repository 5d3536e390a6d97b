"""What a hurried volunteer writes in profil.toml: each mistake is one line that says what to do."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from bot import settings
from bot.app.build import Parts
from bot.app.starting import persona_deciders
from bot.configuration.profile import FILE, example, load_profile, shipped
from bot.configuration.settings_file import SettingsError
from bot.policy.articles import PolicyError
from bot.settings import SEED, UNNAMED, Settings
from tests.conftest import TEST_DATA

MISTAKES = tomllib.loads((TEST_DATA / "mistaken_profiles.toml").read_text("utf-8"))["mistake"]
RIGHT = (TEST_DATA / "cooperative" / FILE).read_text("utf-8")


@pytest.mark.parametrize("mistake", MISTAKES, ids=[mistake["name"] for mistake in MISTAKES])
def test_a_mistake_is_one_line_that_says_what_to_do(
    mistake: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert mistake["was"] in RIGHT
    written = RIGHT.replace(mistake["was"], mistake["written"], 1)
    (tmp_path / FILE).write_text(written, "utf-8")
    monkeypatch.setenv("VIGIE_DATA", str(tmp_path))
    with pytest.raises(SettingsError) as caught:
        settings.load()
    (line,) = caught.value.problems
    assert "\n" not in line
    assert line.startswith(str(tmp_path / FILE))
    plain = line.replace("\u00a0", " ")
    assert mistake["says"] in plain
    assert plain.endswith(mistake["ends"])


def test_every_mistake_is_told_at_once(tmp_path: Path) -> None:
    (tmp_path / FILE).write_text('nom = ""\ncommande = "É"\npolitique = 3\n', "utf-8")
    with pytest.raises(SettingsError) as caught:
        load_profile([tmp_path])
    start = f"{tmp_path / FILE}, "
    keys = [line.removeprefix(start).partition("\u00a0:")[0] for line in caught.value.problems]
    assert keys == ["commande", "nom", "association", "politique", "[lecture]"]


def test_a_file_in_another_encoding_is_said_to_be(tmp_path: Path) -> None:
    (tmp_path / FILE).write_bytes('nom = "Éclair"\n'.encode("latin-1"))
    with pytest.raises(SettingsError, match="Enregistrez-le en UTF-8"):
        load_profile([tmp_path])


def test_one_s_own_profile_replaces_the_shipped_one_whole() -> None:
    own = load_profile([SEED, TEST_DATA / "cooperative"])
    assert own.reports is None
    assert {role.id for role in own.roles} == {"presidence", "tresorerie", "administration"}
    assert load_profile([SEED, TEST_DATA]) == shipped(), "the folder has no profile of its own"


def test_the_settings_say_the_names_instead_of_the_profile() -> None:
    names = {"vigie_nom": "Bavarde", "vigie_association": "Radio Cité", "vigie_politique": "cr3"}
    profile = Settings.model_validate({"vigie_data": TEST_DATA, **names}).profile
    assert (profile.bot, profile.association, profile.policy) == ("Bavarde", "Radio Cité", "cr3")


def test_the_shipped_profile_does_not_name_its_association_over_another_s_policy() -> None:
    assert Settings().profile.association == "AGE UQTR"
    assert Settings(vigie_data=TEST_DATA, vigie_politique="cr3").profile.association == UNNAMED


@pytest.mark.parametrize(
    ("folder", "deciders"),
    [
        (SEED, "logo=vp-communications,parole=conseiller-executif"),
        (TEST_DATA / "cooperative", "logo=presidence,parole=tresorerie"),
    ],
)
def test_in_the_sandbox_who_decides_is_a_persona_whatever_the_roles_are(folder: Path, deciders: str) -> None:
    assert persona_deciders(load_profile([folder])) == deciders


def test_an_association_that_nothing_names_is_told(tmp_path: Path) -> None:
    text = example("rg", "Statuts", "masculin", "pluriel")
    (tmp_path / FILE).write_text(text, "utf-8")
    settings = Settings(vigie_data=tmp_path)
    assert settings.unnamed().startswith("l'association n'a pas de nom")
    (tmp_path / FILE).write_text(text.replace(UNNAMED, "Club du Merisier"), "utf-8")
    assert Settings(vigie_data=tmp_path).unnamed() == ""
    assert Settings(vigie_data=tmp_path, vigie_association="Club").unnamed() == ""


def test_a_policy_that_is_not_there_is_said_to_be_the_profile_s_or_the_setting_s(tmp_path: Path) -> None:
    (tmp_path / FILE).write_text(RIGHT, "utf-8")
    with pytest.raises(PolicyError) as caught:
        _ = Parts(Settings(vigie_data=tmp_path)).library
    assert str(caught.value).startswith(
        "VIGIE_POLITIQUE, ou profil.toml\u00a0: la politique «\u00a0statuts\u00a0»"
    )
