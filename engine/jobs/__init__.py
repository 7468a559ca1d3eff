"""Background work: cancel tokens, progress, jobs and lanes."""

from engine.jobs.cancel import CancelToken
from engine.jobs.lanes import Job, JobContext, JobState, Lane
from engine.jobs.progress import Progress

__all__ = ["CancelToken", "Job", "JobContext", "JobState", "Lane", "Progress"]
