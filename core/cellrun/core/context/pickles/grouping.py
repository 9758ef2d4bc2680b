"""Which values have to be pickled together, so that what they share is shared again when they are loaded."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Protocol

from cellrun.core.context.pickles.arrays import Array, sharing


class Packed(Protocol):
    """A value as it would be written alone."""

    @property
    def payload(self) -> bytes:
        """The value itself."""

    @property
    def objects(self) -> Mapping[int, object]:
        """Everything in it that could be in another value too, by identity."""

    @property
    def arrays(self) -> Sequence[Array]:
        """Arrays in it that may share memory with those of other values."""


def grouped(packed: Mapping[str, Packed], ties: Mapping[str, Iterable[object]]) -> list[list[str]]:
    """Return the names of values in groups that share an object or memory, directly or by way of others.

    `ties` are further things by which names belong together if they have one in common.
    """
    memories = {
        id(array): ("memory", number)
        for number, together in enumerate(sharing([array for each in packed.values() for array in each.arrays]))
        for array in together
    }
    leader = {name: name for name in packed}

    def lead(name: str) -> str:
        while leader[name] != name:
            name = leader[name]
        return name

    first_with: dict[object, str] = {}
    have_objects = False
    by_size = sorted(packed.items(), key=lambda item: len(item[1].payload))
    for number, (name, each) in enumerate(by_size, 1):
        is_largest = number == len(by_size)
        objects: Collection[int] = ()
        if not is_largest:
            objects = each.objects
            have_objects = have_objects or bool(objects)
        elif have_objects:  # it may hold millions, which are looked at only if others have anything
            objects = each.objects.keys() & first_with.keys()
        in_memories = [memories[id(array)] for array in each.arrays if id(array) in memories]
        for key in (*objects, *in_memories, *ties.get(name, ())):
            leader[lead(name)] = lead(first_with.setdefault(key, name))
    groups = defaultdict(list)
    for name in sorted(packed):
        groups[lead(name)].append(name)
    return list(groups.values())
