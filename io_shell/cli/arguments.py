"""From what was typed to an Order. Nothing is read, opened or sent here.

What the grammar of the command line cannot say (a file that does not exist, a route that the spec does not have) is found out
by whoever carries the order out.
"""

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Final, cast, get_args

import typer
from msgspec.structs import replace

from voxplan import __version__
from voxplan.engine.terms.request import AudioFacts, Options, ResponseFormat
from voxplan.io_shell.cli import guide, options
from voxplan.io_shell.cli.access_lines import LogForm
from voxplan.io_shell.cli.orders import (
    Check,
    Compare,
    CreateKey,
    ImportLitellm,
    ListKeys,
    Order,
    RevokeKey,
    RunTests,
    Serve,
    ShowCapabilities,
    ShowPlan,
    ShowProviders,
    ShowSchema,
    Transcribe,
    Way,
)
from voxplan.io_shell.cli.streams import writing

__all__ = ("UsageError", "parse")

_QUOTED: Final = re.compile(r"'([^']*)'")


class UsageError(Exception):
    """What was typed is no command line of ours; one line says why."""


def parse(arguments: Sequence[str]) -> Order | int:
    """The order that `arguments` give; an exit code when help or the version was asked for, and has been printed."""
    try:
        with writing():
            parsed: object = _APP(args=list(arguments) or ["--help"], prog_name="voxplan", standalone_mode=False)
    except typer.TyperException as wrong:
        raise UsageError(_one_line(wrong.format_message())) from None
    if isinstance(parsed, get_args(Order)):
        return cast("Order", parsed)
    return parsed if isinstance(parsed, int) else 0


def _one_line(message: str) -> str:
    """The message as ours are: one line, lower-case, no final period."""
    line = " ".join(message.split()).rstrip(".").replace("Value error, ", "")
    return _QUOTED.sub(r"`\1`", line[:1].lower() + line[1:])


def _transcribe(  # noqa: PLR0913, PLR0917 - one parameter for each option
    files: Annotated[list[str] | None, typer.Argument(metavar="FILE…", help="Audio files; `-` is standard input.")] = None,
    spec: options.SpecFile = None,
    route: options.Route = None,
    tag: options.Tags = None,
    user: options.User = None,
    metadata: options.Metadata = None,
    fallback: options.Fallbacks = None,
    deadline: options.Deadline = None,
    retries: options.Retries = None,
    simulate: options.Simulate = None,
    mock_testing_fallbacks: options.MockTestingFallbacks = False,
    seed: options.Seed = None,
    response_format: options.Format = "text",
    language: options.Language = None,
    prompt: options.Prompt = None,
    temperature: options.Temperature = None,
    timestamps: options.Times = None,
    translate: options.Translate = False,
    diarize: options.Diarize = False,
    languages: options.Languages = None,
    keyword: options.Keywords = None,
    speaker: options.Speakers = None,
    logprobs: options.Logprobs = False,
    chunking_strategy: options.Chunking = None,
    stream: Annotated[
        bool, typer.Option("--stream", metavar=options.FLAG, help="The text of one FILE as it comes, on standard output.")
    ] = False,
    output: options.Output = None,
    force: Annotated[bool, typer.Option("--force", metavar=options.FLAG, help="Let --output replace files that exist.")] = False,
    json: options.Json = False,
    trail: Annotated[
        bool, typer.Option("--trail", metavar=options.FLAG, help="Tell every attempt on standard error, as it happens.")
    ] = False,
    quiet: Annotated[
        bool, typer.Option("--quiet", "-q", metavar=options.FLAG, help="Nothing on standard error but errors.")
    ] = False,
) -> Transcribe:
    if trail and quiet:
        raise UsageError("--trail and --quiet contradict each other")
    if force and output is None:
        raise UsageError("--force needs --output")
    if stream:
        _require_streamable(files or (), response_format, output, json=json)
    return Transcribe(
        files=tuple(files or ()),
        spec=spec,
        way=_way(route, user, tag, metadata, fallback, deadline, retries, simulate, mock_testing_fallbacks),
        options=_with(
            _options(response_format, language, prompt, temperature, timestamps, diarize),
            *(translate, languages, keyword, logprobs, chunking_strategy, stream),
        ),
        speakers=options.asked_pairs("--speaker", speaker),
        seed=seed,
        output=output,
        force=force,
        json=json,
        quiet=quiet,
        trail=trail,
    )


