"""The questions of the quiz, its state machine, their review, export and statistics."""
