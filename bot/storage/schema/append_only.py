"""Tables whose rows are only added."""


def only_added(table: str) -> tuple[str, str]:
    """Return the statements of the triggers that refuse to change or delete a row of a table.

    Applied migrations contain these statements, so the result for a table must never change.
    """
    return (
        f"""CREATE TRIGGER {table}_are_not_changed BEFORE UPDATE ON {table}
       BEGIN SELECT RAISE(ABORT, '{table} are only added'); END""",
        f"""CREATE TRIGGER {table}_are_not_deleted BEFORE DELETE ON {table}
       BEGIN SELECT RAISE(ABORT, '{table} are only added'); END""",
    )
