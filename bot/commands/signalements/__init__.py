"""`/vigie signalements`: reading and handling the reports that one receives."""
