import pickle

import pytest

from cellrun.core.context.pickles.pickling import ClassIds, pickle_together
from cellrun.core.context.pickles.references import loading_into


class Notebook:
    """A namespace whose classes are pickled by value, and loaded into another one."""

    def __init__(self, source):
        self.names = {"__name__": "__main__"}
        exec(source, self.names)
        self.ids = ClassIds()

    def pickled(self, *names):
        return pickle_together([self.names[name] for name in names], self.names, lambda _: None, self.ids).payload

    def load(self, *names, into=None):
        with loading_into({"__name__": "__main__"} if into is None else into):
            return pickle.loads(self.pickled(*names))


def test_slots_stay_slots():
    notebook = Notebook(
        "class S:\n    __slots__ = ('a', '__b')\n    def __init__(self): self.a, self.__b = 1, 2\ns = S()"
    )
    (s,) = notebook.load("s")
    assert (s.a, s._S__b) == (1, 2)
    assert not hasattr(s, "__dict__")
    with pytest.raises(AttributeError):
        s.other = 1


def test_the_qualified_name_of_a_nested_class_stays():
    (outer,) = Notebook("class A:\n    class B: pass").load("A")
    assert outer.B.__qualname__ == "A.B"


@pytest.mark.parametrize(
    "source",
    [
        "class Base:\n    def __init_subclass__(cls, tag):\n        made.append(tag)\n        cls.tag = tag\n",
        (
            "class Meta(type):\n    def __new__(meta, name, bases, body, tag=''):\n        made.append(tag)\n"
            "        return super().__new__(meta, name, bases, body)\n"
            "    def __init__(cls, name, bases, body, tag=''): cls.tag = tag\nclass Base(metaclass=Meta): pass\n"
        ),
    ],
    ids=["init_subclass", "metaclass"],
)
def test_a_class_statement_runs_only_once(source):
    notebook = Notebook(f"made = []\n{source}class X(Base, tag='t'): pass\nx = X()")
    before = list(notebook.names["made"])
    here = {"made": before, "__name__": "__main__"}
    kind, x = notebook.load("X", "x", into=here)
    assert kind.tag == "t"
    assert type(x) is kind
    assert here["made"] == notebook.names["made"] == before


def test_a_subclass_made_later_is_told_as_ever():
    notebook = Notebook("class Base:\n    told = []\n    def __init_subclass__(cls): cls.told.append(cls.__name__)")
    (base,) = notebook.load("Base")
    type("Later", (base,), {})
    assert base.told == ["Later"]


def test_members_of_an_enum_keep_what_their_init_set():
    notebook = Notebook(
        "from enum import Enum\nclass Planet(Enum):\n    EARTH = (5.9, 6.3)\n    TERRA = (5.9, 6.3)\n"
        "    MARS = (0.6, 3.4)\n"
        "    def __init__(self, mass, radius): self.mass, self.radius = mass, radius\n"
    )
    (planet,) = notebook.load("Planet")
    assert (planet.MARS.mass, planet((5.9, 6.3)).radius) == (0.6, 6.3)
    assert planet.TERRA is planet.EARTH
    assert [each.name for each in planet] == ["EARTH", "MARS"]


def test_members_of_an_enum_keep_what_their_new_made():
    notebook = Notebook(
        "from enum import Enum\nclass Code(bytes, Enum):\n    def __new__(cls, number, label):\n"
        "        made = bytes.__new__(cls, [number])\n        made._value_, made.label = number, label\n"
        "        return made\n"
        "    A = (1, 'a')\n"
    )
    (code,) = notebook.load("Code")
    assert (bytes(code.A), code(1).label, code.A.value) == (b"\x01", "a", 1)


def test_flags_make_members_that_were_not_named():
    (flags,) = Notebook("from enum import Flag, auto\nclass F(Flag):\n    A = auto()\n    B = auto()").load("F")
    assert flags.A in (flags.A | flags.B)
    assert (flags.A | flags.B).value == 3


def test_a_class_is_one_within_a_load_and_another_in_the_next():
    notebook = Notebook("class P: pass\np = P()")
    with loading_into({}):
        (kind,), (p,) = pickle.loads(notebook.pickled("P")), pickle.loads(notebook.pickled("p"))
    assert type(p) is kind
    assert notebook.load("P") != [kind]
