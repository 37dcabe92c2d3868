"""What a caller asks for, made sure of before anything is opened or sent: the route, the language."""

from voxplan.adapters.languages import code_of
from voxplan.engine.router import Router
from voxplan.engine.spelling import listed, suggestion
from voxplan.io_shell.errors import RequestError

__all__ = ("asked_language", "asked_route")


def asked_route(router: Router, route: str | None) -> str:
    """The name of the route: the one asked for, else `default`, else the only one there is."""
    routes = router.routes
    if route is None:
        if "default" not in routes and len(routes) != 1:
            raise RequestError(f"which route? the spec has {listed(routes)}")
        return "default" if "default" in routes else next(iter(routes))
    if route not in routes:
        raise RequestError(f"unknown route `{route}`{suggestion(route, routes)}")
    return route


def asked_language(language: str | None) -> str | None:
    """The code of a language given by code, tag or name; None stays unknown."""
    if language is None:
        return None
    code = code_of(language)
    if code is None:
        raise RequestError(f"unknown language `{language}`: expected a code such as `en` or a name such as `english`")
    return code
