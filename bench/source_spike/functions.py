"""The contract behind other kinds of Python function than the one that the job uses, to be measured against it."""

from collections.abc import Iterator

import pandas as pd
from pyflink.table import DataTypes, FunctionContext, ScalarFunction, TableFunction
from pyflink.table.udf import udf, udtf

from pipeline.contract import ParsedEvent
from pipeline.parse_event import RESULT_TYPE, ParseEvent
from pipeline.settings import contract_from_env


class ParseIntoRows(TableFunction):
    """The contract as a table function: LATERAL TABLE(parse_rows(value, append_ms))."""

    def open(self, function_context: FunctionContext) -> None:
        self._contract = contract_from_env()

    def eval(self, value: bytes | None, append_ms: int) -> Iterator[tuple]:
        yield tuple(self._contract.parse(value, append_ms))


class ParseBatch(ScalarFunction):
    """The contract over a batch of records: pandas Series in, one DataFrame out (Arrow, process mode)."""

    def open(self, function_context: FunctionContext) -> None:
        self._contract = contract_from_env()

    def eval(self, value: pd.Series, append_ms: pd.Series) -> pd.DataFrame:
        columns = zip(*map(self._contract.parse, value, append_ms), strict=True)
        return pd.DataFrame(
            {name: pd.Series(column, dtype=object) for name, column in zip(ParsedEvent._fields, columns, strict=True)}
        )


class Echo(ScalarFunction):
    """Give the value back: the price of the call alone."""

    def eval(self, value: bytes | None, append_ms: int) -> bytes | None:
        return value


parse_scalar = udf(ParseEvent(), result_type=RESULT_TYPE)
parse_batch = udf(ParseBatch(), result_type=RESULT_TYPE, func_type="pandas")
parse_rows = udtf(ParseIntoRows(), result_types=[field.data_type for field in RESULT_TYPE.fields])
echo = udf(Echo(), result_type=DataTypes.BYTES())
