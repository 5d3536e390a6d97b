"""`/signalement`: filing a report, and coming back to it with its code."""
