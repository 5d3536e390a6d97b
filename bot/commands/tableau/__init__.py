"""`/tableau`: the figures of a month or a year, for the administration and those who receive the report."""
