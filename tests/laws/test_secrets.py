"""Law S5: no secret occurs in a plan, trail, log, error or digest input.

The engine never sees a secret: specs hold references, and only the shell resolves them. What is left to test is that nothing
that an author wrote by mistake where a secret stands comes back in a message, and that a run whose environment holds marked
secrets leaves no mark anywhere.
"""

import logging

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from returns.result import Failure, Success

from tests.laws.cases import Case, cases
from tests.laws.simulation import simulate
from tests.laws.worlds import World
from tests.strategies import CATALOG, worlds
from voxplan.engine.checks.checking import check
from voxplan.engine.documents.printing import print_spec
from voxplan.engine.documents.reading import FORMATS, Format, format_problem, read
from voxplan.engine.plans.edges import edges
from voxplan.engine.plans.plan import Plan

MARK = "s3cr3t"
SECRETS = st.from_regex(rf"sk-{MARK}[A-Za-z0-9]{{0,12}}", fullmatch=True)


@given(cases(), worlds())
def test_s5_no_marked_secret_is_in_what_a_run_leaves_behind(case: Case, world: World) -> None:
    """S5: with a secret in every variable that the spec refers to, plan, refusal, trail, edges and digest input show none."""
    with pytest.MonkeyPatch.context() as patch:
        for name in ("SHARED_KEY", "EU_KEY", "OPENAI_API_KEY", "K", "L"):
            patch.setenv(name, f"sk-{MARK}-{name}")
        result = case.result()
        left = [msgspec.json.encode(result), msgspec.json.encode(case.spec), msgspec.json.encode(case.router)]
        left += [finding.message.encode() for finding in check(case.spec, CATALOG)]
        if isinstance(result, Plan):
            done = simulate(result, world, case.moment)
            left += [msgspec.json.encode(done.run), msgspec.json.encode(edges(result)), repr(done).encode()]
    assert not [each for each in left if MARK.encode() in each]


DEPLOYMENT = '{{"voxplan": 1, "deployments": {{"a": {{"provider": "openai", "model": "m", %s}}}}, "routes": {{"r": "a"}}}}'
TEMPLATES = (
    DEPLOYMENT % '"api_key": {value}',
    DEPLOYMENT % '"base_url": {value}',
    DEPLOYMENT % '"api_key": [{value}]',
    DEPLOYMENT % '"api_key": {{{value}: 1}}',
    DEPLOYMENT % '"api_key": {value}, "api_key": 1',
    DEPLOYMENT % '"settings": {{"token": [{value}]}}',
    DEPLOYMENT % '"settings": {{"token": {{"key": {value}}}}}',
    DEPLOYMENT % '"settings": {value}',
    '{{"voxplan": 1, "accounts": {{"x": {{"provider": "openai", "api_key": {value}}}}}, "deployments": {{}}, "routes": {{}}}}',
)
"""Documents in which a secret stands at a place for secrets, rightly shaped or not. JSON is YAML too."""

FORMS = (
    "{secret}",
    "https://user:{secret}@example.com/v1",
    "https://example.com/v1?key={secret}",
    "${{{secret}}}x",
    "$ {secret}",
    "{secret}: é",
)


@given(SECRETS, st.sampled_from(TEMPLATES), st.sampled_from(FORMS), st.sampled_from(("json", "yaml")))
def test_s5_a_secret_written_into_a_spec_is_refused_without_being_shown(
    secret: str, template: str, shape: str, form: Format
) -> None:
    """S5: whatever is wrong at `api_key`, `base_url` or `settings`, no message repeats what stands there."""
    document = template.format(value=msgspec.json.encode(shape.format(secret=secret)).decode())
    result = read(document, form, "spec")
    assert isinstance(result, Failure)
    assert MARK not in " ".join(format_problem(problem, "spec") for problem in result.failure())


@given(cases(), st.sampled_from(tuple(sorted(set(FORMATS.values())))))
def test_s5_printing_a_spec_shows_references_only(case: Case, form: Format) -> None:
    """S5: a printed spec has `${NAME}`, as the author wrote it, and reads back without the environment."""
    printed = print_spec(case.spec, form)
    assert "${SHARED_KEY}" in printed
    assert isinstance(read(printed, form, "spec"), Success)


def test_s5_a_run_logs_nothing_by_itself(caplog: pytest.LogCaptureFixture) -> None:
    """S5: the engine has no log at all, so that no secret can get into it."""
    caplog.set_level(logging.DEBUG)
    test_s5_no_marked_secret_is_in_what_a_run_leaves_behind()
    assert not [record for record in caplog.records if record.name.startswith("voxplan.engine")]
