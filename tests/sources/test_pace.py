"""How many requests are under way: never more than the limit, which an overloaded server halves."""

from __future__ import annotations

import threading

from ctaudit.sources.pace import Pace


def test_the_limit_is_halved_and_grows_back_by_one_for_each_round_of_answers() -> None:
    pace = Pace(8)
    pace.slow_down()
    assert pace.limit == 4
    for _ in range(5):  # four answers at four at once, and what rounding takes
        with pace.turn():
            pass
    assert pace.limit == 5
    for _ in range(10):
        pace.slow_down()
    assert pace.limit == 2
    for _ in range(100):
        with pace.turn():
            pass
    assert pace.limit == 8


def test_no_more_are_under_way_than_the_limit_allows() -> None:
    pace, inside, most, lock = Pace(3), 0, 0, threading.Lock()
    hold = threading.Event()

    def work() -> None:
        nonlocal inside, most
        with pace.turn():
            with lock:
                inside += 1
                most = max(most, inside)
            hold.wait(0.02)
            with lock:
                inside -= 1

    threads = [threading.Thread(target=work) for _ in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert most == 3
