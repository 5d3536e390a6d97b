"""`vigie installer`: the questions of an installation, asked one at a time in the terminal.

In: what a person types. Out: the settings file, written as each answer is accepted. `questions.py` lists the
questions. `checks.py` checks the answers as the diagnostic does. `interview.py` asks the questions, through
any terminal. `terminal.py` shows text and reads lines, whatever the questions.
"""
