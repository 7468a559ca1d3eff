"""When a folder is due, with times given by the tests."""

import pytest

from engine.watch.rescan_schedule import RescanIntervals, RescanSchedule

INTERVALS = RescanIntervals(
    quiet_s=2, max_delay_s=10, unwatched_rescan_s=600, watched_rescan_s=3600, root_check_s=30
)


def test_not_due_without_events():
    schedule = RescanSchedule(INTERVALS)
    assert not schedule.consume_if_due(1e9, live=True)


def test_due_once_it_is_quiet():
    schedule = RescanSchedule(INTERVALS)
    schedule.record_event(100.0)
    schedule.record_event(101.5)
    assert schedule.due_at() == 103.5
    assert not schedule.consume_if_due(103.4, live=True)
    assert schedule.consume_if_due(103.5, live=True)
    assert not schedule.consume_if_due(103.6, live=True)


def test_due_after_the_maximum_delay_despite_further_events():
    schedule = RescanSchedule(INTERVALS)
    for moment in range(100, 120):
        schedule.record_event(float(moment))
    assert schedule.due_at() == 110.0


@pytest.mark.parametrize(("live", "interval_s"), [(True, 3600), (False, 600)])
def test_due_at_intervals_without_events(live, interval_s):
    due = []
    for _ in range(50):
        schedule = RescanSchedule(INTERVALS)
        schedule.plan_rescan(1000.0, live=live)
        due.append(schedule.due_at() - 1000.0)
        assert schedule.consume_if_due(schedule.due_at(), live=live)
        assert schedule.due_at() > 1000.0 + 1.4 * interval_s  # and again after that
    assert interval_s * 0.75 <= min(due) < max(due) <= interval_s * 1.25
    assert len(set(due)) > 40  # not all folders at the same moment


def test_the_earliest_of_event_rescan_and_make_due_counts():
    schedule = RescanSchedule(INTERVALS)
    schedule.plan_rescan(0.0, live=False)
    schedule.record_event(5.0)
    assert schedule.due_at() == 7.0
    schedule.make_due(5.5)
    assert schedule.due_at() == 5.5
    assert schedule.consume_if_due(5.5, live=False)
    assert schedule.due_at() > 400


def test_intervals_must_be_positive():
    with pytest.raises(ValueError, match="above 0"):
        RescanIntervals(quiet_s=0)
