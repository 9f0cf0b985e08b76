"""The search through a lattice, where every candidate is visited."""
