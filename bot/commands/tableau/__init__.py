"""`/tableau`: a month's or a year's figures, for the administration and the recipients of the report."""
