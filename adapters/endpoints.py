"""Where a provider's endpoint is: the path of its documentation, after what a deployment says its `base_url` is.

People write a `base_url` with and without the version, and some write the whole address; each of them is meant.
"""

__all__ = ("endpoint",)


def endpoint(base: str, path: str) -> str:
    """`base` with `path` at its end; what the base has of the path's beginning already is not written twice.

    >>> endpoint("https://api.example.com", "/v1/listen"), endpoint("https://eu.example.com/v1", "/v1/listen")
    ('https://api.example.com/v1/listen', 'https://eu.example.com/v1/listen')
    """
    steps = path.split("/")
    there = next((n for n in range(len(steps), 1, -1) if base.endswith("/".join(steps[:n]))), 1)
    return "/".join([base, *steps[there:]])
