"""Reading the policy, taking the quiz, attesting: the course of a new officer or employee.

In: who is an officer or an employee, what they read and answered. Out: what is left to do, reminders,
figures.
"""
