from fastapi import FastAPI


def create_app():
    app = FastAPI()

    @app.get("/healthz")
    def h():
        return "ok"

    return app
