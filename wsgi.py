"""The application for any WSGI server: `gunicorn wsgi:app`. OSTIARY_CONFIG names the configuration file."""

from idp.app import serve_factory

app = serve_factory()
