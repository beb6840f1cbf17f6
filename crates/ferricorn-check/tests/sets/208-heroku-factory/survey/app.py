import os

from fastapi import FastAPI
from sqlalchemy import create_engine


def database_url() -> str:
    url = os.environ["DATABASE_URL"]
    return url.replace("postgres://", "postgresql://", 1)


def create_app() -> FastAPI:
    app = FastAPI()
    app.state.engine = create_engine(database_url())

    @app.get("/")
    def index():
        return {}

    return app
