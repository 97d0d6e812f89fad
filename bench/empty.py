"""An empty Flask view, served by the same server: the floor under every figure."""

from flask import Flask

app = Flask(__name__)


@app.get("/")
def nothing() -> str:
    return "ok"
