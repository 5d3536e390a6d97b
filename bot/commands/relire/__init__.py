"""`/vigie relire`: what was guessed from a policy's text, read one draft at a time."""
