"""What an application may do in its first step, which the native protocol runs while it reads (from Python 3.12 on)."""

from __future__ import annotations

import asyncio
import contextvars
import sys
import weakref
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any

Receive = Callable[[], Coroutine[Any, Any, dict[str, Any]]]
Thing = Callable[[Receive], Awaitable[bool]]

THINGS: dict[str, Thing] = {}
"""By name: whether it went as it does in any task."""

seen: set[str] = set()
"""What has happened after a response."""

_variable: contextvars.ContextVar[int] = contextvars.ContextVar("variable", default=0)
_lock = asyncio.Lock()


def thing(done: Thing) -> Thing:
    """One more of them."""
    THINGS[done.__name__] = done
    return done


def me() -> asyncio.Task[Any]:
    """The task that runs."""
    task = asyncio.current_task()
    assert task is not None
    return task


@thing
async def it_has_a_task(_receive: Receive) -> bool:
    return me() is me() and me().get_loop() is asyncio.get_running_loop() and not me().done()


@thing
async def its_task_stays_the_same(_receive: Receive) -> bool:
    before = me()
    await asyncio.sleep(0)
    return me() is before


@thing
async def its_task_is_among_all_tasks(_receive: Receive) -> bool:
    return me() in asyncio.all_tasks()


@thing
async def its_task_has_a_name(_receive: Receive) -> bool:
    named = isinstance(me().get_name(), str)
    me().set_name("mine")
    return named and me().get_name() == "mine"


@thing
async def its_task_has_a_coroutine_and_a_stack(_receive: Receive) -> bool:
    return me().get_coro() is not None and isinstance(me().get_stack(), list) and bool(repr(me()))


@thing
async def its_task_can_be_a_key_and_a_weak_reference(_receive: Receive) -> bool:
    return {me(): 1}[me()] == 1 and weakref.ref(me())() is me()


@thing
async def it_cancels_itself(_receive: Receive) -> bool:
    me().cancel()
    try:
        await asyncio.sleep(60)
    except asyncio.CancelledError:
        return sys.version_info < (3, 11) or me().uncancel() == 0
    return False


@thing
async def another_task_cancels_it(_receive: Receive) -> bool:
    asyncio.get_running_loop().call_soon(me().cancel)
    try:
        await asyncio.sleep(60)
    except asyncio.CancelledError:
        return True
    return False


@thing
async def it_waits_with_a_limit(_receive: Receive) -> bool:
    try:
        await asyncio.wait_for(asyncio.sleep(60), 0.01)
    except asyncio.TimeoutError:
        return True
    return False


@thing
async def it_sets_itself_a_limit(_receive: Receive) -> bool:
    if sys.version_info < (3, 11):
        return True
    try:
        async with asyncio.timeout(0.01):
            await asyncio.sleep(60)
    except TimeoutError:
        return True
    return False


@thing
async def it_shields(_receive: Receive) -> bool:
    return await asyncio.shield(asyncio.sleep(0.01, True))


@thing
async def it_gathers(_receive: Receive) -> bool:
    return tuple(await asyncio.gather(asyncio.sleep(0, 1), asyncio.sleep(0.01, 2))) == (1, 2)


@thing
async def a_task_of_its_group_fails(_receive: Receive) -> bool:
    if sys.version_info < (3, 11):
        return True

    async def fail() -> None:
        raise ValueError

    try:
        async with asyncio.TaskGroup() as group:
            group.create_task(fail())
            await asyncio.sleep(60)
    except BaseException as error:
        return type(error).__name__ == "ExceptionGroup" and me().cancelling() == 0
    return False


@thing
async def anyio_limits_it(_receive: Receive) -> bool:
    try:
        import anyio
    except ImportError:
        return True
    with anyio.move_on_after(0.01) as scope:
        await anyio.sleep(60)
    return scope.cancelled_caught


