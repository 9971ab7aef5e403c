"""What every page shares: headers, errors, French wording."""

from flask import Flask

from openmap.web import assets, errors, french, headers, requests


def init_app(app: Flask) -> None:
    """Install the shared behaviour of pages on ``app``."""
    app.jinja_env.trim_blocks = True
    app.jinja_env.lstrip_blocks = True
    assets.init_app(app)
    french.init_app(app)
    headers.init_app(app)
    errors.init_app(app)
    requests.init_app(app)
