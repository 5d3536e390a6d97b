"""The quiz: its state machine, and the review, export and statistics of its questions."""
