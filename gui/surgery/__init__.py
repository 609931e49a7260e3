"""The place of work: token strip, head grid, plan list and operation picker."""
