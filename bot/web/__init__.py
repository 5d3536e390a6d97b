"""The web form for reports: no account, no cookie, no script."""
