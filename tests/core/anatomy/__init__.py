"""What heads do, measured on models whose heads are known."""
