"""Discord, through its gateway."""
