"""The questions of an installation, in the order in which they are asked."""

from collections.abc import Mapping, Sequence
from typing import Final

from bot.cli.installer import checks
from bot.cli.installer.answers import Answers
from bot.cli.installer.interview import YES, InstallerQuestion
from bot.configuration.values import listed
from bot.conversation.requests import PLATFORMS
from bot.platforms.discord.commands import client_id, invitation_url
from bot.storage import files

SLACK_APPS: Final = "https://api.slack.com/apps"
DISCORD_APPS: Final = "https://discord.com/developers/applications"
MANIFEST_FILE: Final = "manifeste-slack.json"

_PLATFORMS: Final = {"slack": "Slack", "discord": "Discord", "slack, discord": "Les deux"}
_GROUPS: Final = {
    "discord_role": "Un rôle de Discord",
    "slack_group": "Un groupe d'utilisateurs de Slack (forfait payant)",
    "slack_channel": "Un canal privé de Slack",
    "liste": "Une liste tenue à la main, ou plus tard",
}
_SECRECY: Final = (
    "Un jeton est le mot de passe du robot. Il s'écrit dans votre fichier de réglages, que personne "
    "d'autre ne peut lire, et nulle part ailleurs."
)


def _on_slack(answers: Answers) -> bool:
    return "slack" in answers.platforms()


def _by_socket(answers: Answers) -> bool:
    """Return whether Slack is reached by Socket Mode: only a file written by hand asks for signed HTTP."""
    return _on_slack(answers) and "SLACK_SIGNING_SECRET" not in answers


def _on_discord(answers: Answers) -> bool:
    return "discord" in answers.platforms()


def _needs_manifest(answers: Answers) -> bool:
    return _on_slack(answers) and ("manifeste" in answers or "SLACK_BOT_TOKEN" not in answers)


def _has_no_administration(answers: Answers) -> bool:
    return not answers.administered


def _groups(answers: Answers) -> Mapping[str, str]:
    return {
        kind: label
        for kind, label in _GROUPS.items()
        if kind == "liste" or kind.partition("_")[0] in answers.platforms()
    }


def _manifest_steps(answers: Answers) -> Sequence[str]:
    """Return the steps to create the Slack application, and write its manifest next to the settings file."""
    file = answers.file.absolute().with_name(MANIFEST_FILE)
    files.write_whole(file, answers.manifest(answers.settings()).encode())
    content = f"le contenu de {file}. Si ce fichier est loin de votre navigateur, tapez «\u00a0voir\u00a0»"
    if answers.launch.service:  # the service's folder is not readable by others
        content = "le manifeste. Tapez «\u00a0voir\u00a0»"
    return (
        (
            f"Ouvrez {SLACK_APPS} dans votre navigateur, connectez-vous à l'espace de l'association, puis "
            "choisissez «\u00a0Create New App\u00a0» et «\u00a0From a manifest\u00a0»."
        ),
        (
            "Choisissez l'espace. Sous l'onglet «\u00a0JSON\u00a0», à la place de ce qui est proposé, "
            f"collez {content}\u00a0: il s'affichera ici, à copier."
        ),
        "«\u00a0Next\u00a0», puis «\u00a0Create\u00a0».",
    )


def _app_token_steps(_: Answers) -> Sequence[str]:
    return (
        f"Dans {SLACK_APPS}, ouvrez votre application. La page «\u00a0Basic Information\u00a0» s'affiche.",
        (
            "Plus bas, à «\u00a0App-Level Tokens\u00a0», choisissez «\u00a0Generate Token and "
            "Scopes\u00a0». Donnez un nom, par exemple Vigie, ajoutez «\u00a0connections:write\u00a0», "
            "puis «\u00a0Generate\u00a0»."
        ),
        "Copiez le jeton, qui commence par «\u00a0xapp-\u00a0», et collez-le ici. Il ne s'affichera pas.",
    )


