"""The texts of `--help`, in rich markup: what each command is for, examples, exit codes."""

from typing import Final

__all__ = (
    "CAPABILITIES",
    "CAPABILITIES_EPILOG",
    "CHECK",
    "CHECK_EPILOG",
    "DIFF",
    "DIFF_EPILOG",
    "IMPORT",
    "IMPORT_LITELLM",
    "IMPORT_LITELLM_EPILOG",
    "KEYS",
    "KEYS_CREATE",
    "KEYS_CREATE_EPILOG",
    "KEYS_LIST",
    "KEYS_LIST_EPILOG",
    "KEYS_REVOKE",
    "KEYS_REVOKE_EPILOG",
    "PLAN",
    "PLAN_EPILOG",
    "PROVIDERS",
    "PROVIDERS_EPILOG",
    "SCHEMA",
    "SCHEMA_EPILOG",
    "SERVE",
    "SERVE_EPILOG",
    "TEST",
    "TEST_EPILOG",
    "TRANSCRIBE",
    "TRANSCRIBE_EPILOG",
    "VOXPLAN",
    "VOXPLAN_EPILOG",
)

VOXPLAN: Final = "Route speech-to-text: say in a spec where audio may go, look at the plan, have it carried out."

VOXPLAN_EPILOG: Final = """\
[bold]Examples[/]
  [dim]with the recogniser on this machine[/]
  voxplan transcribe talk.mp3
  [dim]by your own routing[/]
  voxplan transcribe talk.mp3 --spec routing.yaml
  [dim]what would be attempted for a minute of audio; sends nothing[/]
  voxplan plan --spec routing.yaml --seconds 60
  [dim]every mistake in a spec, with its place[/]
  voxplan check routing.yaml
  [dim]whether it still keeps its promises, and what a change does[/]
  voxplan test routing.yaml
  voxplan diff routing.yaml changed.yaml
  [dim]a spec from LiteLLM's config.yaml[/]
  voxplan import litellm config.yaml
  [dim]whom audio can go to, what each model can do and what it costs[/]
  voxplan providers

[bold]Exit codes[/]
    0  done
    1  of several files, some failed; a policy test failed; two specs differ
    2  the command line is wrong
    3  the spec is: its author can mend it
    4  the audio or an option is: the caller can mend it
    5  every provider failed, or none could start
    6  a part of voxplan is not installed
   70  a fault of voxplan itself; VOXPLAN_TRACEBACK=1 shows where
  130  interrupted
"""

TRANSCRIBE: Final = """\
Transcribe audio: one file to standard output, several with a header each, or into a folder with --output.

A file that fails does not stop the others. Without FILE, what is piped in is transcribed. With --stream the text of one file
comes while its provider still listens; with --diarize too, a line for each speaker's turn.
"""

TRANSCRIBE_EPILOG: Final = """\
[bold]Examples[/]
  voxplan transcribe talk.mp3
  voxplan transcribe talk.mp3 --format srt > talk.srt
  voxplan transcribe talk.mp3 --spec routing.yaml --stream
  voxplan transcribe *.wav --spec routing.yaml --output transcripts
  curl -s https://example.org/talk.mp3 | voxplan transcribe --json

`voxplan --help` lists the exit codes.
"""

PLAN: Final = """\
Show what would be attempted for a request: in which order, for how long, what was left out, and why.

Sends nothing and needs no key. Equal spec, request, view, moment and seed always give the same plan.
"""

PLAN_EPILOG: Final = """\
[bold]Examples[/]
  voxplan plan --spec routing.yaml --seconds 60
  voxplan plan --spec routing.yaml --language fi --format srt --edges
  voxplan plan --spec routing.yaml --seed 7 --json

`voxplan --help` lists the exit codes.
"""

CHECK: Final = "Check routing specs: every mistake at once, each with file, line and column."

CHECK_EPILOG: Final = """\
[bold]Examples[/]
  voxplan check routing.yaml
  voxplan check specs/*.yaml --strict

`voxplan --help` lists the exit codes.
"""

TEST: Final = """\
Run the policy tests that specs hold: does each request go where its author says, whatever is drawn by chance?

Nothing is sent and no time passes: real plans are carried out by the real driver in the world that the test describes.
Deployments that the world does not name answer well; the last of the results that it lists for one repeats.
"""

TEST_EPILOG: Final = """\
[bold]A test[/] stands in the spec, under `tests`:
  - name: when the house server hangs, the cloud serves
    request: {audio.seconds: 60}
    world: {house: hangs}
    expect: {attempts: \\[house, cloud], served_by: cloud}

[bold]Examples[/]
  voxplan test routing.yaml
  voxplan test specs/*.yaml --json

The exit code is 1 when a test failed, 3 when a spec has mistakes. `voxplan --help` lists the others.
"""

DIFF: Final = """\
Show what two specs plan differently, each difference with a request that shows it.

Both plan the same inputs: a request for every branch and node, the values on both sides of every bound that a condition names,
deployments that cool off or are busy, several seeds. Names of nodes and the order of keys make no difference.
"""

DIFF_EPILOG: Final = """\
[bold]Examples[/]
  voxplan diff routing.yaml changed.yaml
  [dim]what a change in git does[/]
  git show HEAD:routing.yaml > before.yaml; voxplan diff before.yaml routing.yaml

The exit code is 0 when all plans are the same, 1 when some differ. `voxplan --help` lists the others.
"""

