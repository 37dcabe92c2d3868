"""The laws of the routing language, one sentence each: what must hold whatever the spec, the request and the world are.

A law is tested by the functions in this folder whose names begin with its number: `test_w1_…` tests W1. `table` writes both
into docs/laws.md. A test named `…_is_false_…` keeps a counterexample of a stronger form that does not hold.
"""

from typing import Final

__all__ = ("CHAPTERS",)

CHAPTERS: Final[dict[str, dict[str, str]]] = {
    "Total and determined": {
        "T1": "`plan` gives a plan or a refusal for every checked spec and any request, view, moment and seed; it never raises",
        "T2": "a refusal names every deployment of the route, each with all its true reasons",
        "T3": "`edges` is complete: after every attempt and every failure kind it says what comes next, or that the run ends",
        "T4": "`edges` has no circle, every attempt is reached, and every path ends",
        "T5": "an unknown or duplicate key is an error that names its place and the nearest known key",
        "T6": 'absent, `null`, `0`, `""` and `[]` are never taken for each other',
        "T7": "a plan is no larger than the size found at load, and that is at most 256 calls",
        "D1": "equal inputs give plans of equal bytes, in every process and with every hash seed",
        "D2": "the order of keys in a mapping, and of arms in a `balance`, changes nothing",
        "D3": "editing one part of a spec changes no draw in another",
    },
    "Weights": {
        "W1": "an arm is the choice with the probability of its weight by the sum of the weights",
        "W2": "an arm of weight 0 is in no plan",
        "W3": "weights that are all 0 are a mistake in the spec",
        "W4": "multiplying all weights by the same number changes nothing",
        "W5": "raising the weight of one arm never takes the choice away from it",
        "W6": "removing an arm that was not the choice changes no choice; removing the choice promotes exactly the runner-up",
        "W7": "failover is fair: the second arm is drawn by the weights of those that remain",
        "W8": "`sticky`: the same key among the same arms leads to the same arm, and losing an arm moves only its own keys",
    },
    "Fallback": {
        "F1": "the next child of a `first` starts only after the one before ended in a kind of its `on`, or was absent",
        "F2": "nothing is attempted after an accepted answer",
        "F3": "`first` is associative where `on` is equal and no rules stand between; `first: [r]` is `r`",
        "F4": "routes that use each other in a circle are a mistake in the spec, shown whole",
        "F5": "a run that fails lists every call once, in order, with its kind; its own kind is the first in the order of blame",
        "F6": "after text of one attempt was released to the caller, nothing else is attempted",
        "F7": "every attempt gets the same audio and the same options, but for the degrades that the plan lists",
    },
    "Capability and confinement": {
        "C1": "the deployment of every attempt can do everything that the request requires",
        "C2": "an option is emulated or dropped only where the spec allows it, and the answer says so",
        "C3": "`require` and the caller's allow-list hold for every attempt: retries, races, probes, the request's fallbacks",
        "C4": "if a deployment in the branch taken may be attempted, with time for one call, there is a plan",
        "C5": "an unknown capability counts as absent, and an unknown price under a budget as too much",
    },
    "Time and money": {
        "B1": "a run ends by its deadline, exactly",
        "B2": "a call gets the smaller of its timeout and of what remains; what remains never grows inwards",
        "B3": "a child that no time is left for when all before it hang is found when the spec is checked",
        "B4": "no call starts with less than its `shortest` left",
        "B5": "whenever a call starts, what was spent and reserved and its own worst cost are within every budget around it",
        "B6": "no world makes a run exceed the plan's bounds; some world reaches the bound of calls, given time and money",
        "B7": "when a run ends, everything reserved was settled or released",
    },
    "Retries": {
        "R1": "a deployment gets at most one call and its retries in one run",
        "R2": "the wait before retry k is drawn from 0 to min(cap, base · 2^k)",
        "R3": "Retry-After is waited for exactly when it is within patience and time; else the next child starts at once",
        "R4": "the calls seen on the wire are the calls of the trail",
        "R5": "over all requests, retries and hedges stay within the retry budget, a share of the first calls",
        "R6": "audio is sent again only as `replay` allows, in every world",
    },
    "Races": {
        "H1": "an arm starts `stagger` after the arm before it, or at once when an arm fails",
        "H2": "the first accepted answer wins; the other calls are stopped and settled",
        "H3": "with time enough, a race succeeds exactly when one of the arms it started does",
    },
    "Health": {
        "K1": "a deployment that cools off is attempted only by `when_all_cooling: try`, and then the plan says so",
        "K2": "a circuit moves only from closed to open, from open to half-open, and from half-open to closed or open",
        "K3": "after cooling, one good probe restores a deployment; nothing is excluded for ever",
        "K4": "the caller's own faults, deadlines and cancellations change no health",
        "K5": "every call that ended is observed exactly once",
        "K6": "a probe is an ordinary attempt, one at a time",
    },
    "Guardrails": {
        "G1": "input guardrails have passed before any byte leaves",
        "G2": "no answer reaches the caller past an output guardrail: not by streams, races, fallbacks or poor answers",
        "G3": "the guardrails of a node are those of all nodes around it and its own; none is ever removed",
        "G4": "a guardrail that breaks or takes too long blocks, unless it says `on_error: allow`, and then the answer says so",
        "G5": "what is returned is exactly what the last guardrail approved",
        "G6": "a stream under an output guardrail gives the same text as the whole, however it is cut",
        "G7": "a guardrail that cannot run where it is named is found when the spec is checked; it is never skipped",
    },
    "The driver": {
        "X1": "planner and driver together do what the naive interpreter does, on asyncio and on trio",
        "X2": "the shell does nothing that was not commanded",
        "X3": "a run can be cancelled at every await: nothing starts later, nothing outlives it, every slot is released",
        "X4": "an observer that raises changes nothing",
        "X5": "replaying the events of a run gives the same commands",
    },
    "Documents": {
        "S1": "what is printed reads back as the same spec, in YAML, TOML and JSON",
        "S2": "the same document in three formats has one digest",
        "S3": "plans and trails round-trip through JSON",
        "S4": "any bytes give a spec or mistakes with their places, in bounded time",
        "S5": "no secret occurs in a plan, a trail, a log, an error or what a digest is made of",
    },
    "Order": {
        "M1": "appending a child at the end of a route's outermost `first` keeps the trace of every success",
        "M2": "a run that succeeds, and skipped nothing for want of time, has the same trace under every longer root deadline",
        "M3": "adding a `require` or a guardrail only shrinks what can be reached",
        "M4": "lowering a price never worsens a rank under `by: cost`",
    },
    "Analysis": {
        "Q1": "every reason for leaving a deployment out is true, and without all of them it would be in the plan",
        "Q2": "what is said to be unreachable is; everything else has a witness request that reaches it",
        "Q3": "two specs are called the same only if they plan the same; each difference comes with a witness",
        "Q4": "simulation, exact enumeration and real runs agree on the probability of success",
    },
}
