"""A sas7bdat file for the tests, written by the library inside pyreadstat, which reads SAS but does not offer to write."""

import ctypes
from importlib import import_module

WRITE = ctypes.CFUNCTYPE(ctypes.c_ssize_t, ctypes.POINTER(ctypes.c_char), ctypes.c_size_t, ctypes.c_void_p)
STRING, DOUBLE = 0, 5


def write_sas(file, rows, formats=None):
    """Write rows with the fields of the first: text as text, numbers as numbers, with SAS formats by field."""
    library = ctypes.CDLL(import_module("pyreadstat._readstat_writer").__file__)
    for name in ("readstat_writer_init", "readstat_add_variable"):
        getattr(library, name).restype = ctypes.c_void_p
    chunks = []

    def keep(data, length, _):
        chunks.append(data[:length])
        return length

    writer, write = ctypes.c_void_p(library.readstat_writer_init()), WRITE(keep)
    library.readstat_set_data_writer(writer, write)
    variables = []
    for name, value in rows[0].items():
        kind, width = (STRING, 40) if isinstance(value, str) else (DOUBLE, 8)
        variable = library.readstat_add_variable(writer, name.encode(), kind, ctypes.c_size_t(width))
        if formats and name in formats:
            library.readstat_variable_set_format(ctypes.c_void_p(variable), formats[name].encode())
        variables.append(ctypes.c_void_p(variable))
    assert library.readstat_begin_writing_sas7bdat(writer, None, ctypes.c_long(len(rows))) == 0
    for row in rows:
        assert library.readstat_begin_row(writer) == 0
        for variable, value in zip(variables, row.values(), strict=True):
            if isinstance(value, str):
                assert library.readstat_insert_string_value(writer, variable, value.encode()) == 0
            elif value is None:
                assert library.readstat_insert_missing_value(writer, variable) == 0
            else:
                assert library.readstat_insert_double_value(writer, variable, ctypes.c_double(value)) == 0
        assert library.readstat_end_row(writer) == 0
    assert library.readstat_end_writing(writer) == 0
    library.readstat_writer_free(writer)
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(b"".join(chunks))
