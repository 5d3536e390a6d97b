"""Vigie keeps a student association's policy alive among the people it binds."""

__version__ = "0.1.0"
