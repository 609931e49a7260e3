"""What is done at a site: operations, incisions, plans, and their notation."""
