"""The contract as a function of Flink SQL: `parse_event(value, append_ms)` gives one ROW per record.

Flink loads this module inside its own process (thread mode), so the settings come from the environment of that process.
"""

from pyflink.common import Row
from pyflink.table import DataTypes, FunctionContext, ScalarFunction
from pyflink.table.udf import udf

from pipeline.contract import EventContract, ParsedEvent
from pipeline.settings import contract_from_env

_SQL_TYPES = {str: DataTypes.STRING(), int: DataTypes.BIGINT(), bool: DataTypes.BOOLEAN()}


def _sql_type(annotation: object) -> object:
    kind = next(kind for kind in (bool, int, str) if annotation in (kind, kind | None))
    return _SQL_TYPES[kind]


RESULT_TYPE = DataTypes.ROW(
    [DataTypes.FIELD(name, _sql_type(annotation)) for name, annotation in ParsedEvent.__annotations__.items()]
)


class ParseEvent(ScalarFunction):
    """Apply the event contract to one record."""

    def open(self, function_context: FunctionContext) -> None:
        """Read the deployment's settings; raise ConfigurationError where they are faulty."""
        self._contract: EventContract = contract_from_env()

    def eval(self, value: bytes | None, append_ms: int) -> Row:
        """Return the ParsedEvent of the record as a ROW."""
        return Row(*self._contract.parse(value, append_ms))


parse_event = udf(ParseEvent(), result_type=RESULT_TYPE)
