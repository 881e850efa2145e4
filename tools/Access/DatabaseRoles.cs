using Npgsql;

namespace Sotto.Access;

/// <summary>Gives each service a role of the database that owns one schema and reaches nothing else. Idempotent.</summary>
public static class DatabaseRoles
{
    // What the schema's former owner made before there were roles becomes the service's too.
    private const string TakeOver =
        """
        DO $do$
        DECLARE it record;
        BEGIN
            FOR it IN SELECT c.oid::regclass AS name, c.relkind AS kind FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
                WHERE n.nspname = '{0}' AND c.relkind IN ('r', 'p', 'v', 'S') AND pg_get_userbyid(c.relowner) <> '{1}'
                AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.objid = c.oid AND d.classid = 'pg_class'::regclass AND d.deptype IN ('a', 'i') AND c.relkind = 'S')
            LOOP
                EXECUTE format('ALTER %s %s OWNER TO "{1}"', CASE it.kind WHEN 'S' THEN 'SEQUENCE' WHEN 'v' THEN 'VIEW' ELSE 'TABLE' END, it.name);
            END LOOP;
            FOR it IN SELECT p.oid::regprocedure AS name FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace WHERE n.nspname = '{0}' AND pg_get_userbyid(p.proowner) <> '{1}'
            LOOP
                EXECUTE format('ALTER ROUTINE %s OWNER TO "{1}"', it.name);
            END LOOP;
        END $do$;
        """;

    /// <summary>Makes the roles, or gives those that are there the passwords, and hands each its schema.</summary>
    /// <param name="administrator">A connection string whose user may make roles and owns the database.</param>
    /// <param name="credentials">For whom; those without a schema are passed over.</param>
    /// <param name="cancellationToken">Gives up; what was done stays.</param>
    /// <exception cref="PostgresException">The user has not the right to, or the server refuses for another reason.</exception>
    public static async Task ApplyAsync(string administrator, IEnumerable<ServiceCredentials> credentials, CancellationToken cancellationToken)
    {
        await using var connection = await OpenAsync(administrator, cancellationToken);
        var database = connection.Database;
        await ExecuteAsync(connection, $"""REVOKE ALL ON DATABASE "{database}" FROM PUBLIC; REVOKE ALL ON SCHEMA public FROM PUBLIC""", cancellationToken);
        foreach (var one in credentials.Where(one => one.Access.Schema is not null))
        {
            var (role, schema) = (one.Role, one.Access.Schema!);
            var verb = await ExistsAsync(connection, role, cancellationToken) ? "ALTER" : "CREATE";
            await ExecuteAsync(
                connection,
                $"""
                {verb} ROLE "{role}" LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION PASSWORD '{one.Password}';
                GRANT "{role}" TO CURRENT_USER;
                GRANT CONNECT ON DATABASE "{database}" TO "{role}";
                CREATE SCHEMA IF NOT EXISTS "{schema}";
                ALTER SCHEMA "{schema}" OWNER TO "{role}";
                REVOKE ALL ON SCHEMA "{schema}" FROM PUBLIC;
                """ + TakeOver.Replace("{0}", schema, StringComparison.Ordinal).Replace("{1}", role, StringComparison.Ordinal),
                cancellationToken);
        }
    }

    /// <summary>Removes the roles; their schemas must be gone, with their database for instance.</summary>
    public static async Task RemoveAsync(string administrator, IEnumerable<ServiceCredentials> credentials, CancellationToken cancellationToken)
    {
        await using var connection = await OpenAsync(administrator, cancellationToken);
        foreach (var one in credentials.Where(one => one.Access.Schema is not null))
            await ExecuteAsync(connection, $"""DROP ROLE IF EXISTS "{one.Role}" """, cancellationToken);
    }

    private static async Task<NpgsqlConnection> OpenAsync(string administrator, CancellationToken cancellationToken)
    {
        // No pool: this comes once. No details: they would repeat statements, and the passwords in them.
        var connection = new NpgsqlConnection(new NpgsqlConnectionStringBuilder(administrator) { Pooling = false, IncludeErrorDetail = false }.ConnectionString);
        await connection.OpenAsync(cancellationToken);
        return connection;
    }

    private static async Task<bool> ExistsAsync(NpgsqlConnection connection, string role, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand("SELECT EXISTS (SELECT FROM pg_roles WHERE rolname = $1)", connection) { Parameters = { new() { Value = role } } };
        return (bool)(await command.ExecuteScalarAsync(cancellationToken))!;
    }

    private static async Task ExecuteAsync(NpgsqlConnection connection, string sql, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync(cancellationToken);
    }
}
