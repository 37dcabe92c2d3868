"""What each key of a spec means, in one or two sentences: what an editor shows while somebody writes.

One entry for each field of each struct of the language, by the key that is written. The language reference says more.
"""

from collections.abc import Mapping
from typing import Final

from voxplan.engine.language.condition import Condition, MoneyRange, NumberRange, Sample, TimeWindow
from voxplan.engine.language.policy import PolicyExpectation, PolicyRequest, PolicyTest, Scripted
from voxplan.engine.language.spec import (
    Accept,
    Account,
    Arm,
    Backoff,
    Balance,
    Branch,
    Deployment,
    Guardrail,
    Limits,
    OptionRules,
    Price,
    Race,
    Retry,
    RetryBudget,
    RouteNode,
    Rules,
    Selector,
    Spec,
)

__all__ = ("DESCRIPTIONS", "MATCH", "describe")

DESCRIPTIONS: Final[Mapping[type, Mapping[str, str]]] = {
    Spec: {
        "voxplan": "The version of this language.",
        "deployments": "Where audio can go, by names of your own: one provider, one model, one key each.",
        "routes": "How audio gets there, by name; a route's name is what callers ask for.",
        "accounts": "Keys and limits that several deployments share, by name.",
        "defaults": "Rules around every route.",
        "guardrails": "Checks on prompts and answers, by name; the rule `guardrails` says where they hold.",
        "retry_budget": "How many retries and hedges all requests together may make in any minute.",
        "tests": "Policy tests: what the spec must do. `voxplan test` runs them; routing does not depend on them.",
    },
    Account: {
        "provider": "Who runs the models.",
        "api_key": "The key, by reference: `${NAME}`, read from the environment. A key never stands in a spec.",
        "base_url": "The provider's address, where it has none of its own or another one is meant. May hold `${NAME}`.",
        "region": "Where the provider runs, in a word of your own; `require` and `where` look at it.",
        "settings": "What the provider needs beside key and address, by name; its page says which. May hold `${NAME}`.",
        "limits": "What may be asked of all deployments of this account together.",
    },
    Deployment: {
        "model": "The model's name at the provider.",
        "account": "The account whose provider, key, address, region and limits it takes where it says nothing itself.",
        "provider": "Who runs the model; needed without an `account`.",
        "api_key": "The key, by reference: `${NAME}`, read from the environment. A key never stands in a spec.",
        "base_url": "The provider's address, where it has none of its own or another one is meant. May hold `${NAME}`.",
        "region": "Where the provider runs, in a word of your own; `require` and `where` look at it.",
        "tags": "Words of your own; `require` and `where` look at them.",
        "limits": "What may be asked of it.",
        "shortest": "With less time than this left, no call starts.",
        "price": "What a call costs, in place of what is known of the provider's prices.",
        "settings": "What the provider needs beside key and address, by name; its page says which. May hold `${NAME}`.",
        "options": "Request fields of the provider's own, passed on as they stand.",
    },
    Limits: {
        "requests_per_minute": "The most calls started within any 60 seconds.",
        "concurrent": "The most calls under way at once.",
    },
    Price: {
        "per_minute": "US dollars for each minute of audio. 0 is free.",
        "per_request": "US dollars for each call.",
        "minimum": "Shorter audio is billed as this much.",
        "step": "Audio is billed in whole steps of this.",
    },
    Rules: {
        "name": "Names the node: in plans, in trails, and for chance, whose draws then survive a change of the node's place.",
        "require": "Which deployments may be used below, for every attempt. All `require` from the root down hold.",
        "guardrails": "Checks on the prompt and on the answer, by name, innermost first. Those of outer nodes hold too.",
        "deadline": "The longest that everything below may take, counted from the moment the node is entered.",
        "budget": "The most money that one request may cost below, every call at its worst.",
        "replay": "When the same audio may be sent again: `always`, `if_uncharged`, `if_unsent` or `never`. The strictest holds.",
        "timeout": "The longest that one call may take, from its first byte to its decoded answer.",
        "retry": "Ask the same deployment again. An inner `retry` replaces an outer one.",
        "accept": "What a transcript must be like; one that is not is the failure `poor_quality`. `{}` lifts an outer rule.",
        "options": "What happens to an option of the request that a deployment cannot do.",
        "when_all_cooling": "When all deployments cool off: `try` the one that is ready soonest (default), or `refuse`.",
        "when_all_poor": "When every transcript fails `accept`: `return` the best of them (default), or `fail`. Only at a root.",
    },
    RouteNode: {
        "use": "One deployment, or another route.",
        "first": "Ordered fallback: the next one is tried when the one before fails in a kind listed in `on`.",
        "balance": "Several arms in an order made for each request; the first is the choice, the others its fallbacks.",
        "race": "Hedging: start the first arm, then the next after `stagger` or a failure; the first accepted answer wins.",
        "when": "Branches: the first one whose condition holds is taken, else `otherwise`.",
        "otherwise": "The route that a `when` takes when none of its conditions holds.",
        "on": "The failure kinds that lead on to the next child or arm. Default `*`: all but the caller's own faults.",
    },
    Branch: {
        "if": "The condition. One that is unknown, as an absent language, takes no branch.",
        "then": "The route to take if it is the first condition that holds.",
    },
    Arm: {
        "route": "The route of the arm; its keys are written beside `weight`.",
        "weight": "The arm's share; only ratios matter. 0 is out of every plan.",
    },
    Balance: {
        "among": "The arms: names with weights, a list of routes with an optional `weight` each, or `{where: …}`.",
        "where": "The deployments to balance among, by what they are; equal weights.",
        "by": "How to order the arms: by `weight` (default), `latency`, `least_busy`, `cost`, `headroom`, or `sticky` by `key`.",
        "spill": "How many arms may follow the choice as its fallbacks. Default all; 0 none.",
        "key": "For `sticky`: `user`, `key` or `metadata.x`. The same value always gets the same arm.",
        "salt": "For `sticky`: balances with the same salt send the same values to arms of the same names.",
    },
    Race: {
        "stagger": "How long an arm runs alone before the next one joins it.",
        "among": "The arms, routes in the order in which they start, or `{where: …}`.",
        "where": "The deployments that race, by what they are, in the order of their names.",
    },
    Retry: {
        "times": "How often the same deployment is asked again.",
        "on": "The failure kinds after which it is. Default: those that pass by themselves.",
        "backoff": "How long to wait before each retry.",
        "patience": "The longest Retry-After that is waited for. Default: the backoff's `cap`.",
    },
    Backoff: {
        "base": "The k-th wait is drawn evenly from 0 to `base` * 2^k, at most `cap`.",
        "cap": "No wait is longer.",
    },
    Accept: {
        "not_empty": "The transcript has a text.",
        "max_compression_ratio": "The text compresses no better than this: more is repetition. 2.4 is a common choice.",
    },
    Selector: {
        "region": "In one of these regions.",
        "provider": "Of one of these providers.",
        "tags": "With all of these tags.",
        "capability": "Able to do all of these.",
    },
    OptionRules: {
        "language": "`refuse` a deployment that does not know the language (default), or `drop` the hint.",
        "languages": "`refuse` a deployment that takes no list of languages (default), or `drop` the list.",
        "prompt": "`refuse` a deployment that takes no prompt (default), or `drop` the prompt.",
        "keywords": "`refuse` a deployment that takes no keywords (default), `emulate` them by its prompt, or `drop` them.",
        "temperature": "`refuse` a deployment that takes no temperature (default), or `drop` it.",
        "timestamps": "`refuse` a deployment without these times (default), `emulate` them from what it gives, or `drop` them.",
        "diarize": "`refuse` a deployment that does not tell speakers apart (default), or `drop` the wish.",
        "known_speakers": "`refuse` a deployment that recognises nobody by their voice (default), or `drop` names and voices.",
        "logprobs": "`refuse` a deployment that gives no log probabilities (default), or `drop` the wish.",
        "chunking_strategy": "`refuse` a deployment that takes no chunking strategy (default), or `drop` it.",
        "stream": "`refuse` a deployment that does not stream (default), or `emulate`: release the text at its end.",
    },
    Condition: {
        "all": "All of these conditions hold.",
        "any": "At least one of these conditions holds.",
        "not": "This condition does not hold.",
        "known": "The request has this fact at all.",
        "sample": "The request falls into a stable share of all requests.",
        "time": "The request comes at this time of day.",
        "route": "The route that was asked for is one of these.",
        "audio.seconds": "The length of the audio in seconds: one of these numbers, or `over` and `under` bounds.",
        "audio.bytes": "The size of the audio in bytes: one of these numbers, or `over` and `under` bounds.",
        "audio.format": "The container of the audio is one of these: `wav`, `mp3`, …",
        "audio.channels": "The number of channels: one of these numbers, or `over` and `under` bounds.",
        "language": "The language that the caller names, as ISO 639-1 code, is one of these.",
        "response_format": "The format that the caller wants is one of these.",
        "timestamps": "The caller wants at least one of these times.",
        "stream": "Whether the caller wants the text as it comes.",
        "diarize": "Whether the caller wants speakers told apart.",
        "user": "The user is one of these.",
        "key": "The caller's key, by its name, is one of these.",
        "key.tags": "The caller's key has at least one of these tags.",
        "key.budget_left": "What the caller's key may still spend.",
        "tags": "The request has at least one of these tags.",
        "metadata": "Values of the request under names of the caller's own: each is one of those listed. Also `metadata.x: …`.",
    },
    NumberRange: {
        "over": "More than this.",
        "under": "Less than this.",
        "in": "One of these.",
    },
    MoneyRange: {
        "over": "More than this.",
        "under": "Less than this.",
    },
    Sample: {
        "share": "How large a part of all is in the sample.",
        "by": "`user`, `key` or `metadata.x`: the same value always falls on the same side. Without it, chance decides.",
        "salt": "Samples with the same salt agree.",
    },
    TimeWindow: {
        "from": "When the window opens.",
        "to": "When it closes; a time that is not after `from` is on the next day.",
        "days": "On these days (those on which the window opens). Default: all.",
        "zone": "The time zone, such as `Europe/Helsinki`.",
    },
    Guardrail: {
        "kind": "Who carries it out. `custom`: a function of the program that embeds voxplan.",
        "stage": "What is checked: the prompt (`input`) or the transcript (`output`).",
        "on_error": "What a guardrail that breaks or is late means: `block`, or `allow`, which the answer then says.",
        "timeout": "How long it may take.",
    },
    RetryBudget: {
        "share": "Retries and hedges, as a share of the first calls of the last minute.",
        "least": "How many there may be in any minute in any case.",
    },
    PolicyTest: {
        "name": "What the test says, in one sentence.",
        "request": "The request that comes.",
        "world": "What calls come to, by deployment. One that is not named answers well after a second.",
        "expect": "What must come of it, whatever is drawn.",
    },
    PolicyRequest: {
        "route": "The route that is asked for; may be left out when the spec has only one.",
        "audio.seconds": "The length of the audio in seconds.",
        "audio.bytes": "The size of the audio in bytes.",
        "audio.format": "The container of the audio: `wav`, `mp3`, …",
        "audio.channels": "The number of channels.",
        "language": "The language that the caller names, as ISO 639-1 code.",
        "languages": "The languages that the caller says may be spoken, as ISO 639-1 codes.",
        "prompt": "The prompt.",
        "keywords": "The words that the caller says to expect.",
        "temperature": "The temperature.",
        "response_format": "The format that the caller wants.",
        "timestamps": "The times that the caller wants.",
        "diarize": "Whether the caller wants speakers told apart.",
        "known_speakers": "The names of the speakers whose voices the caller gives.",
        "logprobs": "Whether the caller wants the log probability of each token.",
        "chunking_strategy": "How the caller wants OpenAI to cut the audio: `auto`, or an object as JSON text.",
        "stream": "Whether the caller wants the text as it comes.",
        "user": "The user.",
        "key": "The caller's key, by its name.",
        "key.tags": "The tags of that key.",
        "key.budget_left": "What that key may still spend.",
        "tags": "The tags of the request.",
        "metadata": "Values under names of the caller's own. Also `metadata.x: …`.",
        "fallbacks": "Deployments or routes that the caller wants tried after the route.",
        "deadline": "The longest that the caller waits.",
        "time": "The time of day at which the request comes, in UTC, on a Thursday.",
    },
    Scripted: {
        "result": "What the call comes to: `ok`, a failure kind, or `hangs`, which never answers.",
        "after": "How long it takes.",
        "text": "The transcript.",
        "retry_after": "The wait that the provider asks for.",
    },
    PolicyExpectation: {
        "attempts": "Exactly these deployments are called, in this order, retries included.",
        "served_by": "The answer is from this one.",
        "failure": "The run fails in this kind; `refused`: there is no plan.",
        "never": "None of these is called.",
        "within": "It takes no longer.",
        "costs_at_most": "It costs no more, each call at its worst.",
    },
}

MATCH: Final[Mapping[str, str]] = {
    "match": "Branches by the value of one fact; short for a `when`.",
    "on": "The fact that is looked at.",
    "cases": "Routes by value; several values are separated by commas: `sv,no,da: …`.",
    "otherwise": "The route to take when there is no case for the value.",
}
"""The keys of `match`, which is written out before anything reads it, and `match` itself."""


def describe(struct: type, key: str) -> str:
    """The description of `key` in `struct`, or in the struct that it extends."""
    return next(DESCRIPTIONS[each][key] for each in struct.__mro__ if key in DESCRIPTIONS.get(each, {}))
