"""Nobody takes the pages away from everybody else by asking too much."""

import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from dashboards._pace import Pace
from tests.dashboards.worlds import Stage, a_stage

NOON = datetime(2026, 3, 2, 4, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


class TestPace:
    """What is counted."""

    def test_a_minute_has_so_many_requests_for_each_caller(self) -> None:
        pace = Pace(3, 9)
        assert [pace.begin("a", NOON) for _ in range(4)] == [True, True, True, False]
        assert pace.begin("b", NOON)
        assert pace.begin("a", NOON + MINUTE)

    def test_so_many_at_once(self) -> None:
        pace = Pace(99, 2)
        assert [pace.begin("a", NOON) for _ in range(3)] == [True, True, False]
        assert pace.begin("b", NOON)
        pace.end("a")
        assert pace.begin("a", NOON)

    def test_no_count_is_lost_between_threads(self) -> None:
        pace, done = Pace(10_000, 8), []

        def ask() -> None:
            for _ in range(500):
                assert pace.begin("a", NOON)
                pace.end("a")
            done.append(True)

        threads = [threading.Thread(target=ask) for _ in range(8)]
        for one in threads:
            one.start()
        for one in threads:
            one.join()
        assert len(done) == 8 and [pace.begin("a", NOON) for _ in range(9)] == [True] * 8 + [False]


class TestSite:
    """What the door does with it."""

    @pytest.fixture
    def slow(self, tmp_path: Path) -> Stage:
        """A site where sixty requests a minute are enough."""
        return a_stage(tmp_path, per_minute=60)

    def test_who_asks_too_much_waits_and_nobody_else(self, slow: Stage) -> None:
        greedy, other = slow.client("leader"), slow.client("head")
        codes = [greedy.get("/live/wall/canteen").status_code for _ in range(62)]
        assert codes == [200] * 60 + [429] * 2
        assert other.get("/live/overview").status_code == 200
        slow.clock.now += MINUTE
        assert greedy.get("/live/overview").status_code == 200

    def test_a_second_browser_of_the_same_person_has_no_minute_of_its_own(self, slow: Stage) -> None:
        for _ in range(60):
            slow.client("leader").get("/live/wall/canteen")
        assert slow.client("leader").get("/live/overview").status_code == 429

    def test_requests_that_fail_are_over_too(self, slow: Stage) -> None:
        client = slow.client("leader")
        assert [client.get(f"/no-such-page/{n}").status_code for n in range(20)] == [404] * 20
