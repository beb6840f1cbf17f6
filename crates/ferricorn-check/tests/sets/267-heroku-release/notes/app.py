from fastapi import FastAPI

api = FastAPI()


@api.get("/")
def index() -> str:
    return "notes"
