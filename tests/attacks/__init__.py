"""`make attaque`: all that is hostile and bounded, in one run; see `__main__`."""
