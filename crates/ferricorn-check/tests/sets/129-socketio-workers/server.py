import socketio

sio = socketio.AsyncServer(async_mode="asgi", cors_allowed_origins="*")
asgi = socketio.ASGIApp(sio)


@sio.event
async def connect(sid, environ):
    print("connect", sid)
