"""The daily look at the source of the texts."""
