"""What stands still is said above the numbers."""

from datetime import datetime

from components.still import standing_still
from components.words import Words
from metrics.snapshot import Frozen

NOON = datetime(2026, 3, 18, 12)


def test_an_entity_that_stands_still_is_named_with_its_time():
    said = str(standing_still([Frozen("visit", datetime(2026, 3, 18, 10, 42), "gone")], Words("zh"), NOON))
    assert "到访数据停在10:42" in said


def test_nothing_is_said_while_all_is_fresh():
    assert standing_still([], Words("zh"), NOON) is None
