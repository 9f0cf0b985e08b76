"""A page on which people label a folder: the answers, which image is next, learning meanwhile, and the server."""
