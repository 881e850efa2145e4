using System.Text.Json;
using Cli.Tests.Support;

namespace Cli.Tests.Keys;

/// <summary>The key by which push services know the server: made once with the others, and told to clients.</summary>
public sealed class VapidKeyTests
{
    private string _folder = "";

    [SetUp]
    public void MakeFolder() => _folder = Directory.CreateTempSubdirectory("sotto-vapid-").FullName;

    [TearDown]
    public void RemoveFolder() => Directory.Delete(_folder, recursive: true);

    [Test]
    public async Task It_is_made_once_and_its_public_half_lies_where_the_API_finds_it()
    {
        var first = (await Operator.TypesAsync("keys", "generate", "--folder", _folder, "--json")).Json;
        var private1 = await File.ReadAllTextAsync(Path.Combine(_folder, "vapid.pem"));
        var second = (await Operator.TypesAsync("keys", "generate", "--folder", _folder, "--json")).Json;
        var shown = await Operator.TypesAsync("keys", "show", "--folder", _folder);

        var (made, exists) = (Of(first), Of(second));
        Assert.That((made.Made, exists.Made, exists.Key), Is.EqualTo((true, false, made.Key)));
        Assert.That(made.Key, Has.Length.EqualTo(87).And.StartsWith("B"));
        Assert.That(await File.ReadAllTextAsync(Path.Combine(_folder, "vapid.pem")), Is.EqualTo(private1));
        Assert.That(File.GetUnixFileMode(Path.Combine(_folder, "vapid.pem")), Is.EqualTo(UnixFileMode.UserRead | UnixFileMode.UserWrite));
        Assert.That(await File.ReadAllTextAsync(Path.Combine(_folder, "public", "webpush.json")), Is.EqualTo($$"""{"applicationServerKey":"{{made.Key}}"}"""));
        Assert.That(shown.Output, Does.Contain(made.Key).And.Not.Contain("PRIVATE"));
    }

    private static (string Key, bool Made) Of(JsonElement keys)
    {
        var vapid = keys.EnumerateArray().Single(key => key.Text("name") == "vapid");
        return (vapid.Text("publicKey"), vapid.GetProperty("made").GetBoolean());
    }
}
