"""Values do not change: what was printed, compared or stored is what is used."""

import importlib
import inspect

import msgspec

from tests.architecture.sources import Source, for_each, sources


@for_each(sources("engine", "adapters"))
def test_structs_are_frozen(source: Source) -> None:
    """No struct of the pure rooms can be written to after it was made."""
    members = vars(importlib.import_module(source.module)).values()
    structs = [each for each in members if inspect.isclass(each) and issubclass(each, msgspec.Struct)]
    assert [each.__name__ for each in structs if not each.__struct_config__.frozen] == []
