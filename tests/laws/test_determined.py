"""Laws D1-D3: equal inputs give equal bytes anywhere, order of writing means nothing, an edit stays where it is made."""

import hashlib
import os
import random
import subprocess
import sys
from pathlib import Path
from typing import TypeVar

import msgspec
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from tests.laws.cases import Case, case_of, cases, compiled, nodes, plan_of, result_of, rewritten, spec_of, use
from tests.strategies import DEPLOYMENTS, routing_nodes, seeds
from voxplan.engine.language.spec import Arm, Balance, Retry, RouteNode, Spec
from voxplan.engine.plans.plan import First, Node, Plan, Refusal

ROOT = Path(__file__).parents[2]


def spread(*names: str) -> Balance:
    """A balance over `names` with weights 1, 2, 3 and so on."""
    return Balance(among=tuple(Arm(route=use(name), weight=weight) for weight, name in enumerate(names, 1)))


@given(cases())
def test_d1_equal_inputs_give_equal_bytes(case: Case) -> None:
    """D1: compiled and planned again from a copy of everything, the bytes are the same."""
    spec = msgspec.json.decode(msgspec.json.encode(case.spec), type=Spec)
    again = result_of(compiled(spec), case.request, case.view, case.moment, case.seed)
    assert msgspec.json.encode(again) == msgspec.json.encode(case.result())


def test_d1_holds_across_processes_and_hash_seeds() -> None:
    """D1: other processes, whose sets and dictionaries of strings have other orders, make the same plans."""
    program = "from tests.laws.test_determined import digests; print(' '.join(digests()))"
    printed = {
        subprocess.run(
            [sys.executable, "-c", program],
            check=True,
            capture_output=True,
            text=True,
            cwd=ROOT,
            env=os.environ | {"PYTHONHASHSEED": hash_seed, "PYTHONPATH": os.pathsep.join(sys.path)},
        ).stdout.strip()
        for hash_seed in ("0", "1", "4242")
    }
    assert printed == {" ".join(digests())}


def digests() -> tuple[str, ...]:
    """The bytes of many plans and refusals, in short."""
    made = (case_of(seed).result() for seed in range(60))
    return tuple(hashlib.sha256(msgspec.json.encode(each)).hexdigest()[:8] for each in made)


@given(cases(), st.randoms(use_true_random=False))
def test_d2_the_order_of_keys_and_arms_means_nothing(case: Case, chance: random.Random) -> None:
    """D2: permuting mapping keys, or the arms of every `balance`, leaves the plan as it is."""
    spec = case.spec
    permuted = replace(
        spec,
        accounts=_shuffled(spec.accounts, chance),
        deployments=_shuffled(spec.deployments, chance),
        guardrails=_shuffled(spec.guardrails, chance),
        routes=_shuffled({name: _permuted(node, chance) for name, node in spec.routes.items()}, chance),
    )
    again = result_of(compiled(permuted), case.request, case.view, case.moment, case.seed)
    assert _without_digest(again) == _without_digest(case.result())


@given(cases(), st.randoms(use_true_random=False))
def test_d2_the_order_of_keys_is_not_in_the_digest(case: Case, chance: random.Random) -> None:
    """D2: a spec whose keys stand in another order is the same spec."""
    permuted = replace(
        case.spec, deployments=_shuffled(case.spec.deployments, chance), routes=_shuffled(case.spec.routes, chance)
    )
    assert compiled(permuted).digest == case.router.digest


T = TypeVar("T")


def _shuffled(mapping: dict[str, T], chance: random.Random) -> dict[str, T]:
    names = list(mapping)
    chance.shuffle(names)
    return {name: mapping[name] for name in names}


def _permuted(node: RouteNode, chance: random.Random) -> RouteNode:
    """The node with the arms of every `balance` below it in another order."""

    def shuffled(each: RouteNode) -> RouteNode:
        if each.balance is None:
            return each
        return replace(
            each, balance=replace(each.balance, among=tuple(chance.sample(each.balance.among, len(each.balance.among))))
        )

    return rewritten(node, shuffled)


def _without_digest(made: Plan | Refusal) -> Plan | Refusal:
    # The digest names the document, and a document may keep the order of a list.
    return replace(made, spec_digest="") if isinstance(made, Plan) else made


SUBTREES = routing_nodes((*DEPLOYMENTS, "other"), depth=2).map(lambda node: replace(node, name=None))


@given(SUBTREES, SUBTREES, SUBTREES, seeds())
def test_d3_editing_one_subtree_changes_no_draw_in_another(
    before: RouteNode, after: RouteNode, other: RouteNode, seed: int
) -> None:
    """D3: with `x` replaced by anything, `y` beside it is planned as before: same orders, same waits."""
    used = RouteNode(balance=spread("a", "b", "c"), retry=Retry(times=1))
    kept = replace(other, name="y")
    plans = [
        plan_of(spec_of(RouteNode(first=(replace(edited, name="x"), kept, use("e"))), {"other": used}), seed=seed)
        for edited in (before, after)
    ]
    assert _at(plans[0].root, "main/y") == _at(plans[1].root, "main/y")


@given(SUBTREES, seeds())
def test_d3_the_route_that_uses_a_route_does_not_change_its_draws(other: RouteNode, seed: int) -> None:
    """D3: what stands around a `use` of a route changes no order in it."""
    part = RouteNode(balance=spread("a", "b", "c", "d", "e"))
    alone = plan_of(spec_of(use("part"), {"part": part}), seed=seed)
    main = RouteNode(first=(replace(other, name="x"), use("part")))
    below = plan_of(spec_of(main, {"part": part, "other": use("a")}), seed=seed)
    assert _order(alone.root) == _order(_at(below.root, "main/part"))


@given(seeds())
def test_d3_is_false_for_nodes_without_a_name_of_their_own(seed: int) -> None:
    """D3, a near miss: nameless siblings of one form are numbered, so that removing the first renames the second."""
    second = RouteNode(balance=spread("a", "b"))
    two = plan_of(spec_of(main=RouteNode(first=(RouteNode(balance=spread("c", "d")), second))), seed=seed)
    one = plan_of(spec_of(main=RouteNode(first=(use("c"), second))), seed=seed)
    assert _at(two.root, "main/balance~2") is not None
    assert _at(one.root, "main/balance~2") is None


def _at(root: Node, name: str) -> Node | None:
    """What stands at the node called `name`: it, or the branch of it that is taken."""
    return next((node for node in nodes(root) if f"{node.node}/".startswith(f"{name}/")), None)


def _order(node: Node | None) -> list[str]:
    assert isinstance(node, First)
    return [child.node.rsplit("/", 1)[1] for child in node.children]
