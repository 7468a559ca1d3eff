"""When a folder is due, on a clock that the tests turn by hand."""

import pytest

from engine.watch.rescan_schedule import Periods, RescanSchedule

PERIODS = Periods(quiet_s=2, longest_s=10, rescan_s=600, safety_s=3600, check_s=30)


def test_nothing_happened_nothing_is_due():
    table = RescanSchedule(PERIODS)
    assert not table.take(1e9, live=True)


def test_due_once_it_is_quiet():
    table = RescanSchedule(PERIODS)
    table.note_event(100.0)
    table.note_event(101.5)
    assert table.due_at() == 103.5
    assert not table.take(103.4, live=True)
    assert table.take(103.5, live=True)
    assert not table.take(103.6, live=True)


def test_due_in_the_end_however_noisy_it_is():
    table = RescanSchedule(PERIODS)
    for moment in range(100, 120):
        table.note_event(float(moment))
    assert table.due_at() == 110.0


@pytest.mark.parametrize(("live", "period_s"), [(True, 3600), (False, 600)])
def test_due_from_time_to_time_in_any_case(live, period_s):
    due = []
    for _ in range(50):
        table = RescanSchedule(PERIODS)
        table.plan_rescan(1000.0, live=live)
        due.append(table.due_at() - 1000.0)
        assert table.take(table.due_at(), live=live)
        assert table.due_at() > 1000.0 + 1.4 * period_s  # and again after that
    assert period_s * 0.75 <= min(due) < max(due) <= period_s * 1.25
    assert len(set(due)) > 40  # not all folders at the same moment


def test_an_event_comes_before_a_rescan_and_a_hurry_before_both():
    table = RescanSchedule(PERIODS)
    table.plan_rescan(0.0, live=False)
    table.note_event(5.0)
    assert table.due_at() == 7.0
    table.hurry(5.5)
    assert table.due_at() == 5.5
    assert table.take(5.5, live=False)
    assert table.due_at() > 400


def test_periods_make_sense():
    with pytest.raises(ValueError, match="above 0"):
        Periods(quiet_s=0)
