"""How fast the engine is, as ratios to what a notebook does on the same machine in the same minute."""
