"""Commands that are killed, in the short form; `make chaos` has the long one.

`solve` is killed in tests/console/test_resume.py and training in tests/learning/test_training.py.
"""

import re

import pytest

from tests.running import script


@pytest.mark.process
def test_no_answer_is_lost_where_the_label_server_is_killed() -> None:
    result = script("chaos", "--kills", "3", "--only", "label")
    assert result.code == 0, result.err
    assert re.match(r"label: killed 3 times, all of \d+ answers that were acknowledged are there, once", result.out)
