import uvicorn


def main() -> None:
    uvicorn.run("portal.web:app", host="0.0.0.0", port=8000)
