"""The names of tasks and errands, as the rows of `due_tasks` hold them.

A later version of the bot may read a row, so a name never changes. The names are not beside the functions
that they run, so that the clock does not import every room.
"""

from typing import Final

RETENTION: Final = "retention"  # destroys data whose retention has ended
INCIDENTS: Final = "registre"  # destroys confidentiality incidents whose retention has ended
REMIND: Final = "accueil"  # welcomes, reminds, and announces revisions, each day
# tells the administration which limits on reports were reached
LIMITS: Final = "signalements-limites"
PERMISSIONS: Final = "demandes"  # reminds those who decide on requests, and ends permissions on their day
ANNOUNCE: Final = "revision"  # puts a revision in force on its day
AHEAD: Final = "revision-a-venir"  # announces a revision before its day, or its withdrawal
FIGURES: Final = "tableau"  # counts the months and years that are over
REPORT: Final = "rapport-du-mois"  # queues the reports of the months that are over

# Errands
COPY: Final = "copie"  # makes the nightly copy of the database
HOURLY_COPY: Final = "copie-heure"  # makes a copy each hour
PURGE: Final = "purge"  # erases the bytes of deleted rows from the database file
RECONCILE: Final = "appartenance"  # reads every source of members in full
PROGRESS: Final = "accueil-image"  # draws the progress picture
CURVE: Final = "revision-image"  # draws a revision's curve of attestations
LEARN: Final = "apprendre"  # trains models for the texts in force and the scheduled ones
RETRAIN: Final = "reentrainer"  # trains a model on a bank that the administration added to
ADVANCE: Final = "attestations"  # records the last entries of the register's chains in the folder of keys
DIGEST: Final = "signalements-bilan"  # sends the week's figures on reports
PUBLISH: Final = "publication"  # publishes the site, if the settings give it a folder
WATCH: Final = "source"  # checks the source of the texts for changes, if the settings name one
CASE: Final = "signalement-dossier"  # makes the PDF of a report's case
