"""Asks the real gunicorn and uvicorn what a command line means: cases in on standard input, answers out, as JSON.

A case is `{"program", "words", "environment", "folder"}`; its answer is `{"settings"}` or `{"refused"}`.
"""

import contextlib
import importlib
import io
import json
import os
import sys


def gunicorn(words):
    """gunicorn's settings by name. Its defaults are read from the environment at import, hence the reload."""
    import gunicorn.app.base
    import gunicorn.app.wsgiapp
    import gunicorn.config
    import gunicorn.util

    for module in (gunicorn.config, gunicorn.app.base, gunicorn.app.wsgiapp):
        importlib.reload(module)
    sys.argv = ["gunicorn", *words]
    app = gunicorn.app.wsgiapp.WSGIApplication("%(prog)s [OPTIONS] [APP_MODULE]", prog="gunicorn")
    app.chdir()
    cfg = app.cfg
    settings = {name: plain(setting.get()) for name, setting in cfg.settings.items()}
    settings["wsgi_app"] = app.app_uri
    settings["bind"] = [address(it) for it in cfg.address]
    settings["raw_env"] = [f"{name}={value}" for name, value in cfg.env.items()]
    return settings


def uvicorn(words):
    """uvicorn's parameters by name, with what its Config makes of the environment."""
    import uvicorn
    from uvicorn.main import main

    context = main.make_context("uvicorn", list(words), auto_envvar_prefix="UVICORN")
    given = context.params
    config = uvicorn.Config(
        given["app"],
        workers=given["workers"],
        env_file=given["env_file"],
        forwarded_allow_ips=given["forwarded_allow_ips"],
        log_config=None,
    )
    settings = {name: plain(value) for name, value in given.items()}
    settings["workers"] = config.workers
    settings["forwarded_allow_ips"] = plain(config.forwarded_allow_ips)
    settings["wsgi_app"] = settings.pop("app")
    if given["fd"] is not None:
        settings["bind"] = [f"fd://{given['fd']}"]
    elif given["uds"]:
        settings["bind"] = [f"unix:{given['uds']}"]
    else:
        settings["bind"] = [address((given["host"], given["port"]))]
    for name in ("host", "port", "uds", "fd"):
        del settings[name]
    return settings


def address(value):
    """An address as ferricorn shows it."""
    if isinstance(value, int):
        return f"fd://{value}"
    if isinstance(value, str):
        return f"unix:{value}"
    host, port = value[0] or "0.0.0.0", value[1]
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def plain(value):
    """A value that JSON knows."""
    if value is None or isinstance(value, (bool, int, float, str)):
        return value
    if isinstance(value, (list, tuple)):
        return [plain(it) for it in value]
    if isinstance(value, dict):
        return {str(name): plain(it) for name, it in value.items()}
    return f"{value.__module__}.{value.__qualname__}" if hasattr(value, "__qualname__") else repr(value)


def answer(case, environment):
    """What the program makes of one case."""
    os.environ.clear()
    os.environ.update(environment)
    os.environ.update(case["environment"])
    os.chdir(case["folder"])
    path, modules = list(sys.path), set(sys.modules)
    output = io.StringIO()
    try:
        with contextlib.redirect_stdout(output), contextlib.redirect_stderr(output):
            return {"settings": (gunicorn if case["program"] == "gunicorn" else uvicorn)(case["words"])}
    except SystemExit as error:
        return {"refused": f"exit {error.code}: {output.getvalue()}"}
    except BaseException as error:
        return {"refused": repr(error)}
    finally:
        sys.path[:] = path
        sys.modules.pop("__config__", None)
        for name in set(sys.modules) - modules:
            if not name.startswith(("gunicorn", "uvicorn", "click", "dotenv")) and name.startswith("shared"):
                del sys.modules[name]


def main():
    """Answers all cases."""
    environment = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    json.dump([answer(case, environment) for case in json.load(sys.stdin)], sys.stdout)


main()
