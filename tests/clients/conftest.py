from collections.abc import Iterator

import pytest

from tests.clients.world import World, world


@pytest.fixture
def there() -> Iterator[World]:
    """A gateway of the test's own: what one test sees of a provider must not matter to the next."""
    with world() as opened:
        yield opened
