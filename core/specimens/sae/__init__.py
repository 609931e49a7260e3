"""Sparse autoencoders of the specimens: trained, measured, and shown by what their features fire on."""
