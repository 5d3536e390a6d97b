"""`/vigie`: the menu, and what awaits the person who opens it."""
