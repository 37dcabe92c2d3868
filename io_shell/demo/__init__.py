"""The demo: the main job of voxplan on one real recording, while two providers really fail. `python -m voxplan.io_shell.demo`.

`failing_providers` is an HTTP server on this machine that answers as providers do on a bad day, `showing` runs the spec against
it and prints what happens, `materials` finds the spec and the recording.
"""
