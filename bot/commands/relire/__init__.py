"""`/vigie relire`: review of drafts: the questions, subjects and others that are guessed from a policy."""
