using System.Security.Cryptography;
using System.Text;
using NUnit.Framework;
using Sotto.Ledger.Leaks;

namespace Ledger.Tests;

/// <summary>A scanner that finds nothing proves nothing: secrets are planted in every spelling and must be found.</summary>
public sealed class SecretScannerTests
{
    private static readonly byte[] Key = RandomNumberGenerator.GetBytes(32);
    private static readonly string HexToken = RandomNumberGenerator.GetHexString(64, lowercase: true);
    private const string TextToken = "dX3k_9aQRt2Z:APA91bFoo-Bar_baz0123456789";

    public static IEnumerable<TestCaseData> Planted()
    {
        yield return new TestCaseData(HexToken).SetArgDisplayNames("a token as it is");
        yield return new TestCaseData(HexToken.ToUpperInvariant()).SetArgDisplayNames("a token in capitals");
        yield return new TestCaseData(Encoding.Latin1.GetString(Convert.FromHexString(HexToken))).SetArgDisplayNames("a token's bytes");
        yield return new TestCaseData(Convert.ToBase64String(Convert.FromHexString(HexToken))).SetArgDisplayNames("a token's bytes in base64");
        yield return new TestCaseData(Convert.ToHexString(Encoding.UTF8.GetBytes(HexToken))).SetArgDisplayNames("a token's text in hex");
        yield return new TestCaseData(TextToken).SetArgDisplayNames("another vendor's token");
        yield return new TestCaseData(Uri.EscapeDataString(TextToken)).SetArgDisplayNames("a token in a path");
        yield return new TestCaseData(Convert.ToBase64String(Encoding.UTF8.GetBytes("{\"token\":\"" + TextToken + "\"}"))).SetArgDisplayNames("a token within base64");
        yield return new TestCaseData(Convert.ToBase64String(Encoding.UTF8.GetBytes("{\"token\" :\"" + TextToken + "\"}"))).SetArgDisplayNames("a token within base64, one byte on");
        yield return new TestCaseData(Convert.ToBase64String(Encoding.UTF8.GetBytes("{\"token\" : \"" + TextToken + "\"}"))).SetArgDisplayNames("a token within base64, two bytes on");
        yield return new TestCaseData(Encoding.Latin1.GetString(Key)).SetArgDisplayNames("a key's bytes");
        yield return new TestCaseData(Convert.ToHexStringLower(Key)).SetArgDisplayNames("a key in hex");
        yield return new TestCaseData(Convert.ToBase64String(Key)).SetArgDisplayNames("a key in base64");
        yield return new TestCaseData(Convert.ToBase64String(Key).Replace('+', '-').Replace('/', '_').TrimEnd('=')).SetArgDisplayNames("a key in base64url");
    }

    [TestCaseSource(nameof(Planted))]
    public async Task What_is_planted_in_a_log_is_found(string planted)
    {
        var scanner = Create();
        var file = Path.GetTempFileName();
        await File.WriteAllTextAsync(file, $"12:00:00 INF [5003] Attempt for {planted}, taken\n", Encoding.Latin1);

        await using (var log = File.OpenRead(file))
            await scanner.ScanAsync("ApnsSender.log", log, CancellationToken.None);
        File.Delete(file);

        Assert.That(scanner.Findings.Select(finding => finding.Place).Distinct(), Is.EqualTo(new[] { "ApnsSender.log" }));
    }

    [TestCase(1 << 20)]
    [TestCase((1 << 20) - 10)]
    [TestCase((2 << 20) - 20)]
    [TestCase(3_000_000)]
    public async Task A_secret_that_lies_across_two_chunks_is_found_once_and_where_it_is(int offset)
    {
        var scanner = Create();
        var content = new byte[4_000_000];
        Key.CopyTo(content, offset);

        await scanner.ScanAsync("dump", new MemoryStream(content), CancellationToken.None);

        Assert.That(scanner.Findings, Is.EqualTo(new[] { new Finding("dump", offset, "key") }));
        Assert.That(scanner.Bytes, Is.EqualTo(content.Length));
    }

    [Test]
    public void Nothing_is_found_in_what_holds_no_secret()
    {
        var scanner = Create();

        scanner.Scan("noise", RandomNumberGenerator.GetBytes(1 << 20));

        Assert.That(scanner.Count, Is.Zero);
        Assert.That(scanner.Places, Is.EqualTo(1));
    }

    private static SecretScanner Create()
    {
        var patterns = new SecretPatterns();
        patterns.AddText("token", HexToken);
        patterns.AddText("token", TextToken);
        patterns.AddBytes("key", Key);
        return new SecretScanner(patterns);
    }
}
