"""Model families, where to find models, and loading them."""
