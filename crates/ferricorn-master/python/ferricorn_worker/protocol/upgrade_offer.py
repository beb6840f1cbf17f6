"""An offer to change the protocol that is declined: the request is served as if it had not been made.

Owns: what uvicorn's HTTP/1.1 protocols do with `Upgrade`. Does not own: WebSockets, which go uvicorn's way as before.
Invariants: a request with an offer keeps its body and its connection, and what is pipelined behind it is answered
(RFC 9110, 7.8: a server may ignore an offer); a request without one passes nothing of this; what cannot open a
WebSocket never reaches the library for them, which would take the body for frames or wait for more of a head.

llhttp, the parser of httptools, takes every offer for a change: it stops after the head, skips the body, and never
reads another byte of the connection. Java's HttpClient and Ktor's clients offer h2c with each first request.
"""

from __future__ import annotations

import contextlib
import sys
from typing import Any


def declining(protocol_class: type[Any]) -> type[Any]:
    """A subclass of uvicorn's protocol on httptools or h11 that takes up WebSockets only."""
    return _on_httptools(protocol_class) if protocol_class.__name__ == "HttpToolsProtocol" else _on_h11(protocol_class)


def is_websocket(protocol: Any) -> bool:
    """Whether the request whose head was read offers WebSockets, and the offer is taken up."""
    return protocol.ws_protocol_class is not None and _offers_websocket(protocol)


def _offers_websocket(protocol: Any) -> bool:
    """Whether it may: a GET (RFC 6455, 4.1) of HTTP/1.1 (RFC 9110, 7.8) that has no body."""
    scope = protocol.scope
    if protocol._get_upgrade() != b"websocket" or scope["method"] != "GET" or scope["http_version"] == "1.0":
        return False
    return not any(
        name == b"transfer-encoding" or (name == b"content-length" and value.strip(b" \t0"))
        for name, value in protocol.headers
    )


def _on_h11(protocol_class: type[Any]) -> type[Any]:
    class Declining(protocol_class):  # type: ignore[misc]
        def _should_upgrade(self) -> bool:
            # h11 reads the body itself. uvicorn would only log a warning for each request with an offer.
            return _offers_websocket(self) and bool(super()._should_upgrade())

        def _should_upgrade_to_ws(self, *_upgrade: Any) -> bool:
            # uvicorn 0.24 asks this in its place.
            return _offers_websocket(self) and bool(super()._should_upgrade_to_ws(*_upgrade))

    return Declining


def _on_httptools(protocol_class: type[Any]) -> type[Any]:
    class Declining(protocol_class):  # type: ignore[misc]
        _unread: memoryview | None = None
        """What stands behind the head of the request with the latest offer, while that is read again."""
        _reads_anew = False
        parser: Any

        def _should_upgrade(self) -> bool:
            # Called only for what the parser takes for a change of protocol. Told that it is one, uvicorn does nothing
            # until the parser has stopped behind the head, and then calls `handle_websocket_upgrade`.
            return bool(self.scope["method"] != "CONNECT")

        def _should_upgrade_to_ws(self, *_upgrade: Any) -> bool:
            # uvicorn 0.24 asks this in its place.
            return self._should_upgrade()

        def handle_websocket_upgrade(self) -> None:
            if is_websocket(self):
                super().handle_websocket_upgrade()
                return
            if _offers_websocket(self):
                self._warn_of_missing_library()
            self._unread = _behind_the_head()
            # Requests with offers may be pipelined by the hundred: a loop, where the stack would not suffice.
            if self._reads_anew:
                return
            self._reads_anew = True
            try:
                while self._unread is not None:
                    rest, self._unread = self._unread, None
                    self._read_anew(rest)
            finally:
                self._reads_anew = False

        def _read_anew(self, rest: memoryview) -> None:
            """Reads the head without the offer, and what stands behind it, by a parser that has not stopped."""
            head = [
                f"{self.scope['method']} ".encode(),
                self.url,
                f" HTTP/{self.parser.get_http_version()}\r\n".encode(),
            ]
            headers = self.headers
            for name, value in headers:
                if name != b"upgrade":
                    head += [name, b": ", value, b"\r\n"]
            head.append(b"\r\n")
            self.parser = type(self.parser)(self)
            with contextlib.suppress(AttributeError):
                # As uvicorn does; httptools before 0.6.3 does not have it.
                self.parser.set_dangerous_leniencies(lenient_data_after_close=True)
            self.data_received(b"".join(head))
            # The application sees what the client has sent.
            self.headers[:] = headers
            if rest:
                self.data_received(rest)

        def _warn_of_missing_library(self) -> None:
            warn = getattr(super(), "_unsupported_upgrade_warning", None)
            if warn is not None:
                warn()
            else:
                super()._should_upgrade_to_ws(b"websocket")

    return Declining


def _behind_the_head() -> memoryview:
    """What the parser has left unread.

    The exception that uvicorn's `data_received` has caught shows where that begins, and only the frame of that function
    still holds the bytes. To keep them in an override of it would cost every request what only these few need.
    """
    error = sys.exc_info()[1]
    assert error is not None and error.__traceback__ is not None
    frame = error.__traceback__.tb_frame
    data = frame.f_locals[frame.f_code.co_varnames[1]]
    return memoryview(data)[error.args[0] :]
