"""A clock that tests move on."""

from __future__ import annotations

import pytest


class Clock:
    """Seconds that pass when a test says so."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now = 1000.0
        for module in ("deadline", "schedule", "learning_curve"):
            monkeypatch.setattr(f"kerf.classifier.learning.{module}.monotonic", lambda: self.now)

    def pass_by(self, seconds: float) -> None:
        """Let time pass."""
        self.now += seconds
