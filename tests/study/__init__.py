"""What was tried to answer questions, and what each part adds: `python -m tests.study`."""
