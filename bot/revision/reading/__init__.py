"""Conversion of the board's file (Word, PDF, text) to a version's text, with findings to review."""
