"""`/vigie signalements`: reading and handling of reports by holders."""
