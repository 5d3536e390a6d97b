"""`vigie installer`: the questions of an installation, asked one at a time in the terminal.

In: what a person types. Out: the settings file, written as each answer is accepted. The questions are data
(`questions.py`), their answers are checked as the diagnostic does (`checks.py`), the conversation knows no
terminal (`interview.py`), and the terminal knows no question (`terminal.py`).
"""