def _require_streamable(files: Sequence[str], response_format: ResponseFormat, output: Path | None, *, json: bool) -> None:
    """Only the text of one file can be written as it comes: every other form is a document, which is whole or nothing."""
    if len(files) > 1:
        raise UsageError(f"--stream takes one FILE, got {len(files)}")
    if json or output is not None:
        raise UsageError(f"--stream writes text as it comes, and {'--json' if json else '--output'} a whole file: choose one")
    if response_format != "text":
        hint = ", `--diarize` says who speaks" if response_format == "diarized_json" else ""
        raise UsageError(f"--stream writes text as it comes, and `{response_format}` is written as a whole{hint}")


def _plan(  # noqa: PLR0913, PLR0917 - one parameter for each option
    spec: options.SpecFile = None,
    route: options.Route = None,
    tag: options.Tags = None,
    user: options.User = None,
    metadata: options.Metadata = None,
    fallback: options.Fallbacks = None,
    deadline: options.Deadline = None,
    retries: options.Retries = None,
    simulate: options.Simulate = None,
    mock_testing_fallbacks: options.MockTestingFallbacks = False,
    seed: options.Seed = None,
    view: options.ViewFile = None,
    moment: options.Moment = None,
    seconds: options.Seconds = None,
    size: options.Size = None,
    response_format: options.Format = "text",
    language: options.Language = None,
    prompt: options.Prompt = None,
    temperature: options.Temperature = None,
    timestamps: options.Times = None,
    translate: options.Translate = False,
    diarize: options.Diarize = False,
    languages: options.Languages = None,
    keyword: options.Keywords = None,
    speaker: options.Speakers = None,
    logprobs: options.Logprobs = False,
    chunking_strategy: options.Chunking = None,
    stream: Annotated[
        bool, typer.Option("--stream", metavar=options.FLAG, rich_help_panel="The request", help="For text as it comes.")
    ] = False,
    edges: Annotated[
        bool, typer.Option("--edges", metavar=options.FLAG, help="Show what follows each attempt after each kind of failure.")
    ] = False,
    json: options.Json = False,
) -> ShowPlan:
    return ShowPlan(
        spec=spec,
        way=_way(route, user, tag, metadata, fallback, deadline, retries, simulate, mock_testing_fallbacks),
        audio=AudioFacts(bytes=size, seconds=seconds),
        options=_with(
            _options(response_format, language, prompt, temperature, timestamps, diarize),
            *(translate, languages, keyword, logprobs, chunking_strategy, stream),
        ),
        speakers=options.asked_pairs("--speaker", speaker),
        view=view,
        moment_ms=moment,
        seed=seed,
        edges=edges,
        json=json,
    )


def _options(
    response_format: ResponseFormat,
    language: str | None,
    prompt: str | None,
    temperature: float | None,
    timestamps: Sequence[options.TimesOf] | None,
    diarize: bool,
) -> Options:
    return Options(
        language=language,
        prompt=prompt,
        temperature=temperature,
        response_format=response_format,
        timestamps=options.asked_times(timestamps),
        diarize=diarize,
    )


def _with(  # noqa: PLR0913, PLR0917 - one parameter for each option
    said: Options,
    translate: bool,
    languages: Sequence[str] | None,
    keywords: Sequence[str] | None,
    logprobs: bool,
    chunking_strategy: str | None,
    stream: bool,
) -> Options:
    return replace(
        said,
        translate=translate,
        languages=tuple(languages or ()),
        keywords=tuple(keywords or ()),
        logprobs=logprobs,
        chunking_strategy=chunking_strategy,
        stream=stream,
    )


def _way(  # noqa: PLR0913, PLR0917 - one parameter for each option
    route: str | None,
    user: str | None,
    tags: Sequence[str] | None,
    metadata: Sequence[str] | None,
    fallbacks: Sequence[str] | None,
    deadline: str | None,
    retries: int | None,
    simulate: Sequence[str] | None,
    mock_testing_fallbacks: bool,
) -> Way:
    return Way(
        route=route,
        user=user,
        tags=tuple(tags or ()),
        metadata=options.asked_pairs("--metadata", metadata),
        fallbacks=tuple(fallbacks or ()),
        deadline=deadline,
        retries=retries,
        simulate=options.asked_kinds("--simulate", simulate),
        mock_testing_fallbacks=mock_testing_fallbacks,
    )


