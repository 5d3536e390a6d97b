"""Examination of a text before it is published, and review of the checks."""
