"""The entries of one name: what is drawn, in which order, and how often in all."""

import pytest
from returns.result import Success

from tests.io_shell.litellm.configs import GROUPS, TWO, said, spec_of
from voxplan.adapters.catalog import CATALOG
from voxplan.engine.language.spec import Limits
from voxplan.engine.observed.view import EMPTY_VIEW
from voxplan.engine.plans.compiling import compile_checked
from voxplan.engine.plans.plan import attempts
from voxplan.engine.plans.planning import plan
from voxplan.engine.terms.request import Request
from voxplan.io_shell.litellm.importing import imported


def test_one_name_is_one_balance() -> None:
    """Settings of Azure go where they are called so here."""
    spec = spec_of(TWO)
    azure = spec.deployments["azure-our-whisper"]
    assert (azure.base_url, azure.api_key) == ("${AZURE_BASE}", "${AZURE_KEY}")
    assert azure.settings == {"api_version": "2024-02-15-preview", "base_model": "whisper-1"}
    balance = spec.routes["speech"].balance
    assert balance is not None
    assert [(arm.route.use, arm.weight) for arm in balance.among] == [("openai-whisper-1", 1), ("azure-our-whisper", 1)]


def test_weights_are_weights() -> None:
    """`weight` before `rpm`; `rpm` is a limit too, which is told."""
    text = "model_list:\n" + "".join(
        f"  - {{model_name: m, litellm_params: {{model: groq/whisper-{n}, {more}}}}}\n"
        for n, more in enumerate(("weight: 9, rpm: 100", "weight: 1, rpm: 900"))
    )
    made = imported(text)
    spec = spec_of(text)
    balance = spec.routes["m"].balance
    assert balance is not None
    assert [arm.weight for arm in balance.among] == [9, 1]
    assert [each.limits for each in spec.deployments.values()] == [
        Limits(requests_per_minute=100),
        Limits(requests_per_minute=900),
    ]
    assert [each.line for each in made.warnings] == [2, 3]
    assert all("`rpm` is a limit here" in each.message for each in made.warnings)


def test_rpm_is_a_weight_where_nothing_else_is() -> None:
    """And where LiteLLM counts calls, a limit alone."""
    text = "model_list:\n" + "".join(
        f"  - {{model_name: m, litellm_params: {{model: groq/whisper-{rpm}, rpm: {rpm}}}}}\n" for rpm in (100, 900)
    )
    balance = spec_of(text).routes["m"].balance
    assert balance is not None
    assert [arm.weight for arm in balance.among] == [100, 900]
    counted = imported(text + "router_settings: {routing_strategy: usage-based-routing-v2}\n")
    assert counted.warnings == ()
    assert "by: headroom" in (counted.spec_text or "")


def test_order_is_a_list_of_levels() -> None:
    """The least first, whatever stands first in the file; those without any last."""
    text = "model_list:\n" + "".join(
        f"  - {{model_name: m, litellm_params: {{model: groq/whisper-{n}{order}}}}}\n"
        for n, order in ((1, ", order: 2"), (2, ", order: 1"), (3, ""))
    )
    first = spec_of(text).routes["m"].first
    assert first is not None
    assert [node.use for node in first] == ["groq-whisper-2", "groq-whisper-1", "groq-whisper-3"]


def test_retries_by_kind() -> None:
    """Kinds with 0 are not tried again; the others have one number."""
    spec = spec_of(
        GROUPS + "router_settings: {num_retries: 1, retry_policy: {TimeoutErrorRetries: 3, RateLimitErrorRetries: 0}}\n"
    )
    assert spec.defaults.retry is not None
    assert (spec.defaults.retry.times, spec.defaults.retry.on) == (
        3,
        ("not_connected", "overloaded", "server_error", "timed_out"),
    )


def test_what_timed_out_is_not_tried_again_too_often() -> None:
    """Its number is smaller than that of all kinds here, and each such call may be billed; which is told."""
    text = GROUPS + "router_settings: {retry_policy: {TimeoutErrorRetries: 1, InternalServerErrorRetries: 3}}\n"
    retry = spec_of(text).defaults.retry
    assert retry is not None
    assert (retry.times, "server_error" in (retry.on or ()), "timed_out" in (retry.on or ())) == (3, True, False)
    assert "what timed out may be billed, and its number is smaller" in said(imported(text))


def test_a_group_makes_no_more_calls_than_litellm() -> None:
    """One retry among three deployments is one other deployment."""
    text = GROUPS.replace("model_name: b", "model_name: a").replace("model_name: c", "model_name: a")
    balance = spec_of(text + "litellm_settings: {num_retries: 1}\n").routes["a"].balance
    assert balance is not None
    assert balance.spill == 1


