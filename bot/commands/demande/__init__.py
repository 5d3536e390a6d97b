"""`/vigie demande`: requests for a permission or a consent, their answers, and the register."""
