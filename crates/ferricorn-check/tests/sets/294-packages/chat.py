from fastapi import FastAPI, WebSocket

app = FastAPI()


@app.websocket("/ws")
async def talk(socket: WebSocket) -> None:
    await socket.accept()
