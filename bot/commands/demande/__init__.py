"""Ask a permission or a consent before publishing, answer one, and see the register of those in force."""
