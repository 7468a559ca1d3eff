"""Indexing waits for people, for mains power and for other programs, and goes on."""

from __future__ import annotations

import pytest

from engine.indexing.pause_control import PauseControl
from engine.jobs import machine
from engine.jobs.machine import ProcessorTimes
from engine.settings import Settings


class Computer:
    """Readings that a test sets; every look comes ten seconds after the last."""

    def __init__(self) -> None:
        self.battery: float | None = None
        self.others = 0.0
        self.own = 0.0
        self._at_s = self._all_s = self._own_s = 0.0

    def monotonic(self) -> float:
        self._at_s += 10
        self._own_s += 10 * self.own * machine.cores()
        self._all_s += 10 * (self.own + self.others) * machine.cores()
        return self._at_s

    def times(self) -> ProcessorTimes:
        return ProcessorTimes(self._at_s, self._all_s, self._own_s)

    def control(self, **settings: int) -> PauseControl:
        return PauseControl(
            lambda: Settings(**settings),
            battery_percent=lambda: self.battery,
            processor_times=self.times,
            monotonic=self.monotonic,
        )


@pytest.fixture
def computer() -> Computer:
    return Computer()


def test_people_pause_and_resume(computer: Computer) -> None:
    control = computer.control()
    assert control.may_start()
    control.pause()
    assert not control.may_start() and control.paused and control.reason == ""
    control.resume()
    assert control.may_start() and not control.paused


def test_a_low_battery_holds_it_until_there_is_mains_power(computer: Computer) -> None:
    control = computer.control(battery_percent=30)
    computer.battery = 31
    assert control.may_start()
    computer.battery = 29
    assert not control.may_start() and "29 %" in control.reason
    computer.battery = None
    assert control.may_start() and control.reason == ""


def test_the_setting_says_how_low(computer: Computer) -> None:
    computer.battery = 1
    assert computer.control(battery_percent=0).may_start()
    computer.battery = 99
    assert not computer.control(battery_percent=100).may_start()


def test_resume_ends_a_hold_until_its_cause_comes_back(computer: Computer) -> None:
    control = computer.control()
    computer.battery = 10
    assert not control.may_start()
    control.resume()
    assert control.may_start() and control.may_start()
    computer.battery = None
    assert control.may_start()
    computer.battery = 10
    assert not control.may_start()


def test_other_programs_hold_it_and_its_own_work_does_not(computer: Computer) -> None:
    control = computer.control(busy_percent=50)
    computer.own = 0.9
    assert control.may_start() and control.may_start()
    computer.own, computer.others = 0.2, 0.7
    assert not control.may_start() and "other programs" in control.reason
    computer.own, computer.others = 0.0, 0.4  # less, but not yet half of the limit
    assert not control.may_start()
    computer.others = 0.2
    assert control.may_start()


def test_nothing_holds_what_was_asked_for(computer: Computer) -> None:
    control = computer.control()
    control.resume(always=True)
    computer.battery = 5
    assert control.may_start()
    control.pause()
    assert not control.may_start()


def test_this_computer_can_be_read() -> None:
    before = machine.processor_times()
    while (after := machine.processor_times()).own_s <= before.own_s:
        sum(i * i for i in range(100_000))
    assert after.at_s > before.at_s and after.all_s >= before.all_s
    percent = machine.battery_percent()
    assert percent is None or 0 <= percent <= 100
