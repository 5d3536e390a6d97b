"""`/accueil`: where one stands, page by page; and the same for the whole team."""
