"""What a WSGI server loads: `wsgi:app`."""

from flowbuilder.app import create_app

app = create_app()
