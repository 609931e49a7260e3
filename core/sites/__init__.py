"""Where an incision is made: hook points, sites and token selections. Pure values."""