@thing
async def anyio_groups_tasks_and_cancels_them(receive: Receive) -> bool:
    try:
        import anyio
    except ImportError:
        return True
    done = []

    async def note() -> None:
        await asyncio.sleep(0)
        done.append(1)

    async with anyio.create_task_group() as group:
        group.start_soon(note)
        group.start_soon(receive)
    async with anyio.create_task_group() as group:
        group.start_soon(anyio.sleep, 60)
        group.cancel_scope.cancel()
    return done == [1]


@thing
async def it_runs_a_thread(_receive: Receive) -> bool:
    return bool(await asyncio.get_running_loop().run_in_executor(None, lambda: True))


@thing
async def a_task_receives_for_it(receive: Receive) -> bool:
    message = await asyncio.ensure_future(receive())
    return bool(message["type"] == "http.request")


@thing
async def it_waits_for_a_lock(_receive: Receive) -> bool:
    async with _lock:
        waiting = asyncio.ensure_future(_lock.acquire())
        await asyncio.sleep(0)
    await waiting
    _lock.release()
    return not _lock.locked()


@thing
async def variables_are_its_own(_receive: Receive) -> bool:
    before = _variable.get()
    _variable.set(before + 1)
    await asyncio.sleep(0)
    return before == 0 and _variable.get() == 1


@thing
async def variables_of_the_one_before_are_not_seen(_receive: Receive) -> bool:
    return _variable.get() == 0


@thing
async def a_token_resets_its_variable_after_a_pause(_receive: Receive) -> bool:
    token = _variable.set(7)
    await asyncio.sleep(0)
    _variable.reset(token)
    return _variable.get() == 0


@thing
async def it_is_told_of_its_end_at_once(_receive: Receive) -> bool:
    me().add_done_callback(lambda _task: seen.add("end at once"))
    return True


@thing
async def it_is_told_of_its_end_later(_receive: Receive) -> bool:
    me().add_done_callback(lambda _task: seen.add("end later"))
    await asyncio.sleep(0.01)
    return True


@thing
async def a_task_of_its_outlives_it(_receive: Receive) -> bool:
    async def outlive() -> None:
        await asyncio.sleep(0.02)
        seen.add("outlived")

    kept = asyncio.ensure_future(outlive())
    kept.add_done_callback(lambda _task: seen.add("its end"))
    return True


async def app(scope: dict[str, Any], receive: Receive, send: Any) -> None:
    """Does what the path names; `/raise`, `/return` and `/wait` end otherwise, `/seen` tells what has been."""
    if scope["type"] != "http":
        return
    name = scope["path"][1:]
    if name == "raise":
        raise LookupError("as it is to be")
    if name == "return":
        return
    if name == "wait":
        while (await receive())["type"] != "http.disconnect":
            pass
        seen.add("disconnect")
        return
    said = ",".join(sorted(seen)).encode()
    if name != "seen":
        said = b"yes" if await THINGS[name](receive) else b"no"
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"%d" % len(said))]})
    await send({"type": "http.response.body", "body": said})


def with_a_task_factory() -> Any:
    """The application in an event loop whose tasks somebody else makes, as tools that trace do."""
    made: list[str] = []

    def make(loop: asyncio.AbstractEventLoop, coroutine: Any, **how: Any) -> asyncio.Task[Any]:
        made.append(coroutine.__qualname__)
        return asyncio.Task(coroutine, loop=loop, **how)

    async def traced(scope: dict[str, Any], receive: Receive, send: Any) -> None:
        if scope["type"] == "lifespan":
            await receive()
            asyncio.get_running_loop().set_task_factory(make)
            await send({"type": "lifespan.startup.complete"})
            await receive()
            await send({"type": "lifespan.shutdown.complete"})
        elif scope["path"] == "/made":
            said = ",".join(made).encode()
            head = [(b"content-length", b"%d" % len(said))]
            await send({"type": "http.response.start", "status": 200, "headers": head})
            await send({"type": "http.response.body", "body": said})
        else:
            await app(scope, receive, send)

    return traced
