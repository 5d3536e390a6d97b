"""The onboarding course of a new officer or employee: read the policy, take the quiz, attest.

In: officers and employees, the pages that they read, their answers to the quiz. Out: welcomes and reminders,
attestations for the register, and everyone's progress as numbers and a picture.
"""
