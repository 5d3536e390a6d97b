"""The database tables, one file for each room that owns some."""