def _check(
    specs: Annotated[list[Path], typer.Argument(metavar="SPEC…", help="Routing specs: .yaml, .yml, .toml or .json.")],
    strict: Annotated[bool, typer.Option("--strict", metavar=options.FLAG, help="Take warnings for errors.")] = False,
    json: options.Json = False,
) -> Check:
    return Check(specs=tuple(specs), strict=strict, json=json)


def _capabilities(
    provider: Annotated[str | None, typer.Argument(metavar="PROVIDER", help="Only the models of this provider.")] = None,
    spec: Annotated[
        Path | None, typer.Option("--spec", "-s", metavar="SPEC", help="The deployments of this routing spec, not all models.")
    ] = None,
    json: options.Json = False,
) -> ShowCapabilities:
    return ShowCapabilities(provider=provider, spec=spec, json=json)


def _providers(
    provider: Annotated[str | None, typer.Argument(metavar="NAME", help="Everything about this provider.")] = None,
    json: options.Json = False,
) -> ShowProviders:
    return ShowProviders(provider=provider, json=json)


def _test(
    specs: Annotated[list[Path], typer.Argument(metavar="SPEC…", help="Routing specs with `tests` in them.")],
    json: options.Json = False,
) -> RunTests:
    return RunTests(specs=tuple(specs), json=json)


def _diff(
    old: Annotated[Path, typer.Argument(metavar="OLD", help="The spec as it was.")],
    new: Annotated[Path, typer.Argument(metavar="NEW", help="The spec as it is to be.")],
    json: options.Json = False,
) -> Compare:
    return Compare(old=old, new=new, json=json)


def _import_litellm(
    config: Annotated[Path, typer.Argument(metavar="CONFIG", help="LiteLLM's config.yaml.")],
    output: Annotated[Path | None, typer.Option("--output", "-o", metavar="FILE", help="Write the spec into this file.")] = None,
    force: Annotated[
        bool, typer.Option("--force", metavar=options.FLAG, help="Let --output replace a file that exists.")
    ] = False,
    json: options.Json = False,
) -> ImportLitellm:
    if force and output is None:
        raise UsageError("--force needs --output")
    return ImportLitellm(config=config, output=output, force=force, json=json)


def _serve(  # noqa: PLR0913, PLR0917 - one parameter for each option
    spec: Annotated[Path | None, typer.Argument(metavar="SPEC", help="The routing spec to serve.")] = None,
    config: Annotated[
        Path | None, typer.Option("--config", metavar="CONFIG", help="Serve LiteLLM's config.yaml as it is, in place of SPEC.")
    ] = None,
    host: Annotated[str, typer.Option("--host", metavar="HOST", help="The address to listen on.")] = "127.0.0.1",
    port: Annotated[
        int, typer.Option("--port", metavar="PORT", min=0, max=65_535, help="The port to listen on; 0 is any that is free.")
    ] = 8000,
    keys: Annotated[
        Path | None,
        typer.Option("--keys", metavar="FILE", envvar="VOXPLAN_KEYS", help="Let virtual keys in: the file of `voxplan keys`."),
    ] = None,
    workers: Annotated[int, typer.Option("--workers", metavar="N", min=1, max=256, help="How many processes serve.")] = 1,
    grace: Annotated[
        float, typer.Option("--grace", metavar="SECONDS", min=0, help="How long requests under way may take when it is to end.")
    ] = 30,
    log: Annotated[
        LogForm | None,
        typer.Option("--log", help="A line for each request on standard output. [dim]Default: text on a terminal, else json.[/]"),
    ] = None,
    no_watch: Annotated[
        bool, typer.Option("--no-watch", metavar=options.FLAG, help="Read the file again on SIGHUP only, not when it changes.")
    ] = False,
) -> Serve:
    if (spec is None) == (config is None):
        raise typer.BadParameter("expected a SPEC or `--config CONFIG`" + ("" if spec is None else ", not both"))
    return Serve(
        spec=spec or Path(),
        config=config,
        host=host,
        port=port,
        keys=keys,
        workers=workers,
        grace_s=grace,
        watch=not no_watch,
        log=log,
    )


