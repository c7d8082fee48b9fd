"""Guessing passwords: as few are checked as promised, over restarts and nodes, and no answer says whether there is such a person."""

from collections import defaultdict
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from random import Random
from statistics import median
from time import perf_counter

import pytest

from dashboards import _entrance
from data_access.store import passwords
from data_access.store.attempts import PER_ACCOUNT, PER_SOURCE, WINDOW
from data_access.store.links import make_link
from data_access.store.passwords import set_password
from data_access.store.people import add_person
from tests.dashboards.test_accounts import GOOD, post, quick
from tests.dashboards.worlds import Stage, a_stage

__all__ = ["quick"]


def most_within(moments: list[datetime], window: timedelta) -> int:
    """The most moments that lie within one window, wherever it begins."""
    return max((sum(at <= one < at + window for one in moments) for at in moments), default=0)


class Guessers:
    """An attack through two nodes that are restarted now and then; notes which passwords were really checked, and when."""

    def __init__(self, url: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.url, self.folder = url, folder
        self.nodes = [a_stage(folder, url=url), a_stage(folder, url=url)]
        self.now = self.nodes[0].clock.now
        self.checked: dict[str, list[datetime]] = defaultdict(list)
        self.asked_from: dict[str, list[datetime]] = defaultdict(list)
        whose = passwords.whose

        def noted(store: object, name: str, password: str) -> object:
            self.checked[name].append(self.now)
            self.asked_from[self.source].append(self.now)
            return whose(store, name, password)  # type: ignore[arg-type]

        monkeypatch.setattr(_entrance, "whose", noted)

    def guess(self, node: int, name: str, source: str) -> int:
        """One guess; what it was answered."""
        self.source = source
        self.nodes[node].clock.now = self.now
        return post(self.nodes[node].client(), "/sign-in", source=source, name=name, password="wrong").status_code

    def restart(self, node: int) -> None:
        """The node is closed and starts anew."""
        self.nodes[node].store.close()
        self.nodes[node] = a_stage(self.folder, url=self.url)

    def close(self) -> None:
        """Both nodes stop."""
        for node in self.nodes:
            node.store.close()


@pytest.fixture
def guessers(tmp_path: Path, postgresql_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Guessers]:
    """The attack on a site in PostgreSQL."""
    made = Guessers(postgresql_url, tmp_path, monkeypatch)
    yield made
    made.close()


HEAVY = pytest.mark.nightly


@pytest.mark.parametrize(
    ("accounts", "guesses"),
    [(1, 80), (6, 120), pytest.param(1, 10_000, marks=HEAVY), pytest.param(50, 10_000, marks=HEAVY)],
)
def test_ten_checks_per_account_however_many_guess(guessers: Guessers, accounts: int, guesses: int) -> None:
    chance, codes = Random(17), set()
    names = [f"员工{number}" for number in range(accounts)]
    for name in names[::2]:
        set_password(guessers.nodes[0].store, add_person(guessers.nodes[0].store, name, "leader"), GOOD, by="tests", now=guessers.now)  # fmt: skip
    for number in range(guesses):
        source = f"10.0.0.{chance.randrange(100)}"
        codes.add(guessers.guess(number % 2, chance.choice(names), source))
        guessers.now += timedelta(seconds=chance.choice((0, 0, 1, 2)))
        if number % (guesses // 4) == guesses // 8:
            guessers.restart(number % 2)
    assert codes == {401, 429}
    assert max(most_within(at, WINDOW) for at in guessers.checked.values()) == PER_ACCOUNT
    assert max(most_within(at, WINDOW) for at in guessers.asked_from.values()) <= PER_SOURCE
    print(f"{guesses} guesses at {accounts} accounts, {sum(map(len, guessers.checked.values()))} checked")


def test_whom_others_lock_out_comes_in_by_a_link_at_once(guessers: Guessers) -> None:
    leader = guessers.nodes[0].people["leader"]
    for number in range(PER_ACCOUNT + 1):
        code = guessers.guess(0, leader.name, f"10.0.1.{number}")
    assert code == 429
    link = f"/enter/{make_link(guessers.nodes[0].store, leader.id, guessers.now)}"
    assert post(guessers.nodes[1].client(), link, source="10.9.9.9").status_code == 303


def answered(stage: Stage, name: str, source: str) -> tuple[tuple[int, bytes, str], float]:
    """The answer to a wrong password, and the seconds it took."""
    client = stage.client()
    began = perf_counter()
    answer = post(client, "/sign-in", source=source, name=name, password="not the right one")
    seconds = perf_counter() - began
    return (answer.status_code, answer.data, str(sorted(answer.headers))), seconds


@pytest.mark.parametrize("each", [20, pytest.param(2_000, marks=pytest.mark.nightly)])
def test_known_and_unknown_names_get_the_same_bytes(tmp_path: Path, each: int, monkeypatch: pytest.MonkeyPatch) -> None:
    if each > 100:
        monkeypatch.undo()
        monkeypatch.setattr(
            passwords, "_HASHER", passwords.PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)
        )
        monkeypatch.setattr(passwords, "_NOBODY_S", passwords._HASHER.hash("nobody's"))
    stage = a_stage(tmp_path)
    set_password(stage.store, stage.people["leader"], GOOD, by="tests", now=stage.clock.now)
    seconds: dict[str, list[float]] = {"某leader": [], "没有此人": []}
    answers = set()
    for number in range(each):
        for name, times in seconds.items():
            answer, took = answered(stage, name, f"10.{number % 200}.0.1")
            answers.add(answer)
            times.append(took)
        stage.clock.now += WINDOW / 5
    assert len(answers) == 1 and next(iter(answers))[0] == 401
    known, unknown = (median(times) * 1000 for times in seconds.values())
    print(f"median of {each}: known {known:.2f} ms, unknown {unknown:.2f} ms, difference {known - unknown:+.2f} ms")
    stage.store.close()
