"""Readings against labels: every figure, computed once."""
