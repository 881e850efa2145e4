using System.Runtime.Versioning;
using System.Text;
using Sotto.Sodium;

namespace Protocols.Tests.Sodium;

[UnsupportedOSPlatform("windows")]
public sealed class KeyFileTests
{
    private static readonly byte[] Key = [.. Enumerable.Range(0, 32).Select(i => (byte)(200 + i))];

    private string _folder = "";

    private string KeyPath => Path.Combine(_folder, "service.key");

    private static IEnumerable<string> NoKeys =>
        ["", "\n", "00", new string('0', 63), new string('0', 65), new string('g', 64), ' ' + new string('0', 64), "0x" + new string('0', 62),
            new string('0', 64) + "\n0", new string('0', 64) + new string(' ', 300), new string('x', 31), new string('x', 33), new string('0', 10_000)];

    [SetUp]
    public void MakeFolder() => _folder = Directory.CreateTempSubdirectory("sotto-keys-").FullName;

    [TearDown]
    public void RemoveFolder() => Directory.Delete(_folder, recursive: true);

    [Test]
    public void A_key_written_is_read_and_only_its_owner_may_read_it()
    {
        KeyFile.Write(KeyPath, Key);

        Assert.That(KeyFile.ReadKey(KeyPath), Is.EqualTo(Key));
        Assert.That(File.GetUnixFileMode(KeyPath), Is.EqualTo(UnixFileMode.UserRead | UnixFileMode.UserWrite));
    }

    [Test]
    public void A_key_is_never_overwritten()
    {
        KeyFile.Write(KeyPath, Key);

        Assert.That(() => KeyFile.Write(KeyPath, new byte[32]), Throws.InstanceOf<KeyFileException>().With.Message.Contains(KeyPath));
        Assert.That(KeyFile.ReadKey(KeyPath), Is.EqualTo(Key));
    }

    [Test]
    public void A_public_key_may_be_written_again_and_read_by_everybody()
    {
        KeyFile.WritePublicKey(KeyPath, new byte[32]);
        KeyFile.WritePublicKey(KeyPath, Key);

        Assert.That(KeyFile.ReadPublicKey(KeyPath), Is.EqualTo(Key));
        Assert.That(File.GetUnixFileMode(KeyPath) & UnixFileMode.UserRead, Is.Not.Zero);
    }

    [Test]
    public void A_key_is_raw_or_hex_of_any_case_with_white_space_behind_it()
    {
        File.WriteAllBytes(KeyPath, Key);
        Assert.That(KeyFile.ReadKey(KeyPath), Is.EqualTo(Key));
        Assert.That(() => KeyFile.ReadPublicKey(KeyPath), Throws.InstanceOf<KeyFileException>());

        foreach (var text in new[] { Convert.ToHexString(Key), Convert.ToHexStringLower(Key) + "\n", Convert.ToHexString(Key) + " \t\r\n\n" })
        {
            File.WriteAllText(KeyPath, text);
            Assert.That(KeyFile.ReadKey(KeyPath), Is.EqualTo(Key));
            Assert.That(KeyFile.ReadPublicKey(KeyPath), Is.EqualTo(Key));
        }
    }

    [TestCaseSource(nameof(NoKeys))]
    public void What_is_no_key_is_refused_by_a_sentence_without_it(string content)
    {
        File.WriteAllBytes(KeyPath, Encoding.ASCII.GetBytes(content));

        var failure = Assert.Throws<KeyFileException>(() => KeyFile.ReadKey(KeyPath));

        Assert.That(failure!.Message, Does.Contain(KeyPath));
        if (content.Length > 10)
            Assert.That(failure.ToString(), Does.Not.Contain(content));
    }

    [Test]
    public void A_file_that_is_not_there_or_no_file_is_named()
    {
        Assert.That(() => KeyFile.ReadKey(KeyPath), Throws.InstanceOf<KeyFileException>().With.Message.Contains(KeyPath));
        Assert.That(() => KeyFile.ReadKey(_folder), Throws.InstanceOf<KeyFileException>().With.Message.Contains(_folder));
        Assert.That(() => KeyFile.Write(Path.Combine(_folder, "none", "key"), Key), Throws.InstanceOf<KeyFileException>());
        Assert.That(() => KeyFile.Write(KeyPath, new byte[31]), Throws.ArgumentException);
    }

    [Test]
    public void A_missing_library_is_said_in_a_sentence_that_helps()
    {
        var failure = Assert.Throws<SodiumUnavailableException>(
            () => SodiumLibrary.LoadFirst(["libnone-1.so", "libnone-2"], typeof(KeyFile).Assembly));

        Assert.That(failure!.Message, Does.Contain("libnone-1.so, libnone-2").And.Contains("libsodium23"));
        Assert.That(() => SodiumLibrary.CheckSize("thing", 31, 32), Throws.InstanceOf<SodiumUnavailableException>());
    }
}
