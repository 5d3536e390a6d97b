"""The quiz's questions, its pure state machine, their review, export and statistics."""