def test_tags_choose_where_they_are_filtered_by() -> None:
    """A branch for each tag; for all others those of the tag `default`."""
    text = "model_list:\n" + "".join(
        f"  - {{model_name: m, litellm_params: {{model: groq/whisper-{tag}, tags: [{tag}]}}}}\n" for tag in ("paid", "default")
    )
    node = spec_of(text + "router_settings: {enable_tag_filtering: true}\n").routes["m"]
    assert node.when is not None
    assert node.otherwise is not None
    assert (node.when[0].if_.tags, node.when[0].then.use, node.otherwise.use) == (
        ("paid",),
        "groq-whisper-paid",
        "groq-whisper-default",
    )
    assert spec_of(text).routes["m"].balance is not None


def test_without_a_default_only_who_has_no_tags_goes_anywhere() -> None:
    """Tags that nothing has lead nowhere, as in LiteLLM: they may stand for a region or a consent."""
    text = "model_list:\n" + "".join(
        f"  - {{model_name: m, litellm_params: {{model: groq/whisper-{tag}, tags: [{tag}]}}}}\n" for tag in ("paid", "eu")
    )
    spec = spec_of(text + "router_settings: {enable_tag_filtering: true}\n")
    found = {}
    for tags in ((), ("paid",), ("other",)):
        made = plan(compile_checked(spec, CATALOG), Request(route="m", tags=tags), EMPTY_VIEW, moment_ms=0, seed=1)
        found[tags] = {each.deployment for each in attempts(made.unwrap().root)} if isinstance(made, Success) else set[str]()
    assert found == {(): {"groq-whisper-paid", "groq-whisper-eu"}, ("paid",): {"groq-whisper-paid"}, ("other",): set()}


@pytest.mark.parametrize("other", ["", ", weight: 0"])
def test_who_has_no_weight_serves_last(other: str) -> None:
    """LiteLLM never draws it while it can draw another; with a weight of 0 it would be in no plan here."""
    entries = ("whisper-1" + other, "whisper-2, weight: 4")
    text = "model_list:\n" + "".join(f"  - {{model_name: m, litellm_params: {{model: groq/{each}}}}}\n" for each in entries)
    balance = spec_of(text).routes["m"].balance
    assert balance is not None
    last, usual = (arm.weight for arm in balance.among)
    assert usual == 4
    assert 0 < last < usual / 10**5
    assert "as in LiteLLM, they serve where the others cannot" in said(imported(text))


def test_weights_of_zero_give_way_to_what_comes_next() -> None:
    """LiteLLM looks at `rpm` then."""
    text = "model_list:\n" + "".join(
        f"  - {{model_name: m, litellm_params: {{model: groq/whisper-{rpm}, weight: 0, rpm: {rpm}}}}}\n" for rpm in (100, 900)
    )
    balance = spec_of(text).routes["m"].balance
    assert balance is not None
    assert [arm.weight for arm in balance.among] == [100, 900]


def test_an_order_that_stands_twice_is_that_of_the_parameters() -> None:
    """The other one is told with its line."""
    text = (
        "model_list:\n  - {model_name: m, litellm_params: {model: groq/whisper-1, order: 2}, model_info: {order: 1}}\n"
        "  - {model_name: m, litellm_params: {model: groq/whisper-2}, model_info: {order: 1}}\n"
    )
    first = spec_of(text).routes["m"].first
    assert first is not None
    assert [node.use for node in first] == ["groq-whisper-2", "groq-whisper-1"]
    (told,) = imported(text).warnings
    assert (told.line, "`order` is not carried over" in told.message) == (2, True)


@pytest.mark.parametrize(
    ("settings", "told"),
    [
        ("{num_retries: 1, retry_policy: {TimeoutErrorRetries: 3}}", "3 for every kind"),
        ("{num_retries: 3}", "what timed out goes to the next deployment"),
        ("{retry_policy: {RateLimitErrorRetries: 2, TimeoutErrorRetries: 2}}", "`RateLimitErrorRetries`: here this cools"),
    ],
)
def test_retries_that_are_not_the_same_are_told(settings: str, told: str) -> None:
    """Kinds without a number of their own among them."""
    assert told in said(imported(f"{GROUPS}router_settings: {settings}\n"))


def test_retries_of_a_group_that_is_none_are_told() -> None:
    """With the line and a guess."""
    text = f"{GROUPS}router_settings:\n  model_group_retry_policy:\n    speech: {{TimeoutErrorRetries: 1}}\n"
    assert "config.yaml:8:5: retries of `speech` are not carried over: no such group" in said(imported(text))
