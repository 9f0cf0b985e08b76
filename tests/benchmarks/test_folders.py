"""The benchmark of large folders, in its short form."""

import math
import re

import pytest

from benchmarks.folders import Moment, rate
from tests.running import script


def test_rates_are_of_the_part_that_is_meant() -> None:
    moments = [Moment(seconds=n / 10, rows=n - 1, megabytes=1) for n in range(101)]  # ten a second, then none, then two
    moments += [Moment(15 + n, 100 + 2 * n, 1) for n in range(51)]
    assert rate(moments, 0, 0.1) == pytest.approx(10)
    assert rate(moments, 0.9, 1) == pytest.approx(2)
    assert math.isnan(rate([Moment(1, 0, 1), Moment(2, 9, 1)], 0, 0.1))


@pytest.mark.process
def test_a_folder_is_read_with_its_figures_and_after_kills_to_the_same_rows() -> None:
    result = script("folders", "--images", "300", "--rendered", "20", "--kills", "2", "--jobs", "2")
    assert result.code == 0, result.err
    time, memory, speed, killed = result.out.splitlines()
    assert re.fullmatch(r"300 images, 2 jobs: [\d.]+ s with the start", time)
    peaks = re.fullmatch(r"peak memory (\d+) MB after \d+ images, (\d+) at the end", memory)
    assert peaks
    assert int(peaks[1]) <= int(peaks[2])
    assert re.fullmatch(r"first tenth (\d+|nan) images a second, last tenth (\d+|nan)", speed)
    assert re.fullmatch(r"killed after \d+, \d+ rows and gone on with: the same rows", killed)
