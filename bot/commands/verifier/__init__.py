"""`/verifier`: examines a text before it is published, with the checks that policies ask for."""
