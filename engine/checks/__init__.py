"""What can be said about a spec before any request comes: mistakes, sizes, what is never reached."""
