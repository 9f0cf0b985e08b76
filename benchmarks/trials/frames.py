"""How many texts the bundled model reads of drawn animations, for each rule for frames and each kind of animation.

    python -m benchmarks.trials.frames [COUNT]

COUNT texts a kind, 100 if not given. The captchas are those of ``kerf synth``, without its hardest looks, so that what
is lost is lost by the rule; ``still`` is the captcha itself.
"""

from __future__ import annotations

import sys
from collections import Counter
from typing import get_args

import numpy as np

from kerf.classifier.recognizer import Recognizer
from kerf.classifier.synthesis import synthesize
from kerf.classifier.synthesis.animations import Animation, animate
from kerf.segmenter.frames import frames_to_image
from kerf.segmenter.load_settings import FrameRule

LOOKS = ("clean", "dots", "gradient", "light-on-dark", "wave", "digits")
SEED = 7  # of the captchas; the rule was chosen on seed 99
RULES = get_args(FrameRule)


def main() -> None:
    """Print a table: a row a kind, a column a rule, and what auto chose."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 100
    recognizer = Recognizer.load(None, "cpu")
    captchas = [c for look in LOOKS for c in synthesize(-(-count // len(LOOKS)), SEED, look)][:count]
    still = sum(recognizer.read(c.image).text == c.text for c in captchas)
    print("kind    ", *(f"{rule:>8}" for rule in RULES), "  auto chose", f"(of {count}; still: {still})")
    for kind in Animation:
        animations = [np.stack(animate(c, kind, np.random.default_rng(i))) for i, c in enumerate(captchas)]
        right, chosen = Counter[str](), Counter[str]()
        for captcha, frames in zip(captchas, animations, strict=True):
            for rule in RULES:
                image, used = frames_to_image(frames, rule)
                right[rule] += recognizer.read(image).text == captcha.text
                chosen[used] += rule == "auto"
        print(f"{kind:8}", *(f"{right[rule]:8}" for rule in RULES), " ", +chosen)


if __name__ == "__main__":
    main()
