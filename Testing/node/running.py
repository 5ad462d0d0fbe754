"""A node in a process of its own: a module that a process can name, which a conftest is not where there are several."""

import signal
from functools import partial

from LCDFusionLib.cli.fusion_words import arguments_of
from LCDFusionLib.cohort import Engine
from LCDFusionLib.node import Node, Settings, State, loop
from LCDFusionLib.node.orthanc_log import OrthancLog
from LCDFusionLib.node.query_poll import QueryPoll
from LCDFusionLib.pacs import connect, parse_address


def settings_for(address, options, **more):
    defaults = {"poll": 0.1, "settle": 1.0, "workers": 2, "days": 36500, "options": options, "arguments": arguments_of}
    return Settings(archive=partial(connect, parse_address(address)), **(defaults | more))


def run_node(folder, address, scheduler, options, kill_at=0, more=None):
    """A node until nothing is left to do.

    Args:
        kill_at: kill -9 of this process at the so-manieth writing to its state: odd before it is kept, even after; 0: not.
    """
    loop.FIRST_WAIT = 0.05
    state = State(folder)
    if kill_at:
        writings, commit = 0, state._base

        class Base:
            def execute(self, statement, *values):
                nonlocal writings
                if statement == "COMMIT":
                    writings += 1
                    if kill_at == 2 * writings - 1:
                        signal.raise_signal(signal.SIGKILL)
                    commit.execute(statement)
                    if kill_at == 2 * writings:
                        signal.raise_signal(signal.SIGKILL)
                    return None
                return commit.execute(statement, *values)

            def __getattr__(self, name):
                return getattr(commit, name)

        state._base = Base()
    settings = settings_for(address, options, **(more or {}))
    source = OrthancLog(settings) if settings.archive().__class__.__name__ == "OrthancArchive" else QueryPoll(settings)
    with state.alone():
        Node(state, source, settings, Engine(scheduler=scheduler)).run(everything=True, once=True)
    state.close()
