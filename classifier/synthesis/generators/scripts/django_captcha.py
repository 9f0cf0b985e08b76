"""Draws with django-simple-captcha: a JSON request a line in, four bytes of length (big-endian) and a PNG out."""

import json
import random
import struct
import sys
from types import SimpleNamespace

import django
from django.conf import settings

settings.configure(INSTALLED_APPS=["captcha"], DEFAULT_CHARSET="utf-8")
django.setup()

from captcha.conf import settings as options  # noqa: E402  (after Django's own setup)
from captcha.views import _captcha_image  # noqa: E402

for line in sys.stdin:
    ask = json.loads(line)
    for name, value in ask["options"].items():
        setattr(options, f"CAPTCHA_{name}", value)
    random.seed(ask["seed"])
    image = _captcha_image(SimpleNamespace(challenge=ask["text"]), 1).content
    sys.stdout.buffer.write(struct.pack(">I", len(image)) + image)
    sys.stdout.buffer.flush()
