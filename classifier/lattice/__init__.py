"""The search over candidate characters: sums, best paths, most probable texts, and which texts may be read."""
