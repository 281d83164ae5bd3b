"""Turns a JSON-logic document into functions, and collects everything that is wrong with it on the way."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace
from typing import Any

from rules.bounds import FOREIGN, MOST_STEPS, Budget, Recorder, RuleError
from rules.conditions import Condition
from rules.fields import Field
from rules.measuring import measure
from rules.naming import NAMES, field_at, name_problem
from rules.operators.base import Call, CompileError, Evaluate, Node, Operator, fits
from rules.operators.likeness import constant
from rules.operators.loose import truthy
from rules.operators.rescuing import ERROR_NAMES
from rules.operators.stored import Question
from rules.operators.table import OPERATORS
from rules.operators.times import age_of
from rules.operators.typed import TYPED
from rules.operators.variables import keys_in, keys_of, look_up
from rules.placing import Place, inside, joins_conditions
from rules.problems import Problem, shorten, suggest
from rules.templates import build_template, is_template, template_names
from rules.text import scalar_text
from rules.turned_off import inside_turned_off

TYPED_KEYS = frozenset(operator.key for operator in TYPED)
NOTHING = constant(None)
READING = ("var", "val", "exists")


class Compiler:
    """Compiles one document.

    `problems` are what makes it impossible to decide; `notes` are what a person should put right although the rule
    could be decided, like the name of a field that the flow does not have.
    """

    def __init__(
        self,
        fields: Mapping[str, Field],
        names: Collection[str] | None = NAMES,
        *,
        is_value: bool = False,
        recording: bool = False,
    ) -> None:
        self.fields = fields
        self.names = names
        self.is_value = is_value
        self.recording = recording
        self.own_paths = frozenset(f"lead.{key}" for key in fields)
        self.problems: list[Problem] = []
        self.notes: list[Problem] = []
        self.conditions: list[Condition] = []
        self.variables: set[str] = set()
        self.questions: list[Question] = []

    def compile(self, document: object, at: str = "") -> Node:
        """Return the compiled document; it is only usable when there are no problems."""
        try:
            measure(document)
        except RuleError as error:
            self.problems.append(Problem(at, error.code, error.message))
            return Node(document, at, NOTHING)
        node = self.node(document, at, Place(is_condition=not self.is_value))
        if node.weight > MOST_STEPS:
            self.problems.append(Problem(at, "too_many_steps", f"The rule needs more than {MOST_STEPS:,} steps."))
        return node

    def node(self, document: object, at: str, place: Place) -> Node:
        """Return one compiled expression."""
        if isinstance(document, dict):
            return self.operation(document, at, place)
        if isinstance(document, list) and not self.is_plain(document):
            return self.array(document, at, place)
        if place.is_condition and not isinstance(document, bool):
            self.note(at, "not_a_condition", f"“{shorten(document)}” is a value. A condition compares something.")
        if self.is_value and isinstance(document, str) and is_template(document):
            return self.template(document, at)
        return Node(document, at, constant(document), is_literal=True)

    def note(self, at: str, code: str, message: str) -> None:
        """Note what should be put right."""
        self.notes.append(Problem(at, code, message))

    def is_plain(self, document: object) -> bool:
        """Say whether nothing in a list is computed."""
        if isinstance(document, list):
            return all(map(self.is_plain, document))
        return not isinstance(document, dict) and not (
            self.is_value and isinstance(document, str) and is_template(document)
        )

    def array(self, entries: list[object], at: str, place: Place) -> Node:
        """Return the compiling of a list with computed entries."""
        if place.is_condition:
            self.note(at, "not_a_condition", "A list is a value. A condition compares something.")
        inner = replace(place, is_condition=False, negated=False)
        nodes = [self.node(entry, f"{at}[{i}]", inner) for i, entry in enumerate(entries)]
        runs = [node.run for node in nodes]
        return Node(
            entries,
            at,
            lambda data, budget: [run(data, budget) for run in runs],
            1 + sum(node.weight for node in nodes),
        )

    def template(self, text: str, at: str) -> Node:
        """Return the compiled filling in of a text."""
        for path in template_names(text, self.own_paths):
            self.name(path, at)
        run = self.attempt(at, lambda: build_template(text, at, self.own_paths))
        return Node(text, at, run, 1 + text.count("{{"))

    def name(self, path: str, at: str) -> None:
        """Note a path that is read, and what is wrong with it."""
        self.variables.add(path)
        problem = name_problem(path, self.fields, self.names)
        if problem:
            self.note(at, "unknown_name", problem)

    def operation(self, document: dict[str, object], at: str, place: Place) -> Node:
        """Return the compiled use of one operator."""
        if len(document) != 1:
            found = ", ".join(f"“{shorten(key)}”" for key in list(document)[:3]) or "none"
            self.problems.append(Problem(at, "not_one_operator", f"A rule names exactly one operator, not {found}."))
            return Node(document, at, NOTHING)
        key, written = next(iter(document.items()))
        here = f"{at}.{key}" if at else key
        operator = OPERATORS.get(key)
        if operator is None:
            hint = suggest(key[:40], OPERATORS)
            self.problems.append(Problem(at, "unknown_operator", f"There is no operator “{shorten(key)}”.{hint}"))
            return Node(document, at, NOTHING)
        if key in ("and", "or") and written == []:
            self.problems.append(Problem(here, "empty_group", "There is no rule here yet. Add one."))
            return Node(document, at, NOTHING)
        nodes = self.arguments(operator, written, here, place)
        most = len(nodes) if operator.most is None else operator.most
        if not operator.least <= len(nodes) <= most:
            message = f"“{key}” takes {operator.takes()} arguments, not {len(nodes)}."
            self.problems.append(Problem(here, "wrong_arguments", message))
            return Node(document, at, NOTHING)
        return self.condition(self.built(operator, Call(key, here, nodes), document, at, place), operator, nodes, place)

    def arguments(self, operator: Operator, written: object, here: str, place: Place) -> tuple[Node, ...]:
        """Return the compiled arguments; one that is not in a list stands for itself."""
        entries = written if isinstance(written, list) else [written]
        paths = [f"{here}[{i}]" for i in range(len(entries))] if isinstance(written, list) else [here]
        places = (inside(operator, entries, i, place) for i in range(len(entries)))
        return tuple(
            self.argument(operator, entry, path, at) for entry, path, at in zip(entries, paths, places, strict=True)
        )

    def argument(self, operator: Operator, entry: object, at: str, place: Place) -> Node:
        """Return one compiled argument; what is turned off in a group is not looked into, as it changes nothing."""
        either = operator.key == "or"
        if (either or operator.key == "and") and inside_turned_off(entry, either=either):
            return Node(entry, at, constant(not either), is_literal=True)
        return self.node(entry, at, place)

    def built(self, operator: Operator, call: Call, document: object, at: str, place: Place) -> Node:
        """Return the node of an operator whose arguments are compiled."""
        node = Node(
            document,
            at,
            self.attempt(call.at, lambda: operator.build(call)),
            operator.cost + sum(argument.weight for argument in call.arguments),
            decides=operator.decides,
        )
        if operator.key == "in_list":
            self.question(call, place)
        path = None if place.in_body or operator.key not in READING else known_path(call)
        if path is None or (place.rescuing and path in ERROR_NAMES):
            self.note_misfit(operator, call)
            return node
        return self.variable(node, path) if operator.key != "exists" else self.existence(node, path)

    def existence(self, node: Node, path: str) -> Node:
        """Return the question whether something stands at a known path."""
        self.name(path, node.at)
        return node

    def question(self, call: Call, place: Place) -> None:
        """Note what is asked of a stored list, so that it can be looked up before the rule is decided."""
        if place.in_body:
            message = "A stored list cannot be asked for each entry of a list."
            self.problems.append(Problem(call.at, "list_in_body", message))
        listed = call.arguments[1].document
        self.questions.append(Question(str(listed), call.left.document, call.left.run))

    def attempt(self, at: str, build: Callable[[], Evaluate]) -> Evaluate:
        """Return what is built, or nothing and a problem when it cannot be."""
        try:
            return build()
        except CompileError as error:
            self.problems.append(Problem(error.at, error.code, error.message))
        except RuleError as error:
            self.problems.append(Problem(at, error.code, error.message))
        return NOTHING

    def variable(self, node: Node, path: str) -> Node:
        """Return the reading of a known path with the field that it names."""
        self.name(path, node.at)
        name, _, rest = path.partition(".")
        key, _, part = rest.partition(".")
        field = field_at(path, self.fields)
        if name == "parts" and part == "age" and field is not None:
            return replace(node, run=read_age(key), variable=path, field=field)
        return replace(node, variable=path, field=field)

    def note_misfit(self, operator: Operator, call: Call) -> None:
        """Note an operator of the rule builder that the type of its left value does not offer."""
        if operator.key not in TYPED_KEYS:
            return
        field = call.left.field
        if call.left.variable == "":
            self.note(call.at, "no_field", "Choose the field that this rule is about.")
        if field is not None and not fits(operator.key, field):
            message = f"“{operator.key}” does not fit {field.label}, which is a {field.type}."
            self.note(call.at, "does_not_fit", message)

    def condition(self, node: Node, operator: Operator, nodes: tuple[Node, ...], place: Place) -> Node:
        """Return the node, noted as one of the rule's conditions when it is one, and recorded when that is wanted."""
        if not place.is_condition or joins_conditions(operator, nodes):
            return node
        if not node.decides and not (
            operator.key in ("var", "val") and (node.field is None or node.field.type == "boolean")
        ):
            what = node.field.label if node.field else f"What “{operator.key}” makes"
            self.note(node.at, "not_a_condition", f"{what} is a value. A condition compares it with something.")
        asked = (argument for i, argument in enumerate(nodes) if not argument.is_literal and i != operator.body)
        seen = node if operator.key in READING else next(asked, node)
        index = len(self.conditions)
        self.conditions.append(Condition(node.at, node.document, seen.field, place.negated, fields=self.fields))
        if not self.recording:
            return node
        return replace(node, run=recorded(node.run, None if seen is node else seen.run, index, place.negated))


