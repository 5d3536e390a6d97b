"""The conversation: every wrong answer is explained, and the right one is kept at once."""

from __future__ import annotations

import shutil
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

import pytest

from bot.cli.installer import checks
from bot.cli.installer.interview import Accepted, Refused
from bot.platforms.slack.manifest import BOT_SCOPES
from bot.times import system_clock
from tests.cli.installer.typist import ENTER, MANIFEST, answering, answers_in, is_private, text_of, write
from tests.kits.platforms.fake_slack import APP_TOKEN, BOT_TOKEN, FakeSlack
from tests.wire.discord_people import Person
from tests.wire.discord_server import TOKEN, DiscordServer

ON_SLACK = ("1", "AGE UQTR", ENTER)  # the platform, the name, the application made
TO_BOT_TOKEN = (*ON_SLACK, APP_TOKEN)
TO_GROUPS = (*TO_BOT_TOKEN, BOT_TOKEN)
LIST_ON_SLACK = "3"
TO_ADMIN = (*TO_GROUPS, LIST_ON_SLACK)
ON_DISCORD = ("2", "AGE UQTR")


async def test_the_questions_of_slack_follow_one_another_and_each_answer_is_kept_at_once(
    slack: FakeSlack, file: Path
) -> None:
    typist, _ = await answering(file, *TO_ADMIN, "U0ALICE", "oui", ENTER)
    assert answers_in(file)["SLACK_BOT_TOKEN"] == BOT_TOKEN
    assert is_private(file)
    assert "SLACK_APP_TOKEN=xapp-essai" in text_of(file).splitlines()
    assert "VIGIE_SLACK_EQUIPE=T1" in text_of(file).splitlines()
    assert "VIGIE_ADMINS=slack:T1/U0ALICE" in text_of(file).splitlines()
    assert f"VIGIE_SAUVEGARDES={file.parent / 'sauvegardes'}" in text_of(file).splitlines()
    assert not typist.said("bad")
    assert typist.secrets == [False, False, False, True, True, False, False, False, False]
    assert len(slack.posted["D0ALICE"]) == 1
    assert BOT_TOKEN not in typist.said()


async def test_the_questions_of_discord_follow_one_another(
    discord: DiscordServer, alice: Person, file: Path
) -> None:
    typist, answers = await answering(file, *ON_DISCORD, TOKEN, ENTER, "2", str(alice.id), "oui", ENTER)
    assert not typist.said("bad")
    assert answers["VIGIE_DISCORD_SERVEUR"] == str(alice.guild.id)
    assert answers["VIGIE_ADMINS"] == f"discord:{alice.id}"
    assert "https://discord.com/oauth2/authorize?client_id=1456074443980800001" in typist.said("step")
    assert discord.count("POST", "/channels/*/messages") == 1
    assert "SLACK" not in text_of(file)


