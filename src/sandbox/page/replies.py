"""How the page answers: its headers, and a failure in one sentence."""

from http import HTTPStatus

from starlette.responses import HTMLResponse, JSONResponse, Response

from sandbox.page.render import ENVIRONMENT

# Nothing from elsewhere is ever loaded or run, and no inline script or style: message texts are hostile.
CSP = "default-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; object-src 'none'"
HEADERS = {
    "Content-Security-Policy": CSP,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
}


def html(name: str, **values: object) -> Response:
    return HTMLResponse(ENVIRONMENT.get_template(name).render(**values), headers=HEADERS)


def absent(sentence: str) -> Response:
    page = ENVIRONMENT.get_template("absent.html.j2").render(sentence=sentence)
    return HTMLResponse(page, HTTPStatus.NOT_FOUND, headers=HEADERS)


def failed(sentence: str, status: HTTPStatus) -> Response:
    return JSONResponse({"ok": False, "error": sentence}, status, headers=HEADERS)
