"""From the board's file (Word, PDF, text) to a version's text, and what to look at in it."""
