"""Cutting, where every pixel is visited."""
