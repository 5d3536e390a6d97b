"""The site of docs/: the pages that are made from the program, and how the whole is built."""
