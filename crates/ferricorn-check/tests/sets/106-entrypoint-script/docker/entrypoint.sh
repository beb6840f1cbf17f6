#!/bin/sh
set -e

echo "waiting for the database"
python manage.py migrate --noinput
python manage.py collectstatic --noinput

gunicorn config.asgi:application -k uvicorn.workers.UvicornWorker --bind 0.0.0.0:8000 --workers 2
