"""Ray, started and stopped so that nobody else notices: no network, no banner, signals as they were."""

from __future__ import annotations

import logging
import os
import signal
import threading
import warnings
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import kerf
from kerf.segmenter.errors import SettingsError, UnforeseenError

if TYPE_CHECKING:
    import pyarrow as pa

RETRIES = 3
"""How often a block is tried again after the actor that had it died."""
ENVIRONMENT = {"RAY_USAGE_STATS_ENABLED": "0", "RAY_BACKEND_LOG_LEVEL": "fatal"}
"""Of Ray: it reports to nobody, and its C++ logs nothing to standard error."""


def check_installed() -> None:
    """Raise SettingsError if Ray is not installed, or something of what Ray Data needs."""
    os.environ.update(ENVIRONMENT)
    try:
        import ray.data  # noqa: F401  # it brings pyarrow
    except ModuleNotFoundError as error:
        raise SettingsError("the engine ray needs Ray Data; pip install 'kerf-captcha[ray]'") from error


@contextmanager
def ray_session() -> Iterator[int]:
    """Join the Ray cluster of this machine, or of ``RAY_ADDRESS``; where there is none, start one of this alone.

    One that this process has joined already is used, and left as it is.

    Yields
    ------
    int
        How many processors the cluster has.

    Raises
    ------
    SettingsError
        If it is not installed, or there is no cluster at that address.
    """
    check_installed()
    import ray

    if ray.is_initialized():
        yield int(ray.cluster_resources()["CPU"])
        return
    handler = signal.getsignal(signal.SIGTERM)
    with importable_kerf():
        try:
            start_ray()
            if threading.current_thread() is threading.main_thread():
                signal.signal(signal.SIGTERM, handler)  # Ray's own would leave without a word
            yield int(ray.cluster_resources()["CPU"])
        finally:
            ray.shutdown()


def start_ray() -> None:
    """Join or start Ray; errors as `ray_session`."""
    import ray

    try:
        with silent_stderr():  # its C++ says there what it will log; what goes wrong is raised
            ray.init(include_dashboard=False, logging_level=logging.CRITICAL, log_to_driver=False)
    except (OSError, RuntimeError, ValueError) as error:
        reason = " ".join(str(error).split())[:300]
        raise SettingsError(f"Ray cannot be started or joined ({reason}); see `ray status`") from error


@contextmanager
def silent_stderr() -> Iterator[None]:
    """Lose what is written to standard error meanwhile, by whatever code."""
    kept, nowhere = os.dup(2), os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 2)
    try:
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
        os.close(nowhere)


@contextmanager
def importable_kerf() -> Iterator[None]:
    """Let processes that are started from here import this very Kerf, also where it is not installed."""
    before = os.environ.get("PYTHONPATH")
    with TemporaryDirectory() as folder:
        (Path(folder) / "kerf").symlink_to(Path(kerf.__file__).resolve().parent)
        os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, [folder, before]))
        try:
            yield
        finally:
            if before is None:
                del os.environ["PYTHONPATH"]
            else:
                os.environ["PYTHONPATH"] = before


def map_on_ray(blocks: Iterable[pa.Table], worker: type, argument: object, actors: int) -> Iterator[dict[str, Any]]:
    """Map blocks of rows by actors, each of which is made as ``worker(argument)``; results come as they are there.

    A block is tried again where its actor died; one that is given up has no result.

    Raises
    ------
    UnforeseenError
        If no actor can be started, or Ray itself stops.
    """
    import ray

    context = ray.data.DataContext.get_current()
    context.enable_progress_bars = False
    context.max_errored_blocks = -1
    logging.getLogger("ray.data").setLevel(logging.CRITICAL)
    refs = [ray.put(block) for block in blocks]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # of max_task_retries, for which there is no other way yet
        done = ray.data.from_arrow_refs(refs).map_batches(
            worker,
            batch_size=None,
            batch_format="pyarrow",
            fn_constructor_args=(argument,),
            compute=ray.data.ActorPoolStrategy(size=min(actors, len(refs)), max_tasks_in_flight_per_actor=1),
            max_task_retries=RETRIES,
        )
    try:
        yield from done.iter_rows()
    except ray.exceptions.RayError as error:
        reason = " ".join(str(error).split())[-300:]
        raise UnforeseenError(f"Ray stopped: {reason}; start again, which goes on after what is done") from error
