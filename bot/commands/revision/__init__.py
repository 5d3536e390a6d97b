"""`/vigie revision`: proposing, approving and following a new text."""
