"""The values that settings accept, the settings file, the profile, and the default places of files.

In: the text of a settings file, and the environment. Out: values, paths, and one French line for each
mistake. `bot.settings` reads all of them together.
"""
