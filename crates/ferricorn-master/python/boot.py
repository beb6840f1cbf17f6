"""What a worker runs first: makes the embedded package importable and hands over to it.

The master runs `python -c` with one line that executes this text, which stands before the first NUL of the file that
the package's sources are in.

Owns: reading the sources from a descriptor, the importer that serves them, what `__main__` and `sys.argv` say.
Does not own: anything about uvicorn, the application or the channel beyond one message for a too old Python.
Invariants: this text parses on any Python 3; nothing is imported from the working directory, which `-c` puts
first on the path and where a `json.py` of the user's would be found instead of the standard library's.
"""

import sys

if sys.path and sys.path[0] == "":
    del sys.path[0]

import json
import os
from importlib.machinery import ModuleSpec

PACKAGE = "ferricorn_worker"


def refuse_old_python(channel):
    """Tells the master in one message that this interpreter cannot run a worker."""
    import socket

    text = "Python %d.%d is too old (`%s`)\nhint: ferricorn needs Python 3.10 or newer, see --python" % (
        sys.version_info[0],
        sys.version_info[1],
        sys.executable,
    )
    if sys.argv[3:4] in (["config"], ["rehearsal"]):
        sys.stderr.write(text + "\n")
        sys.exit(1)
    message = {"type": "boot_failed", "stage": "environment", "text": text}
    socket.socket(fileno=channel).send(json.dumps(message).encode())
    sys.exit(1)


def read_sources(descriptor):
    """Reads the whole file by position: its offset is shared with every other worker that reads it now."""
    size = os.fstat(descriptor).st_size
    parts = []
    done = 0
    while done < size:
        part = os.pread(descriptor, size - done, done)
        if not part:
            break
        parts.append(part)
        done += len(part)
    return json.loads(b"".join(parts).partition(b"\0")[2].decode("utf-8"))


class EmbeddedImporter:
    """Finds and loads the modules of the package from their sources in memory."""

    def __init__(self, sources):
        self.sources = {}
        for path, source in sources.items():
            name, _, module = path.rpartition("/")
            is_package = module == "__init__"
            self.sources[(name if is_package else path).replace("/", ".")] = (is_package, source)

    def find_spec(self, name, path=None, target=None):
        """Answers for the package's modules only."""
        if name not in self.sources:
            return None
        # In angle brackets, as `<frozen ...>`: with a path's form the C printer of tracebacks would look for the file's
        # last part on `sys.path`, and show lines of the application's own `main.py`.
        spec = ModuleSpec(name, self, origin="<" + name + ">", is_package=self.sources[name][0])
        spec.has_location = True
        return spec

    def create_module(self, spec):
        """Leaves the creation of the module to the import system."""
        return None

    def exec_module(self, module):
        """Runs the module's source under a name that tracebacks can show."""
        exec(compile(self.get_source(module.__name__), module.__spec__.origin, "exec"), module.__dict__)

    def get_source(self, name):
        """Gives tracebacks their source lines."""
        return self.sources[name][1]


def show_command(command):
    """Makes `__main__` and the command line what they are in a worker of gunicorn's, where applications look.

    Without a file the main module looks like an interactive session, in which python-dotenv looks for `.env` in the
    working directory. With a file but no spec, `multiprocessing` would run the file in the processes that it starts;
    a module that is called `__main__` in a package it does not run.
    """
    main = sys.modules["__main__"]
    main.__file__ = command["argv"][0]
    main.__package__ = "ferricorn"
    main.__spec__ = ModuleSpec("ferricorn.__main__", None, origin=main.__file__)
    sys.argv = command["argv"]
    sys.orig_argv = (command["python"] or [sys.executable, main.__file__]) + sys.argv[1:]


def boot(source, channel):
    """Runs the worker, or a helper that the master asks something, and does not return."""
    os.set_inheritable(source, False)
    os.set_inheritable(channel, False)
    if sys.version_info < (3, 10):
        refuse_old_python(channel)
    content = read_sources(source)
    os.close(source)
    sys.meta_path.insert(0, EmbeddedImporter(content["modules"]))
    extension = content.get("extension")
    if extension is not None:
        os.set_inheritable(extension, False)
    words = sys.argv[3:]
    show_command(content["command"])
    from ferricorn_worker.base import forked

    # Before anything of the user's can fork, and before the function of any other module that is called at a fork.
    forked.watch()
    forked.keep(channel)
    if words[0] in ("config", "hooks", "check") and extension is not None:
        os.close(extension)
    if words[0] == "config":
        from ferricorn_worker.helpers import config_file

        config_file.run(channel, words[1], words[2])
    if words[0] == "hooks":
        from ferricorn_worker.hooks import hook_host

        hook_host.run(channel)
    if words[0] == "rehearsal":
        from ferricorn_worker.helpers import rehearsal

        rehearsal.run(channel)
    if words[0].startswith("template "):
        from ferricorn_worker.preload import template

        template.run(channel, words[1], extension)
    from ferricorn_worker.base import title
    from ferricorn_worker.life import main

    for name in words[1:2]:
        title.show("ferricorn: worker [" + name + "]")
    main.run(channel, extension)


if __name__ == "__main__":
    boot(int(sys.argv[1]), int(sys.argv[2]))
