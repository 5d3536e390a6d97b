"""The valid values of settings, the settings file, the profile, and the default places of files.

In: the text of a settings file, and the environment. Out: values, paths, and one French line for each
mistake. `bot.settings` puts them together.
"""
