using System.Collections.Frozen;
using Sotto.Contracts;
using Sotto.Hosting.Settings;
using Sotto.Sodium;

namespace SubscriptionApi.Providers;

/// <summary>The public keys that secrets are sealed to, by the names of their files. Looks at the folder again at most once in <see cref="LookAgainAfter"/>.</summary>
/// <remarks>Thread-safe. While running, a file that cannot be read leaves the key that was read before; a file that is gone takes its key along.</remarks>
internal sealed class SealingKeys
{
    /// <summary>The key that envelope keys are sealed to.</summary>
    public const string Encryptor = "encryptor";

    /// <summary>Most files that are looked at.</summary>
    public const int FilesMax = 256;

    private const string Extension = ".pub";

    private static readonly TimeSpan LookAgainAfter = TimeSpan.FromSeconds(1);

    private readonly Lock _looking = new();
    private readonly string _folder;
    private readonly TimeProvider _clock;
    private readonly ILogger _logger;
    private FrozenDictionary<string, byte[]> _keys;
    private long _lookedAt;

    /// <summary>Reads the folder.</summary>
    /// <exception cref="SettingsException">It is absent, holds a file that is no key, or has no key of the Encryptor.</exception>
    public SealingKeys(SealingSettings settings, TimeProvider clock, ILogger<SealingKeys> logger)
    {
        (_folder, _clock, _logger) = (settings.PublicKeysFolder, clock, logger);
        try
        {
            _keys = Files().ToFrozenDictionary(NameOf, ReadKey, StringComparer.Ordinal);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new SettingsException($"Setting Sealing:PublicKeysFolder: {e.Message}");
        }

        if (!_keys.ContainsKey(Encryptor))
            throw new SettingsException($"Setting Sealing:PublicKeysFolder: {_folder} holds no {Encryptor}{Extension}.");
        _lookedAt = clock.GetTimestamp();
    }

    /// <summary>The key of this name, 32 bytes; null when there is none.</summary>
    public byte[]? Find(string name)
    {
        if (_clock.GetElapsedTime(Volatile.Read(ref _lookedAt)) >= LookAgainAfter && _looking.TryEnter())
        {
            try
            {
                LookAgain();
            }
            finally
            {
                _looking.Exit();
            }
        }

        return Volatile.Read(ref _keys).GetValueOrDefault(name);
    }

    private void LookAgain()
    {
        Volatile.Write(ref _lookedAt, _clock.GetTimestamp());
        try
        {
            var found = new Dictionary<string, byte[]>(StringComparer.Ordinal);
            foreach (var file in Files())
            {
                if (ReadAgain(file) is { } key)
                    found[NameOf(file)] = key;
            }

            Volatile.Write(ref _keys, found.ToFrozenDictionary(StringComparer.Ordinal));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            _logger.KeysNotRead(e.GetType().Name);
        }
    }

    private byte[]? ReadAgain(string file)
    {
        try
        {
            return ReadKey(file);
        }
        catch (KeyFileException e)
        {
            _logger.KeyNotRead(NameOf(file), e.GetType().Name);
            return _keys.GetValueOrDefault(NameOf(file));
        }
    }

    private IEnumerable<string> Files() =>
        Directory.EnumerateFiles(_folder, "*" + Extension).Where(file => Provider.IsWellFormed(NameOf(file))).Take(FilesMax);

    private static string NameOf(string file) => Path.GetFileNameWithoutExtension(file)!;

    // Sealing once shows that something can be sealed to it: a point of small order is refused here and not in the middle of a request.
    private static byte[] ReadKey(string file)
    {
        var key = KeyFile.ReadPublicKey(file);
        try
        {
            SealedBox.Seal([], key);
            return key;
        }
        catch (ArgumentException)
        {
            throw new KeyFileException($"The key file {file} holds a point that nothing can be sealed to.");
        }
    }
}
