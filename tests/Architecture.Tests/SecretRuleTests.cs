using System.Security.Cryptography;
using Sotto.TestSupport;

namespace Architecture.Tests;

/// <summary>No file of the repository holds a secret. Published test data is looked over: tests/vectors, tests/corpus, and what known-strings.txt names.</summary>
public sealed class SecretRuleTests
{
    private const string KnownStrings = "tests/Architecture.Tests/known-strings.txt";
    private const long SizeMax = 4 * 1024 * 1024;

    // Published vectors, damaged inputs, and the hashes by which packages are pinned.
    private static readonly string[] LookedOver = ["tests/vectors/", "tests/corpus/"];

    [Test]
    public void No_file_holds_a_secret()
    {
        var known = Known().Select(line => line.Fingerprint).ToHashSet(StringComparer.Ordinal);
        var found = from file in Files()
                    from finding in SecretScan.Look(Sources.Read(file))
                    let fingerprint = SecretScan.Fingerprint(finding.Found)
                    where !known.Contains(fingerprint)
                    select $"{file}: {finding.Why} ({fingerprint})";

        Assert.That(found.Distinct(), Is.Empty, $"take it out, and change it where it is used; or, when it protects nothing, write a line in {KnownStrings}: fingerprint, file, what it is");
    }

    [Test]
    public void Every_known_string_is_still_there()
    {
        var gone = Known().Where(line => !SecretScan.Look(Sources.Read(line.File)).Any(finding => SecretScan.Fingerprint(finding.Found) == line.Fingerprint));

        Assert.That(gone.Select(line => $"{line.Fingerprint} {line.File}"), Is.Empty);
    }

    [Test]
    public void A_planted_secret_is_found()
    {
        var key = Convert.ToBase64String(RandomNumberGenerator.GetBytes(64));
        string[] planted =
        [
            $"-----BEGIN {"PRIVATE"} KEY-----\n{key}", "AKIA" + "IOSFODNN7EXAMPLE", "ghp_" + new string('a', 36), $"eyJ{key[..12].Replace('+', 'a').Replace('/', 'b')}.eyJzdWIiOiIx.c2lnbmF0dXJl",
            "amqp://sotto:" + "correct-horse@host:5672", "Host=db;Password=" + "correct-horse", $"key = {key}", Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(32)),
        ];

        Assert.That(planted.Where(text => !SecretScan.Look(text).Any()), Is.Empty);
    }

    [TestCase("ListenerTakeoverTests_and_what_follows_from_them_in_many_words")]
    [TestCase("amqp://user:password@host:5672/vhost")]
    [TestCase("0000000000000000000000000000000000000000000000000000000000000000")]
    [TestCase("services/SubscriptionApi/Storage/SubscriptionStore")]
    public void Words_and_examples_are_no_secrets(string text) => Assert.That(SecretScan.Look(text), Is.Empty);

    private static IEnumerable<string> Files() => Sources.Files("*")
        .Where(file => !LookedOver.Any(folder => file.StartsWith(folder, StringComparison.Ordinal)) && Path.GetFileName(file) != "packages.lock.json")
        .Where(file => new FileInfo(Repository.At(file)).Length < SizeMax);

    private static IEnumerable<(string Fingerprint, string File)> Known() =>
        from line in Sources.Read(KnownStrings).Split('\n')
        where line.Length > 0 && line[0] != '#'
        let parts = line.Split(' ', 3)
        select (parts[0], parts[1]);
}
