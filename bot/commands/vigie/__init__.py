"""`/vigie`: the menu, and the list of what awaits the person."""