@pytest.mark.parametrize(
    ("before", "typed", "explained"),
    [
        (ON_SLACK, ENTER, "Il faut une réponse ici."),
        (
            ON_SLACK,
            BOT_TOKEN,
            "Vous avez collé le jeton du robot de Slack. Il faut ici le jeton de l'application",
        ),
        (ON_SLACK, TOKEN, "Vous avez collé le jeton d'un robot de Discord."),
        (ON_SLACK, "xapp-autre", "Le jeton de l'application est refusé (invalid_auth)."),
        (ON_SLACK, "bonjour", "Vous avez collé 7 caractères. Il faut ici le jeton de l'application"),
        (TO_BOT_TOKEN, APP_TOKEN, "Vous avez collé le jeton de l'application de Slack."),
        (TO_BOT_TOKEN, "xoxp-1-2-3", "Vous avez collé le jeton d'une personne, sur Slack."),
        (TO_BOT_TOKEN, "xoxb-revoque", "Le jeton du robot est refusé (invalid_auth). Copiez-le de nouveau"),
        (TO_BOT_TOKEN, "0123456789abcdef" * 2, "Vous avez collé un secret de Slack"),
        (TO_BOT_TOKEN, "{", "Vous avez collé le manifeste."),
        (TO_BOT_TOKEN, "T0123ABCDE", "Vous avez collé un identifiant de Slack, et non un jeton."),
        (TO_GROUPS, "9", "Tapez l'un des numéros, de 1 à 3."),
        (TO_GROUPS, "9" * 5_000, "Tapez l'un des numéros, de 1 à 3."),
        (TO_GROUPS, "1", "usergroups:read n'est pas accordée"),
        (TO_GROUPS, "2", "groups:read n'est pas accordée"),
        (TO_ADMIN, "camille@exemple.ca", "Un nom ou une adresse ne suffit pas."),
        (TO_ADMIN, "@camille", "Il faut l'identifiant\u00a0: U0123ABCD sur Slack."),
        (
            TO_ADMIN,
            "123456789012345678",
            "C'est un identifiant de Discord, et vous n'avez pas choisi Discord.",
        ),
        ((*TO_ADMIN, "U0ALICE"), "peut-être", "Tapez 1 ou 2."),
        ((*TO_ADMIN, "U0ALICE", "oui"), "/dev/null/copies", "Vigie ne peut pas écrire dans /dev/null/copies"),
        ((*TO_ADMIN, "U0ALICE", "oui"), "/" + "x" * 300, "x. Choisissez un autre dossier."),
        ((*TO_ADMIN, "U0ALICE", "oui"), "copies", "Donnez le chemin entier d'un dossier"),
        (TO_ADMIN, "ursule", "Un nom ou une adresse ne suffit pas."),
    ],
)
@pytest.mark.usefixtures("slack")
async def test_a_wrong_answer_on_slack_is_explained_and_asked_again(
    file: Path, before: tuple[str, ...], typed: str, explained: str
) -> None:
    typist, _ = await answering(file, *before, typed)
    assert explained in typist.said("bad")
    again, _ = await answering(file)
    assert again.last.partition(" ")[2] == typist.last.partition(" ")[2]  # the same question waits


@pytest.mark.parametrize(
    "case",
    [
        (ON_DISCORD, BOT_TOKEN, "Vous avez collé le jeton du robot de Slack. Il faut ici le jeton du robot"),
        (ON_DISCORD, "123456789012345678", "un numéro de Discord, et non un jeton"),
        (ON_DISCORD, "ab" * 32, "la clé publique de Discord"),
        (ON_DISCORD, "abcdefghijklmnopqrstuvwxyz_-0123", "le secret de Discord"),
        (ON_DISCORD, "MTQ1NjA3NDQ0Mzk4MDgwMDAwMQ.revo.que1", "Le jeton du robot est refusé."),
        ((*ON_DISCORD, TOKEN), "1", "Vigie n'est pas dans le serveur qui a ce numéro."),
        ((*ON_DISCORD, TOKEN, ENTER), "1", "Permettez l'intention «\u00a0Server Members\u00a0»"),
        ((*ON_DISCORD, TOKEN, ENTER, "2"), "U0ALICE", "C'est un identifiant de Slack"),
        ((*ON_DISCORD, TOKEN, ENTER, "2"), "99999", "Discord n'a pas pu remettre le message d'essai."),
    ],
)
@pytest.mark.usefixtures("discord", "alice")
async def test_a_wrong_answer_on_discord_is_explained_and_asked_again(
    file: Path, case: tuple[tuple[str, ...], str, str]
) -> None:
    before, typed, explained = case
    typist, _ = await answering(file, *before, typed)
    assert explained in typist.said("bad")
    again, _ = await answering(file)
    assert again.last.partition(" ")[2] == typist.last.partition(" ")[2]


@pytest.mark.parametrize(
    ("typed", "platforms"),
    [
        ("slack et discord", ("slack", "discord")),
        ("Discord, Slack", ("slack", "discord")),
        ("les deux", ("slack", "discord")),
        ("Discord", ("discord",)),
    ],
)
async def test_platforms_are_understood_by_their_names_in_any_order(
    file: Path, typed: str, platforms: tuple[str, ...]
) -> None:
    typist, answers = await answering(file, typed)
    assert answers.platforms() == platforms
    assert not typist.said("bad")


