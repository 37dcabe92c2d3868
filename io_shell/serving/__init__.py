"""The gateway's life as a process: how it listens, reloads, drains and ends (extra `gateway`; all that knows uvicorn).

One worker is one event loop with one gateway. Several are as many processes behind the same socket, with a parent that starts
them, tells them of new specs, and ends them.
"""
