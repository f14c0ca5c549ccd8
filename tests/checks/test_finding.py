"""Numbers of a finding, as the report shows them."""

import pytest
import torch

from yolo_feiou.checks.finding import format_numbers, pair_at


@pytest.mark.parametrize(
    ("numbers", "text"),
    [
        (0.25, "0.25"),
        (2 / 3, "0.6667"),
        (1e-9, "1e-09"),
        ((1, -2.0, 3), "(1, -2, 3)"),
        (torch.tensor(0.5), "0.5"),
        (torch.tensor([[1.0, 2 / 3], [float("nan"), 0]]), "((1, 0.6667), (nan, 0))"),
    ],
)
def test_numbers_have_four_digits_and_rows_have_brackets(numbers, text):
    assert format_numbers(numbers) == text


def test_a_pair_is_a_prediction_and_its_target_as_numbers():
    pairs = torch.arange(8.0).reshape(2, 4), torch.arange(8.0, 16).reshape(2, 4)
    assert pair_at(pairs, 1) == ([4, 5, 6, 7], [12, 13, 14, 15])
