import pytest

from hhexp.display.durations import format_duration


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (-1, "0 s"),
        (0.4, "0 s"),
        (40, "40 s"),
        (59.6, "1 min"),
        (95, "1 min 35 s"),
        (305, "5 min 05 s"),
        (599.7, "10 min"),
        (725, "12 min"),
        (3599, "1 h 00 min"),
        (3900, "1 h 05 min"),
        (93_600, "26 h 00 min"),
    ],
)
def test_durations_are_said_as_people_do(seconds, said):
    assert format_duration(seconds) == said
