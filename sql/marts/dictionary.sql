-- The data dictionary: one row per column of every table and view, with what the column, its table and its schema are.
--
-- Reads:   duckdb_tables()    the tables that DuckDB knows
--          duckdb_views()     the views that DuckDB knows
--          duckdb_columns()   the columns that DuckDB knows
-- Grain:   database_name, schema_name, table_name, column_name
-- Columns: schema_name         Schema
--          table_name          Table or view
--          kind                table or view
--          column_name         Column
--          type                Type of the column
--          description         What the column holds, with its unit in brackets
--          table_description   What a row of the table is
--          schema_description  What the schema is for
--          position            Place of the column in its table, from 1
--          database_name       Database: more than one where several are attached
with
-- DuckDB keeps no comments on schemas.
schemas (schema_name, description, position) as (
    values
    ('events', 'What happened, as received: one table per input, one row per event.', 2),
    ('journeys', 'Who did what on the way: identities, sessions, stage visits and cases.', 3),
    ('friction', 'Where it hurt: flags with their evidence, scored points, stages and persons.', 4),
    ('marts', 'Views for people. Start here.', 1),
    ('ops', 'How the tables came to be: runs, loads, quarantine, contract results, measurable signals.', 5)
),

tables as (
    select database_name, schema_name, table_name, 'table' as kind, comment from duckdb_tables() where not internal
    union all
    select database_name, schema_name, view_name as table_name, 'view' as kind, comment
    from duckdb_views()
    where not internal
),

columns as (
    select database_name, schema_name, table_name, column_name, column_index, data_type, comment
    from duckdb_columns()
    where not internal
)

select
    schemas.schema_name,
    tables.table_name,
    tables.kind,
    columns.column_name,
    columns.data_type as type,
    columns.comment as description,
    tables.comment as table_description,
    schemas.description as schema_description,
    columns.column_index as position,
    columns.database_name
from columns
inner join schemas on columns.schema_name = schemas.schema_name
inner join tables
    on columns.database_name = tables.database_name
    and columns.schema_name = tables.schema_name
    and columns.table_name = tables.table_name
order by columns.database_name, schemas.position, tables.table_name, columns.column_index
