using Npgsql;
using Sotto.Hosting.Settings;

namespace Encryptor;

/// <summary>Refuses to start with another private key than the one that wrapped the stored envelope keys: every message would be taken and none could be sealed.</summary>
internal sealed class KeyCheck(NpgsqlDataSource database, EncryptorKeys keys) : IHostedService
{
    public async Task StartAsync(CancellationToken cancellationToken)
    {
        // Whoever starts first writes it; the update that changes nothing makes RETURNING show the row that is there.
        await using var command = database.CreateCommand(
            """
            INSERT INTO key_fingerprint AS held (fingerprint) VALUES ($1)
            ON CONFLICT (one) DO UPDATE SET fingerprint = held.fingerprint
            RETURNING fingerprint
            """);
        command.Parameters.Add(new NpgsqlParameter<byte[]> { TypedValue = keys.Fingerprint.ToArray() });
        var held = (byte[])(await command.ExecuteScalarAsync(cancellationToken))!;
        if (!keys.Fingerprint.Span.SequenceEqual(held))
        {
            throw new SettingsException(
                "Setting Encryptor:PrivateKeyFile: this is not the key that wrapped the envelope keys in the database. "
                + $"Give it back, or empty the schema {EncryptorProgram.Schema} and have all subscriptions published again.");
        }
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
}