async def test_an_identifier_in_small_letters_is_the_one_that_slack_knows(
    slack: FakeSlack, file: Path
) -> None:
    _, answers = await answering(file, *TO_ADMIN, "u0alice")
    assert answers["VIGIE_ADMINS"] == "slack:T1/U0ALICE"
    assert len(slack.posted["D0ALICE"]) == 1


@pytest.mark.usefixtures("slack")
async def test_enter_alone_keeps_a_token_that_one_goes_back_to(file: Path) -> None:
    typist, answers = await answering(file, *TO_GROUPS, "retour", ENTER, "retour", "retour", ENTER, ENTER)
    assert "Pour garder votre réponse (…ssai), appuyez sur Entrée." in typist.said("text")
    assert "D'où Vigie saura-t-elle" in typist.last
    assert (answers["SLACK_BOT_TOKEN"], answers["SLACK_APP_TOKEN"]) == (BOT_TOKEN, APP_TOKEN)


async def test_a_missing_permission_is_named_and_the_answer_holds_once_it_is_granted(
    slack: FakeSlack, file: Path
) -> None:
    slack.scopes = ",".join(BOT_SCOPES[1:])
    typist, answers = await answering(file, *TO_GROUPS)
    assert f"Il manque à l'application la permission {BOT_SCOPES[0]}." in typist.said("bad")
    assert "SLACK_BOT_TOKEN" not in answers
    slack.scopes = ",".join(BOT_SCOPES)
    _, answers = await answering(file, BOT_TOKEN)
    assert answers["SLACK_BOT_TOKEN"] == BOT_TOKEN


async def test_the_token_of_another_workspace_is_refused_unless_one_goes_back_to_change(
    slack: FakeSlack, file: Path
) -> None:
    await answering(file, *TO_GROUPS)
    slack.team = "T2"
    typist, answers = await answering(file, BOT_TOKEN)
    assert typist.said("bad").count("celui de l'espace T2, pas de l'espace de votre association") == 2
    assert "tapez «\u00a0retour\u00a0»" in typist.said("bad")
    assert answers["VIGIE_SLACK_EQUIPE"] == "T1"
    typist, answers = await answering(file, "retour", APP_TOKEN)
    assert "dans l'espace «\u00a0T2\u00a0»" in typist.said("good")
    assert answers["VIGIE_SLACK_EQUIPE"] == "T2"


async def test_the_wrong_workspace_is_named_and_left_by_going_back(slack: FakeSlack, file: Path) -> None:
    slack.team = "T2"

    def installed_elsewhere() -> str:
        slack.team = "T1"
        return BOT_TOKEN

    typist, answers = await answering(file, *TO_GROUPS, "retour", installed_elsewhere)
    assert "dans l'espace «\u00a0T2\u00a0»" in typist.said("good")
    assert "Si ce n'est pas l'espace de votre association, tapez «\u00a0retour\u00a0»." in typist.said("note")
    assert answers["VIGIE_SLACK_EQUIPE"] == "T1"


async def test_a_server_is_waited_for_then_chosen_among_several(
    discord: DiscordServer, alice: Person, file: Path
) -> None:
    own = alice.guild.id
    discord.expel(own)

    def invited_in_two() -> str:
        discord.invite(own)
        discord.backend.create_guild("Ailleurs")
        return ENTER

    typist, answers = await answering(file, *ON_DISCORD, TOKEN, ENTER, invited_in_two, "AGE")
    assert "Vigie n'est encore dans aucun serveur." in typist.said("bad")
    assert "Lequel est celui de l'association?" in typist.said("note")
    assert "2. Ailleurs" in typist.said("step")
    assert answers["VIGIE_DISCORD_SERVEUR"] == str(own)


@pytest.mark.usefixtures("alice")
async def test_a_group_is_followed_only_with_the_permission_for_it(
    slack: FakeSlack, discord: DiscordServer, file: Path
) -> None:
    both = ("3", *TO_GROUPS[1:], TOKEN, ENTER)

    def granted() -> str:
        slack.scopes = ",".join((*BOT_SCOPES, "groups:read"))
        return "un canal privé de Slack"

    typist, answers = await answering(file, *both, "1", "3", granted)
    assert "Server Members" in typist.said("bad")
    assert "en l'accordant" in typist.said("bad")
    assert answers["groupes"] == "slack_channel"
    assert "/vigie membres" in typist.said("good")
    discord.flags = 1 << 15
    _, answers = await answering(file, "retour", "1")
    assert answers["groupes"] == "discord_role"