def _keys_create(  # noqa: PLR0913, PLR0917 - one parameter for each option
    name: Annotated[str, typer.Argument(metavar="NAME", help="Whose key it is, as conditions and logs see it.")],
    store: options.KeyStoreFile,
    expires: Annotated[
        str | None, typer.Option("--expires", metavar="WHEN", help="`30d`, `12h`, or a day: `2027-01-31`.")
    ] = None,
    allow: Annotated[
        list[str] | None,
        typer.Option(
            "--allow", metavar="NAME", help="A route or deployment that it may name. [dim]May be repeated; without: all.[/]"
        ),
    ] = None,
    tag: Annotated[
        list[str] | None, typer.Option("--tag", metavar="TAG", help="A tag of the key. [dim]May be repeated.[/]")
    ] = None,
    may_simulate: Annotated[
        bool, typer.Option("--may-simulate", metavar=options.FLAG, help="Let it pretend failures, to test fallbacks.")
    ] = False,
    sees_trail: Annotated[
        bool, typer.Option("--sees-trail", metavar=options.FLAG, help="Tell it every attempt when a request fails.")
    ] = False,
    spec: Annotated[
        Path | None, typer.Option("--spec", "-s", metavar="SPEC", help="See to it that this spec has what is allowed.")
    ] = None,
    json: options.Json = False,
) -> CreateKey:
    return CreateKey(
        name=name,
        store=store,
        expires=expires,
        allowed=tuple(allow or ()),
        tags=tuple(tag or ()),
        may_simulate=may_simulate,
        sees_trail=sees_trail,
        spec=spec,
        json=json,
    )


def _keys_list(
    store: options.KeyStoreFile,
    everything: Annotated[bool, typer.Option("--all", metavar=options.FLAG, help="Those that were revoked, too.")] = False,
    json: options.Json = False,
) -> ListKeys:
    return ListKeys(store=store, everything=everything, json=json)


def _keys_revoke(
    name: Annotated[str, typer.Argument(metavar="KEY", help="Its name, or its id.")],
    store: options.KeyStoreFile,
    json: options.Json = False,
) -> RevokeKey:
    return RevokeKey(name=name, store=store, json=json)


def _schema() -> ShowSchema:
    return ShowSchema()


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"voxplan {__version__}")
        raise typer.Exit


def _voxplan(
    version: Annotated[
        bool,
        typer.Option(
            "--version", "-V", metavar=options.FLAG, callback=_version, is_eager=True, help="Print the version and exit."
        ),
    ] = False,
) -> None:
    """Typer's way to give a group of commands its own options."""


def _group() -> None:
    """A group stays one, however few commands it has."""


def _app() -> typer.Typer:
    app = typer.Typer(
        rich_markup_mode="rich", pretty_exceptions_enable=False, context_settings={"help_option_names": ["-h", "--help"]}
    )
    app.callback(help=guide.VOXPLAN, epilog=guide.VOXPLAN_EPILOG)(_voxplan)
    app.command("transcribe", help=guide.TRANSCRIBE, epilog=guide.TRANSCRIBE_EPILOG)(_transcribe)
    app.command("plan", help=guide.PLAN, epilog=guide.PLAN_EPILOG)(_plan)
    app.command("check", help=guide.CHECK, epilog=guide.CHECK_EPILOG)(_check)
    app.command("test", help=guide.TEST, epilog=guide.TEST_EPILOG)(_test)
    app.command("diff", help=guide.DIFF, epilog=guide.DIFF_EPILOG)(_diff)
    app.command("providers", help=guide.PROVIDERS, epilog=guide.PROVIDERS_EPILOG)(_providers)
    app.command("capabilities", help=guide.CAPABILITIES, epilog=guide.CAPABILITIES_EPILOG)(_capabilities)
    imports, keys = _subcommands(), _subcommands()
    imports.command("litellm", help=guide.IMPORT_LITELLM, epilog=guide.IMPORT_LITELLM_EPILOG)(_import_litellm)
    app.add_typer(imports, name="import", help=guide.IMPORT)
    keys.command("create", help=guide.KEYS_CREATE, epilog=guide.KEYS_CREATE_EPILOG)(_keys_create)
    keys.command("list", help=guide.KEYS_LIST, epilog=guide.KEYS_LIST_EPILOG)(_keys_list)
    keys.command("revoke", help=guide.KEYS_REVOKE, epilog=guide.KEYS_REVOKE_EPILOG)(_keys_revoke)
    app.add_typer(keys, name="keys", help=guide.KEYS)
    app.command("serve", help=guide.SERVE, epilog=guide.SERVE_EPILOG)(_serve)
    app.command("schema", help=guide.SCHEMA, epilog=guide.SCHEMA_EPILOG)(_schema)
    return app


def _subcommands() -> typer.Typer:
    group = typer.Typer(rich_markup_mode="rich", context_settings={"help_option_names": ["-h", "--help"]})
    group.callback()(_group)
    return group


_APP: Final = _app()
