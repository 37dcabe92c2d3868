"""How the page for people looks: light and dark as the reader's system is, narrow and wide as the window is."""

from typing import Final

__all__ = ("STYLE",)

STYLE: Final = """
:root {
  color-scheme: light dark;
  --page: #fbfbfa; --card: #fff; --ink: #1c2024; --soft: #60646c; --line: #e4e4e0; --code: #f2f1ee; --accent: #3451b2;
  --get: #18794e; --post: #3451b2; --delete: #b4232c;
}
@media (prefers-color-scheme: dark) {
  :root {
    --page: #111214; --card: #18191c; --ink: #edeef0; --soft: #a0a4ab; --line: #2c2e33; --code: #212327; --accent: #9eb1ff;
    --get: #4cc38a; --post: #9eb1ff; --delete: #ff9592;
  }
}
* { box-sizing: border-box; }
html { scroll-behavior: smooth; scroll-padding-top: 1rem; }
body {
  margin: 0; display: grid; grid-template-columns: 17rem minmax(0, 1fr); background: var(--page); color: var(--ink);
  font: 16px/1.55 system-ui, -apple-system, "Segoe UI", Roboto, sans-serif;
}
nav {
  position: sticky; top: 0; height: 100vh; overflow-y: auto; padding: 1.5rem 1.25rem; border-right: 1px solid var(--line);
  font-size: .82rem;
}
nav .home { font-weight: 700; font-size: 1.05rem; color: var(--ink); }
nav h2 { margin: 1.4rem 0 .3rem; font-size: .72rem; letter-spacing: .06em; text-transform: uppercase; color: var(--soft); }
nav ul { list-style: none; margin: 0; padding: 0; }
nav li a { display: block; padding: .18rem 0; color: var(--ink); overflow-wrap: anywhere; }
nav .method { font-size: .6rem; min-width: 3rem; padding: .05rem .25rem; }
main { padding: 2.5rem clamp(1rem, 4vw, 3.5rem) 6rem; max-width: 62rem; }
h1 { margin: 0 0 .5rem; font-size: 2rem; letter-spacing: -.02em; }
h1 small { font-size: .9rem; font-weight: 500; color: var(--soft); letter-spacing: 0; }
section > h2 { margin: 3rem 0 1rem; font-size: 1.15rem; color: var(--soft); font-weight: 600; }
article {
  margin: 0 0 1.25rem; padding: 1.25rem 1.5rem; background: var(--card); border: 1px solid var(--line); border-radius: .75rem;
}
h3 { margin: 0; font-size: 1.15rem; }
h4 { margin: 1.4rem 0 .4rem; font-size: .85rem; color: var(--soft); font-weight: 600; }
details { margin: 1rem 0 0; }
summary { cursor: pointer; font-size: .85rem; font-weight: 600; color: var(--soft); }
summary:hover { color: var(--accent); }
details[open] summary { margin-bottom: .4rem; }
p { margin: .6rem 0; }
a { color: var(--accent); text-decoration: none; }
a:hover { text-decoration: underline; }
a:focus-visible { outline: 2px solid var(--accent); outline-offset: 2px; }
code, pre { font-family: ui-monospace, SFMono-Regular, Menlo, Consolas, monospace; font-size: .86em; }
code { padding: .1em .3em; background: var(--code); border-radius: .3em; overflow-wrap: anywhere; }
pre { margin: .7rem 0; padding: .85rem 1rem; background: var(--code); border-radius: .5rem; overflow-x: auto; line-height: 1.5; }
.address { margin: .5rem 0; }
.address code { background: none; padding: 0; font-size: .95em; }
.also { font-size: .85rem; color: var(--soft); }
.method {
  display: inline-block; min-width: 3.6rem; margin-right: .35rem; padding: .1rem .4rem; border: 1px solid currentColor;
  border-radius: .35rem; font: 600 .7rem/1.4 ui-monospace, monospace; text-align: center; color: var(--post);
}
.method.get { color: var(--get); }
.method.delete { color: var(--delete); }
.type, .note { font-size: .78rem; color: var(--soft); margin-left: .35rem; }
.note { padding: .05rem .4rem; border: 1px solid var(--line); border-radius: 1rem; }
.status { margin-left: .25rem; font: .82rem ui-monospace, monospace; }
.answers { margin-top: 1.2rem; font-size: .92rem; }
dl { margin: 0; border-top: 1px solid var(--line); }
dl > div {
  display: grid; grid-template-columns: minmax(0, 2fr) minmax(0, 3fr); gap: 1rem; padding: .45rem 0;
  border-bottom: 1px solid var(--line); font-size: .92rem;
}
dt, dd { margin: 0; }
dd { color: var(--soft); }
@media (max-width: 52rem) {
  body { display: block; }
  nav { position: static; height: auto; border-right: 0; border-bottom: 1px solid var(--line); columns: 2; }
  nav h2 { break-after: avoid; }
  nav ul { break-inside: avoid; }
  main { padding-top: 1.5rem; }
  article { padding: 1rem; }
  dl > div { grid-template-columns: 1fr; gap: .1rem; }
}
"""
