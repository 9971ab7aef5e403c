"""The WSGI entry point: ``gunicorn wsgi:app``."""

from openmap import create_app

app = create_app()