PROVIDERS: Final = """\
Show whom audio can go to: what a deployment there needs, what its models can do, what they cost, until when there are.

With NAME, everything about one provider: the settings that its deployments can say, every limit, and where it is stated.
"""

PROVIDERS_EPILOG: Final = """\
[bold]Examples[/]
  voxplan providers
  [dim]settings, limits and sources of one of them[/]
  voxplan providers openai
  [dim]models that will be switched off[/]
  voxplan providers --json | jq '.[].models[] | select(.retirement) | {provider, model, on: .retirement.on}'

`voxplan --help` lists the exit codes.
"""

CAPABILITIES: Final = """\
Show what each model can do, what it takes and what it costs, and where that is stated, in one table.

What is not known counts as absent: no deployment is tried with a request that its model is not known to serve. Formats are
rendered by voxplan, so every model that gives times also gives subtitles.
"""

CAPABILITIES_EPILOG: Final = """\
[bold]Examples[/]
  voxplan capabilities
  [dim]one provider[/]
  voxplan capabilities openai
  [dim]the deployments of a spec, at the prices it gives them[/]
  voxplan capabilities --spec routing.yaml
  [dim]which models tell speakers apart[/]
  voxplan capabilities --json | jq '.[] | select(.speakers).model'

`voxplan --help` lists the exit codes.
"""

SERVE: Final = """\
Serve a routing spec as OpenAI's transcription endpoint: POST /v1/audio/transcriptions, with the routes as models. With --config,
LiteLLM's config.yaml is served as it is.

Callers show the key that stands in the environment variable VOXPLAN_MASTER_KEY, or with --keys one that `voxplan keys` made.
Without a key, or with a short one, the gateway listens on this machine alone.
"""

SERVE_EPILOG: Final = """\
[bold]Examples[/]
  voxplan serve routing.yaml
  [dim]then[/]
  curl http://127.0.0.1:8000/v1/audio/transcriptions -F file=@talk.mp3 -F model=whisper
  [dim]for other machines, with four processes[/]
  VOXPLAN_MASTER_KEY=… voxplan serve routing.yaml --host 0.0.0.0 --port 4000 --workers 4
  [dim]what LiteLLM served until now[/]
  voxplan serve --config config.yaml

SIGTERM or Ctrl-C: no more requests, and those under way end within --grace; once more: the end. A SPEC that changes is read
again, as on SIGHUP; one with mistakes is told, and the old one stays. It needs the extra `gateway`.
"""

KEYS: Final = "Give out virtual keys, with which callers use a gateway, and take them back."

KEYS_CREATE: Final = """\
Make a key for whoever is called NAME, and print its secret: once, on standard output. Nobody can read it again.

Conditions of the spec see NAME as `key` and the tags as `key.tags`. With --allow the key may name these routes and deployments
alone, as model or as fallback; what an allowed route leads to is allowed with it.
"""

KEYS_CREATE_EPILOG: Final = """\
[bold]Examples[/]
  voxplan keys create alice --store keys.sqlite
  [dim]for three months, for one route, in a team that conditions can ask for[/]
  voxplan keys create shop --store keys.sqlite --expires 90d --allow whisper --tag team:web --spec routing.yaml
  [dim]then[/]
  VOXPLAN_MASTER_KEY=… voxplan serve routing.yaml --keys keys.sqlite

--expires takes `30d`, `12h`, `90m`, `8w`, a day (its beginning in UTC) or a moment. `voxplan --help` lists the exit codes.
"""

KEYS_LIST: Final = "Show the keys, the oldest first: what each may do, until when, and when it was last used."

KEYS_LIST_EPILOG: Final = """\
[bold]Examples[/]
  voxplan keys list --store keys.sqlite
  [dim]which have not been used for a month[/]
  voxplan keys list --json | jq '.[] | select((.last_used_at // "") < (now - 30 * 86400 | todate)).name'

What is shown of a secret are its last letters. `voxplan --help` lists the exit codes.
"""

KEYS_REVOKE: Final = "End a key for ever, in every gateway that uses the file, from its next request on. Its name is free again."

KEYS_REVOKE_EPILOG: Final = """\
[bold]Examples[/]
  voxplan keys revoke alice --store keys.sqlite
  voxplan keys revoke key_4fq7xk2mzt5a

Requests under way end as usual. `voxplan --help` lists the exit codes.
"""

IMPORT: Final = "Make a spec of the configuration of another program."

IMPORT_LITELLM: Final = """\
Make a spec of LiteLLM's config.yaml, with a comment above everything that could not be carried over as it stands.

The spec goes to standard output, the same remarks to standard error, each with its place in CONFIG. Keys that stand in CONFIG are
never shown: the spec refers to environment variables, and a remark says which to set.
"""

IMPORT_LITELLM_EPILOG: Final = """\
[bold]Examples[/]
  voxplan import litellm config.yaml > routing.yaml
  voxplan import litellm config.yaml --output routing.yaml
  [dim]which variables have to be set[/]
  voxplan import litellm config.yaml --json | jq -r '.variables[]'

The exit code is 3 when there is nothing that could be a spec. `voxplan --help` lists the others.
"""

SCHEMA: Final = "Print the JSON Schema of a spec: editors that know it check and explain while one types."

SCHEMA_EPILOG: Final = """\
[bold]Examples[/]
  voxplan schema > schema.json
  [dim]first line of a spec, for the YAML language server[/]
  # yaml-language-server: $schema=schema.json

`voxplan --help` lists the exit codes.
"""