async def test_an_administrator_whom_slack_does_not_know_or_who_received_nothing_is_asked_again(
    slack: FakeSlack, file: Path
) -> None:
    slack.fail("conversations.open", "user_not_found")
    typist, answers = await answering(file, *TO_ADMIN, "U0INCONNU")
    assert "Slack n'a pas pu remettre le message d'essai. Vérifiez l'identifiant" in typist.said("bad")
    assert "VIGIE_ADMINS" not in answers
    typist, answers = await answering(file, "U0BOB", "non", "https://age.slack.com/team/U0ALICE", "o")
    assert "l'identifiant est peut-être celui de quelqu'un d'autre" in typist.said("bad")
    assert (answers["VIGIE_ADMINS"], answers["essai"]) == ("slack:T1/U0ALICE", "oui")
    assert [len(slack.posted[channel]) for channel in ("D0BOB", "D0ALICE")] == [1, 1]


async def test_a_message_that_vigie_cannot_find_again_is_said_as_the_diagnostic_says_it(
    slack: FakeSlack, file: Path
) -> None:
    slack.hides_metadata = True
    typist, _ = await answering(file, *TO_ADMIN, "U0ALICE")
    assert "metadata.message:read" in typist.said("bad")


@pytest.mark.usefixtures("slack")
async def test_without_the_network_the_question_waits(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SLACK_API_URL", "http://127.0.0.1:9/api")
    typist, _ = await answering(file, *TO_BOT_TOKEN)
    assert "Vérifiez l'accès à Internet" in typist.said("bad")
    assert "jeton de l'application" in typist.last


@pytest.mark.parametrize(
    "pasted",
    [
        f"  {BOT_TOKEN}\t",
        f"'{BOT_TOKEN}'",
        f"SLACK_BOT_TOKEN={BOT_TOKEN}",
        f"«\u00a0{BOT_TOKEN}\u00a0»",
        f"\u200b{BOT_TOKEN}\ufeff",
        f"\x1b[200~{BOT_TOKEN}".replace("[200~", ""),
    ],
)
@pytest.mark.usefixtures("slack")
async def test_what_comes_along_with_a_token_is_left_out(file: Path, pasted: str) -> None:
    _, answers = await answering(file, *TO_BOT_TOKEN, pasted)
    assert answers["SLACK_BOT_TOKEN"] == BOT_TOKEN


@pytest.mark.usefixtures("slack")
async def test_every_question_says_why_it_is_asked(file: Path) -> None:
    typed = ["?", "aide"]
    for line in (*TO_ADMIN, "U0ALICE", "oui"):
        typed += [line, "?"]
    typist, answers = await answering(file, *typed)
    assert len(set(typist.said("note").splitlines())) >= 9
    assert "essai" in answers


@pytest.mark.usefixtures("slack")
async def test_the_manifest_is_in_a_file_and_shown_on_request(file: Path) -> None:
    typist, _ = await answering(file, "1", "AGE UQTR", "voir", "quoi")
    assert typist.said("copy") == MANIFEST
    assert text_of(file.with_name("manifeste-slack.json")) == MANIFEST
    assert str(file.parent / "manifeste-slack.json") in typist.said("step")
    assert "«\u00a0voir\u00a0»" in typist.said("bad")


@pytest.mark.usefixtures("slack")
async def test_a_name_keeps_its_words_apart_whatever_was_pasted(file: Path) -> None:
    _, answers = await answering(file, "1", " AGE\u00a0 UQTR\x07\t")
    assert answers["VIGIE_ASSOCIATION"] == "AGE UQTR"
    typist, answers = await answering(file, "retour", "x" * 81, "3")
    assert "80 caractères au plus" in typist.said("bad")
    assert "Il faut un nom, avec des lettres" in typist.said("bad")
    assert answers["VIGIE_ASSOCIATION"] == "AGE UQTR"


@pytest.mark.usefixtures("slack")
async def test_signed_http_that_someone_set_by_hand_needs_no_application_token(file: Path) -> None:
    write(file, f"SLACK_BOT_TOKEN={BOT_TOKEN}\nSLACK_SIGNING_SECRET=secret\n")
    typist, _ = await answering(file, "AGE")
    assert "D'où Vigie saura-t-elle" in typist.last


@pytest.mark.usefixtures("slack", "discord")
async def test_a_platform_that_is_left_loses_its_token_and_one_added_by_hand_is_asked_about(
    alice: Person, file: Path
) -> None:
    await answering(file, *TO_GROUPS)
    write(file, text_of(file) + f"DISCORD_TOKEN={TOKEN}\nSLACK_SIGNING_SECRET=secret-de-slack\n")
    typist, answers = await answering(file, ENTER)
    assert answers.platforms() == ("slack", "discord")
    assert answers["VIGIE_DISCORD_SERVEUR"] == str(alice.guild.id)
    back = ["retour"] * 7
    typist, answers = await answering(file, *back, "2")
    assert "Le jeton de Slack est retiré" in typist.said("note")
    assert BOT_TOKEN not in text_of(file)
    assert APP_TOKEN not in text_of(file)
    assert "secret-de-slack" not in text_of(file)
    assert answers["DISCORD_TOKEN"] == TOKEN


@pytest.mark.usefixtures("slack")
async def test_one_may_also_stop_with_a_word(file: Path) -> None:
    typist, answers = await answering(file, "1", "Arrêter", "AGE")
    assert answers["VIGIE_ASSOCIATION"] == ""
    assert len(typist.secrets) == 2


@pytest.mark.usefixtures("slack", "discord")
async def test_a_machine_whose_clock_is_wrong_is_told_at_the_end_not_blamed_on_a_token(
    alice: Person, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(checks, "system_clock", lambda: system_clock() + timedelta(hours=1))
    _, answers = await answering(file, "3", *TO_GROUPS[1:], TOKEN, ENTER)
    assert answers["SLACK_BOT_TOKEN"] == BOT_TOKEN
    assert answers["VIGIE_DISCORD_SERVEUR"] == str(alice.guild.id)


def test_a_folder_on_another_disk_needs_no_warning_and_one_that_is_full_is_refused(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    answers = answers_in(file)
    beside = checks.check_copies("./copies", answers)
    assert isinstance(beside, Accepted)
    assert "C'est le disque où Vigie garde déjà tout" in beside.notes[0]
    with TemporaryDirectory(dir="/dev/shm") as elsewhere:
        apart = checks.check_copies(elsewhere, answers)
    assert isinstance(apart, Accepted)
    assert not apart.notes
    monkeypatch.setattr(shutil, "disk_usage", lambda _: Usage(10**9, 10**9, 10**6))
    monkeypatch.setenv("STATE_DIRECTORY", str(file.parent))
    answers.launch = replace(answers.launch, service="vigie")
    outside = checks.check_copies(elsewhere, answers)
    assert isinstance(outside, Refused)
    assert "Le service n'écrit que dans" in outside.text
    full = checks.check_copies("./copies", answers)
    assert isinstance(full, Refused)
    assert "presque plus de place" in full.text


class Usage(NamedTuple):
    total: int
    used: int
    free: int


@pytest.mark.usefixtures("slack")
@pytest.mark.parametrize("cut", ["xapp-", "xapp-1-é", "xapp-1…", "xapp-1/2"])
async def test_a_token_that_was_cut_is_refused_before_slack_is_asked(file: Path, cut: str) -> None:
    typist, answers = await answering(file, "1", "AGE", ENTER, cut, APP_TOKEN, cut.replace("xapp", "xoxb"))
    assert typist.said("bad").count("est incomplet, ou contient un signe de trop. Copiez-le de nouveau.") == 2
    assert answers["SLACK_APP_TOKEN"] == APP_TOKEN
    assert "SLACK_BOT_TOKEN" not in answers
