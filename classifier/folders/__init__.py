"""Images and labels on disk: finding them, reading labels of every form, splitting, near-duplicates."""
