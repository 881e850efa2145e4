using System.Buffers;
using System.Security.Cryptography;

namespace Sotto.Sodium;

/// <summary>Keys of 32 bytes in files: 32 raw bytes, or 64 hex digits of any case and then white space (session-onion section 7).</summary>
public static class KeyFile
{
    private const int KeySize = 32;

    // 64 digits and a generous tail of line ends and blanks.
    private const int FileSizeMax = 256;

    /// <summary>Reads a secret key. The caller wipes it when it is no longer needed.</summary>
    /// <exception cref="KeyFileException">The file is missing, unreadable, or not a key; the message names the file, never its content.</exception>
    public static byte[] ReadKey(string path)
    {
        var content = ReadStart(path);
        try
        {
            return content.Length == KeySize ? [.. content] : ParseHex(path, content);
        }
        finally
        {
            CryptographicOperations.ZeroMemory(content);
        }
    }

    /// <summary>Reads a secret key, makes something of it, and wipes it.</summary>
    /// <param name="path">The file.</param>
    /// <param name="make">Takes what it needs; the bytes are gone when it has returned.</param>
    /// <exception cref="KeyFileException">As <see cref="ReadKey(string)"/>.</exception>
    public static T ReadKey<T>(string path, Func<byte[], T> make)
    {
        var key = ReadKey(path);
        try
        {
            return make(key);
        }
        finally
        {
            CryptographicOperations.ZeroMemory(key);
        }
    }

    /// <summary>Reads a public key: 64 hex digits and then white space.</summary>
    /// <exception cref="KeyFileException">The file is missing, unreadable, or not a key.</exception>
    public static byte[] ReadPublicKey(string path) => ParseHex(path, ReadStart(path));

    /// <summary>Writes a secret key as hex to a new file that only its owner may read (mode 0600). A file that is there already is never overwritten.</summary>
    /// <exception cref="ArgumentException">The key is not 32 bytes.</exception>
    /// <exception cref="KeyFileException">The file exists or cannot be written.</exception>
    public static void Write(string path, ReadOnlySpan<byte> key) =>
        WriteHex(path, key, FileMode.CreateNew, UnixFileMode.UserRead | UnixFileMode.UserWrite);

    /// <summary>Writes a public key as hex to a file that everybody may read (mode 0644), new or not.</summary>
    /// <exception cref="ArgumentException">The key is not 32 bytes.</exception>
    /// <exception cref="KeyFileException">The file cannot be written.</exception>
    public static void WritePublicKey(string path, ReadOnlySpan<byte> key) =>
        WriteHex(path, key, FileMode.Create, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead | UnixFileMode.OtherRead);

    // One byte too many is read, so that a file that is too long is seen to be.
    private static byte[] ReadStart(string path)
    {
        try
        {
            using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read, bufferSize: 0);
            Span<byte> content = stackalloc byte[FileSizeMax + 1];
            var length = file.ReadAtLeast(content, content.Length, throwOnEndOfStream: false);
            var read = content[..length].ToArray();
            CryptographicOperations.ZeroMemory(content);
            return read;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new KeyFileException($"The key file {path} cannot be read: {e.Message}", e);
        }
    }

    private static byte[] ParseHex(string path, ReadOnlySpan<byte> content)
    {
        var digits = content.TrimEnd(" \t\r\n"u8);
        var key = new byte[KeySize];
        return content.Length <= FileSizeMax && digits.Length == 2 * KeySize && Convert.FromHexString(digits, key, out _, out _) == OperationStatus.Done
            ? key
            : throw NotAKey(path);
    }

    private static KeyFileException NotAKey(string path) => new($"The key file {path} must hold one key of {KeySize} bytes, as hex digits (a secret key may also be raw).");

    private static void WriteHex(string path, ReadOnlySpan<byte> key, FileMode mode, UnixFileMode permissions)
    {
        ByteSize.Require(key.Length, KeySize);
        var options = new FileStreamOptions { Mode = mode, Access = FileAccess.Write, Share = FileShare.None, BufferSize = 0 };
        if (!OperatingSystem.IsWindows())
            options.UnixCreateMode = permissions;

        var text = new byte[2 * KeySize + 1];
        Convert.TryToHexStringLower(key, text, out _);
        text[^1] = (byte)'\n';
        try
        {
            using var file = new FileStream(path, options);
            file.Write(text);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new KeyFileException($"The key file {path} cannot be written: {e.Message}", e);
        }
        finally
        {
            CryptographicOperations.ZeroMemory(text);
        }
    }
}

/// <summary>A key file is missing, unreadable, in the way, or holds no key. The message names the file, never its content.</summary>
public sealed class KeyFileException(string message, Exception? inner = null) : IOException(message, inner);
