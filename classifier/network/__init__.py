"""CharNet, which says of each candidate which character it is, and the batches it is fed."""
