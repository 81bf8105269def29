"""Data set x codec x setting to rows; rows to tables, curves and reports."""
