"""What a setting may be, the file that holds them, and where it and what Vigie keeps are.

In: the text of a settings file, the environment that a service manager or a person has. Out: values, paths,
and one French line for each mistake. `bot.settings` puts them together.
"""
