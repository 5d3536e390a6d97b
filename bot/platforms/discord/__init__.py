"""Discord, over its gateway."""
