"""`/vigie revision`: proposal, approval and follow-up of a new text."""
