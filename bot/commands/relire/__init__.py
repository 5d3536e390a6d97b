"""`/vigie relire`: review of drafts, such as questions and subjects, that are guessed from a policy."""
