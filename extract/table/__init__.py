"""Tables that people hand in: CSV in any dialect and encoding, or an ``.xlsx`` workbook, as rows of
text; and what their numbers and dates mean, decided for the whole table."""

from extract.table.cells import (
    DateOrder,
    Decimals,
    date_order,
    day_of,
    decimals,
    depends_on_order,
    number,
    whole,
)
from extract.table.reading import BadTable, Row, Table, name_of, read_table
from extract.table.writing import safe_cell

__all__ = [
    "BadTable",
    "DateOrder",
    "Decimals",
    "Row",
    "Table",
    "date_order",
    "day_of",
    "decimals",
    "depends_on_order",
    "name_of",
    "number",
    "read_table",
    "safe_cell",
    "whole",
]
