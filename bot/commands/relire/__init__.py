"""`/vigie relire`: review of the drafts guessed from a policy's text, one at a time."""