def _slack_token_steps(_: Answers) -> Sequence[str]:
    return (
        (
            "Dans le menu de votre application, choisissez «\u00a0Install App\u00a0», puis «\u00a0Install "
            "to…\u00a0» et «\u00a0Allow\u00a0». Selon votre espace, quelqu'un d'autre doit l'approuver."
        ),
        (
            "Copiez le «\u00a0Bot User OAuth Token\u00a0», qui commence par «\u00a0xoxb-\u00a0», et "
            "collez-le ici. Il ne s'affichera pas."
        ),
    )


def _discord_token_steps(_: Answers) -> Sequence[str]:
    return (
        (
            f"Ouvrez {DISCORD_APPS} dans votre navigateur et connectez-vous. Choisissez «\u00a0New "
            "Application\u00a0», donnez le nom Vigie, puis «\u00a0Create\u00a0»."
        ),
        (
            "À la page «\u00a0Bot\u00a0», choisissez «\u00a0Reset Token\u00a0», copiez le jeton et "
            "collez-le ici. Il ne s'affichera pas."
        ),
    )


def _invitation_steps(answers: Answers) -> Sequence[str]:
    number = client_id(answers["DISCORD_TOKEN"]) or 0
    return (
        f"Ouvrez cette adresse dans votre navigateur\u00a0: {invitation_url(number)}",
        (
            "Choisissez le serveur de l'association, puis «\u00a0Autoriser\u00a0». Il faut le droit de "
            "gérer le serveur."
        ),
    )


def _admin_steps(answers: Answers) -> Sequence[str]:
    """Return one step, which tells where to find a member's identifier on each chosen platform."""
    places = {
        "slack": "Sur Slack\u00a0: votre photo, «\u00a0Profil\u00a0», le menu «\u00a0⋮\u00a0», puis "
        "«\u00a0Copier l'identifiant du membre\u00a0».",
        "discord": "Sur Discord\u00a0: Paramètres, «\u00a0Avancés\u00a0», allumez le «\u00a0Mode "
        "développeur\u00a0». Puis, dans le serveur, un clic droit sur votre nom, «\u00a0Copier "
        "l'identifiant\u00a0».",
    }
    return ("\n".join(places[platform] for platform in answers.platforms()),)


def _accounts(answer: str) -> str:
    accounts = (account.partition(":") for account in listed(answer))
    return ", ".join(
        f"{whole.rpartition('/')[2]}, sur {PLATFORMS[platform]}" for platform, _, whole in accounts
    )


