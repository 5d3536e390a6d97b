"""`/tableau`: the figures of a month or a year, for the administration and who receives the report."""
