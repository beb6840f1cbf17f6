"""The Python half of a worker: runs the user's application on uvicorn under a ferricorn master.

Owns: everything inside the worker process. Does not own: listening sockets' life, restarts, decisions.
Invariants: uvicorn is touched only where 0.24 to 0.54 agree (see `server`); nothing here prints a traceback that
the master prints as well.
"""
