"""Have a text examined before it is published, and review what is looked for in such texts."""
