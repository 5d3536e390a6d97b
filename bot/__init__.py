"""Vigie, a bot that helps a student association's members know and follow its policy."""

__version__ = "0.9.0"