def known_path(call: Call) -> str | None:
    """Return the path that a variable always reads, None when it is computed or none that can be read."""
    if not call.arguments:
        return ""
    if call.key != "var":
        return path_of_keys([argument.document for argument in call.arguments]) if all_literal(call) else None
    document = call.left.document
    is_path = call.left.is_literal and not isinstance(document, (bool, list))
    return scalar_text(document) if is_path else None


def all_literal(call: Call) -> bool:
    """Say whether nothing in the arguments is computed."""
    return all(argument.is_literal for argument in call.arguments)


def path_of_keys(given: Sequence[object]) -> str | None:
    """Return the dotted path that keys spell, None when one of them has no place in it."""
    try:
        keys = keys_in(given)
    except RuleError:
        return None
    return None if any(not key or "." in key for key in keys) else ".".join(keys)


def recorded(run: Evaluate, seen: Evaluate | None, index: int, negated: bool) -> Evaluate:
    """Return a condition that leaves the value it saw and its verdict with the recorder that a trace runs on.

    Without `seen` it saw its own value.
    """

    def look(data: Any, budget: Budget) -> object:
        value = run(data, budget)
        if isinstance(budget, Recorder):
            found = value if seen is None else glimpse(seen, data, budget)
            budget.seen[index] = (found, truthy(value) is not negated)
        return value

    return look


def glimpse(seen: Evaluate, data: Any, budget: Budget) -> object:
    """Return what a condition saw; nothing where it was decided without looking, and looking fails."""
    try:
        return seen(data, budget)
    except (RuleError, *FOREIGN):
        return None


def read_age(key: str) -> Evaluate:
    """Return the reading of an age in years, which no part can hold because it changes with the day."""
    keys = keys_of(f"lead.{key}")
    return lambda data, _budget: age_of(look_up(data, keys), data)