QUESTIONS: Final = (
    InstallerQuestion(
        "plateformes",
        "Plateformes",
        "Où Vigie répondra-t-elle?",
        "C'est là que les gens de l'association se parlent. Vous pourrez ajouter l'autre plus tard, en "
        "relançant cette commande.",
        checks.check_platforms,
        choices=lambda _: _PLATFORMS,
    ),
    InstallerQuestion(
        "VIGIE_ASSOCIATION",
        "Association",
        "Comment s'appelle votre association?",
        "Ce nom est en tête des reçus que Vigie remet. Exemple\u00a0: Association étudiante Rivière.",
        checks.check_association,
    ),
    InstallerQuestion(
        "manifeste",
        "Application de Slack",
        "Créez l'application de Vigie dans Slack, puis appuyez sur Entrée.",
        "Le manifeste décrit Vigie à Slack\u00a0: son nom, ses commandes, ce qu'elle a le droit de faire. "
        "Le coller évite de remplir dix pages.",
        checks.check_manifest,
        steps=_manifest_steps,
        when=_needs_manifest,
        usual="fait",
        shown=lambda _: "créée",
    ),
    InstallerQuestion(
        "SLACK_APP_TOKEN",
        "Jeton de l'application (Slack)",
        "Quel est le jeton de l'application?",
        f"Avec ce jeton, Vigie appelle Slack\u00a0: rien n'est à ouvrir sur votre réseau. {_SECRECY}",
        checks.check_app_token,
        steps=_app_token_steps,
        when=_by_socket,
        secret=True,
        checking="Un instant, Slack vérifie…",
        apart=("VIGIE_SLACK_EQUIPE",),
    ),
    InstallerQuestion(
        "SLACK_BOT_TOKEN",
        "Jeton du robot (Slack)",
        "Quel est le jeton du robot?",
        f"Avec ce jeton, Vigie parle dans votre espace, et dans aucun autre. {_SECRECY}",
        checks.check_slack_token,
        steps=_slack_token_steps,
        when=_on_slack,
        secret=True,
        checking="Un instant, Slack vérifie…",
        apart=("VIGIE_SLACK_EQUIPE",),
    ),
    InstallerQuestion(
        "DISCORD_TOKEN",
        "Jeton du robot (Discord)",
        "Créez l'application de Vigie dans Discord. Quel est le jeton de son robot?",
        f"Avec ce jeton, Vigie parle dans votre serveur, et dans aucun autre. {_SECRECY}",
        checks.check_discord_token,
        steps=_discord_token_steps,
        when=_on_discord,
        secret=True,
        checking="Un instant, Discord vérifie…",
    ),
    InstallerQuestion(
        "VIGIE_DISCORD_SERVEUR",
        "Serveur de Discord",
        "Invitez Vigie dans le serveur, puis appuyez sur Entrée.",
        "Une fois invitée, Vigie voit les canaux où elle a le droit d'être, et ne lit que ce qu'on lui "
        "adresse.",
        checks.check_server,
        steps=_invitation_steps,
        when=_on_discord,
        usual="fait",
        checking="Un instant, Discord vérifie…",
    ),
    InstallerQuestion(
        "groupes",
        "Qui est membre de l'équipe",
        "D'où Vigie saura-t-elle qui doit lire la politique?",
        "Vigie accueille ces personnes, et les prévient quand la politique change. "
        "Si un groupe les réunit déjà, elle peut le suivre.",
        checks.check_groups,
        choices=_groups,
        checking="Un instant, la permission est vérifiée…",
    ),
    InstallerQuestion(
        "VIGIE_ADMINS",
        "Administration",
        "Qui administrera Vigie en premier? Collez l'identifiant d'un compte, sans doute le vôtre.",
        "Cette personne nommera les autres, dans la conversation, avec /vigie roles. Vigie lui écrit tout "
        "de suite, pour vérifier qu'elle le peut.",
        checks.check_admin,
        steps=_admin_steps,
        when=_has_no_administration,
        checking="Un instant, Vigie vous écrit…",
        shown=_accounts,
        apart=("essai",),
    ),
    InstallerQuestion(
        "essai",
        "Message d'essai",
        "Voyez-vous ce message d'essai, dans vos messages privés?",
        "C'est le chemin que prendront les rappels et les avis.",
        checks.check_received,
        choices=lambda _: YES,
        when=_has_no_administration,
    ),
    InstallerQuestion(
        "VIGIE_SAUVEGARDES",
        "Dossier des copies",
        "Où garder les copies de sauvegarde? Entrée pour le dossier proposé, ou tapez-en un autre.",
        "Vigie copie tout chaque heure et chaque nuit, et chiffre ses copies. Le mieux est un autre "
        "disque, ou un dossier que votre machine envoie déjà ailleurs.",
        checks.check_copies,
        steps=lambda answers: (f"Proposé\u00a0: {answers.settings().copies().absolute()}",),
        usual=checks.USUAL,
    ),
    InstallerQuestion(
        "service",
        "Démarrage avec la machine",
        "Vigie démarrera-t-elle avec la machine?",
        "Sinon, vous la démarrez vous-même, et elle s'arrête quand vous fermez le terminal.",
        checks.check_service,
        choices=lambda _: YES,
        when=lambda answers: answers.launch.units is not None,
    ),
)
