#!/bin/bash
set -e
export PYTHONPATH=/app
if [ "$APP_ENV" = "development" ]; then
    exec uvicorn main:app --reload --host 0.0.0.0
else
    exec gunicorn main:app -k uvicorn.workers.UvicornWorker -b 0.0.0.0:8000 --workers "${WORKERS:-2}"
fi
