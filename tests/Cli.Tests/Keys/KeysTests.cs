using System.Security.Cryptography;
using Cli.Tests.Support;
using Sotto.Sodium;

namespace Cli.Tests.Keys;

/// <summary><c>sotto keys</c>: what it makes, what it takes over, and what it never touches.</summary>
public sealed class KeysTests
{
    private string _folder = null!;
    private string _theirs = null!;
    private byte[] _key = null!;

    [SetUp]
    public async Task CreateAsync()
    {
        var temporary = Directory.CreateTempSubdirectory("sotto-keys-").FullName;
        (_folder, _theirs, _key) = (Path.Combine(temporary, "keys"), Path.Combine(temporary, "onionreq_key"), RandomNumberGenerator.GetBytes(32));
        await File.WriteAllBytesAsync(_theirs, _key);
    }

    [TearDown]
    public void Delete() => Directory.Delete(Path.GetDirectoryName(_folder)!, recursive: true);

    [TestCase(false)]
    [TestCase(true)]
    public async Task The_existing_servers_key_is_taken_over_raw_or_as_hex(bool isHex)
    {
        if (isHex)
            await File.WriteAllTextAsync(_theirs, Convert.ToHexString(_key) + "\r\n\n");

        var taken = (await TypesAsync("import", _theirs, "--json")).Json;
        var made = (await TypesAsync("generate", "--json")).Json;

        Assert.That(taken.GetProperty("publicKey").GetString(), Is.EqualTo(Convert.ToHexStringLower(PublicKey(_key))));
        Assert.That(KeyFile.ReadKey(Path.Combine(_folder, "onion.key")), Is.EqualTo(_key), "what is there is not made anew");
        Assert.That(made.EnumerateArray().Count(key => !key.GetProperty("made").GetBoolean()), Is.EqualTo(1));
        Assert.That(File.GetUnixFileMode(Path.Combine(_folder, "onion.key")), Is.EqualTo(UnixFileMode.UserRead | UnixFileMode.UserWrite));
    }

    [Test]
    public async Task The_same_key_again_is_no_change_and_another_one_is_refused()
    {
        await TypesAsync("import", _theirs);
        var again = await TypesAsync("import", _theirs, "--json");
        await File.WriteAllBytesAsync(_theirs, RandomNumberGenerator.GetBytes(32));

        var other = await TypesAsync("import", _theirs);

        Assert.That(again.Json.GetProperty("made").GetBoolean(), Is.False);
        Assert.That((other.ExitCode, other.Output), Is.EqualTo((1, "")));
        Assert.That(other.Error, Does.Contain("onion.key").And.Contain("holds another key"));
        Assert.That(KeyFile.ReadKey(Path.Combine(_folder, "onion.key")), Is.EqualTo(_key));
    }

    [Test]
    public async Task What_is_no_key_and_a_folder_that_is_not_there_are_said_in_a_sentence()
    {
        await File.WriteAllTextAsync(_theirs, "not a key");

        var wrong = await TypesAsync("import", _theirs);
        var missing = await TypesAsync("import", _theirs + ".missing");
        var nothing = await TypesAsync("show");

        Assert.That((wrong.ExitCode, missing.ExitCode, nothing.ExitCode), Is.EqualTo((1, 1, 1)));
        Assert.That(wrong.Error, Does.Contain("must hold one key of 32 bytes"));
        Assert.That(missing.Error, Does.Contain("cannot be read"));
        Assert.That(nothing.Error, Does.Contain("There is no folder").And.Contain("keys generate"));
    }

    [Test]
    public async Task No_private_key_reaches_the_terminal()
    {
        var taken = await TypesAsync("import", _theirs);
        var made = await TypesAsync("generate");
        var shown = await TypesAsync("show");

        Assert.That(taken.Output + made.Output + shown.Output, Does.Not.Contain(Convert.ToHexStringLower(_key)));
        Assert.That(shown.Output, Does.Contain(Convert.ToHexStringLower(PublicKey(_key))));
    }

    private static byte[] PublicKey(byte[] key)
    {
        var publicKey = new byte[X25519.KeySize];
        X25519.PublicKey(key, publicKey);
        return publicKey;
    }

    private Task<CommandResult> TypesAsync(params string[] typed) => Operator.TypesAsync(["keys", .. typed, "--folder", _folder]);
}
