"""Running a plan: request, execution, result."""
