"""`/signalement`: filing a report, and following it with its code."""
