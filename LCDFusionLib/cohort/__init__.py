"""Many studies, unattended: planned, looked at, fused on Dask's workers, and summed up."""

from .engine import ClusterLostError, Engine, run_jobs
from .job import Job, Outcome, read_jobs, write_jobs
from .plan import plan_folder
from .plan_page import write_plan_page
from .summary import write_summary

__all__ = [
    "ClusterLostError",
    "Engine",
    "Job",
    "Outcome",
    "plan_folder",
    "read_jobs",
    "run_jobs",
    "write_jobs",
    "write_plan_page",
    "write_summary",
]
