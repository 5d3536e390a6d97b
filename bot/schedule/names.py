"""The names of tasks and errands, as the rows of `due_tasks` hold them.

A row outlives the program that wrote it, so a name never changes. They are here, apart from what they run, so
that the clock knows them without importing every room.
"""

from typing import Final

RETENTION: Final = "retention"  # destroys what was kept long enough
INCIDENTS: Final = "registre"  # destroys the confidentiality incidents that were kept long enough
REMIND: Final = "accueil"  # welcomes, reminds, and announces revisions, each day
LIMITS: Final = "signalements-limites"  # tells the administration which limits on reports were reached
PERMISSIONS: Final = "demandes"  # reminds those who decide on requests, and ends permissions on their day
ANNOUNCE: Final = "revision"  # puts a revision in force on its day
AHEAD: Final = "revision-a-venir"  # tells of a revision before its day, or that it is withdrawn since
FIGURES: Final = "tableau"  # counts the months and years that are over
REPORT: Final = "rapport-du-mois"  # queues the reports of the months that are over

# Errands
COPY: Final = "copie"
HOURLY_COPY: Final = "copie-heure"
PURGE: Final = "purge"
RECONCILE: Final = "appartenance"  # reads every source of members in full
PROGRESS: Final = "accueil-image"  # draws the progress picture
CURVE: Final = "revision-image"  # draws the curve of who has read a revision
LEARN: Final = "apprendre"  # trains models for the texts in force and the scheduled ones
RETRAIN: Final = "reentrainer"  # trains a model on a bank that the administration added to
ADVANCE: Final = "attestations"  # records the end of the register
DIGEST: Final = "signalements-bilan"  # sends the week's figures of reports
PUBLISH: Final = "publication"  # makes the public site, if it is to be made
WATCH: Final = "source"  # looks at the source of the texts, if the settings name one
CASE: Final = "signalement-dossier"  # makes the PDF of a case
