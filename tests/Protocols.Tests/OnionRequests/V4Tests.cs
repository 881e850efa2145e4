using System.Text;
using System.Text.Json;
using Sotto.OnionRequests;

namespace Protocols.Tests.OnionRequests;

public sealed class V4Tests
{
    private const string Metadata = """{"method":"POST","endpoint":"/subscribe?x=1","headers":{"Content-Type":"application/json","X":"y"}}""";

    [Test]
    public void Any_body_survives() => Prop.ForAll((byte[] body) =>
        V4Request.TryParse(Payload(Metadata, body), out var request) && request.Body.ToArray().SequenceEqual(body)
        && request.Method == "POST" && request.Endpoint == "/subscribe?x=1" && request.Headers["content-type"] == "application/json").Check();

    [TestCase("""{"method":"POST","endpoint":"/a","headers":null}""")]
    [TestCase("""{"method":"POST","endpoint":"/a","headers":[]}""")]
    [TestCase("""{"method":"POST","endpoint":"/a","headers":{"a":1}}""")]
    [TestCase("""{"method":"POST","endpoint":null}""")]
    [TestCase("""{"method":"POST","endpoint":""}""")]
    [TestCase("""{"method":"","endpoint":"/a"}""")]
    [TestCase("""{"method":1,"endpoint":"/a"}""")]
    [TestCase("""{"method":"\ud800","endpoint":"/a"}""")]
    public void A_request_without_what_it_needs_is_refused(string metadata) => Assert.That(V4Request.TryParse(Payload(metadata, []), out _), Is.False);

    [TestCase("")]
    [TestCase("l")]
    [TestCase("le")]
    [TestCase("l0:e")]
    [TestCase("l2:{}e")]
    [TestCase("l99999999999999999999:{}e")]
    [TestCase("l4294967298:{}e")]
    [TestCase("l-2:{}e")]
    [TestCase("d2:{}e")]
    public void A_payload_that_is_no_list_is_refused(string payload) => Assert.That(V4Request.TryParse(Encoding.ASCII.GetBytes(payload), out _), Is.False);

    [Test]
    public void Nothing_may_follow_the_body()
    {
        var payload = Payload(Metadata, [1]);

        Assert.That(V4Request.TryParse((byte[])[.. payload[..^1], .. "1:xe"u8], out _), Is.False);
        Assert.That(V4Request.TryParse((byte[])[.. payload[..^1], .. "xe"u8], out _), Is.False);
        Assert.That(V4Request.TryParse((byte[])[.. payload, 0], out _), Is.False);
    }

    [Test]
    public void Metadata_has_a_limit()
    {
        var padded = Metadata.PadRight(V4Request.MetadataBytesMax);

        Assert.That(V4Request.TryParse(Payload(padded, []), out _), Is.True);
        Assert.That(V4Request.TryParse(Payload(padded + " ", []), out _), Is.False);
    }

    [Test]
    public void No_beginning_of_a_request_is_one_with_another_body()
    {
        // "l…e" may end early where the body holds an "e": what is taken must then be refused, for its length does not fit.
        var payload = Payload(Metadata, "eeeeee"u8.ToArray());

        Assert.That(Hostile.Truncations(payload).Any(cut => V4Request.TryParse(cut, out _)), Is.False);
    }

    [Test]
    public void Whatever_strangers_make_of_it_nothing_is_thrown() => Prop.ForAll((int seed) =>
        !V4Request.TryParse(Hostile.Mutate(Payload(Metadata, [1, 2, 3]), seed), out var request) || request.Endpoint.StartsWith('/')).Check(3000);

    [Test]
    public void A_response_names_its_headers_in_lower_case_and_leaves_the_length_out()
    {
        var headers = new Dictionary<string, string>(StringComparer.Ordinal) { ["Content-Type"] = "text/\"x\"", ["Content-Length"] = "5" };

        var written = Encoding.UTF8.GetString(V4Response.Write(404, headers, "e"u8));

        Assert.That(written, Is.EqualTo("""l56:{"code": 404, "headers": {"content-type": "text/\"x\""}}1:ee"""));
    }

    [Test]
    public void Any_response_is_a_list_of_JSON_and_body() => Prop.ForAll((NonEmptyString name, string? value, byte[] body) =>
    {
        var key = name.Get.ToLowerInvariant();
        if (key == "content-length" || !IsText(key) || !IsText(value ?? ""))
            return true;

        var written = V4Response.Write(200, [KeyValuePair.Create(key, value ?? "")], body);
        var reader = new Sotto.Bencode.BencodeReader(written);
        reader.EnterList();
        using var metadata = JsonDocument.Parse(reader.ReadBytes().ToArray());
        return metadata.RootElement.GetProperty("headers").GetProperty(key).GetString() == (value ?? "") && reader.ReadBytes().SequenceEqual(body)
            && reader.TryLeave() && reader.TryEndInput();
    }).Check();

    [Test]
    public void The_answer_to_no_request_is_a_response() =>
        Assert.That(
            Encoding.ASCII.GetString(V4Response.InvalidRequest()),
            Is.EqualTo("""l71:{"code": 400, "headers": {"content-type": "text/plain; charset=utf-8"}}24:Invalid v4 onion requeste"""));

    // Half a surrogate pair is no text and cannot come out of a header.
    private static bool IsText(string text) => !text.Any(char.IsSurrogate);

    private static byte[] Payload(string metadata, byte[] body)
    {
        var bytes = Encoding.UTF8.GetBytes(metadata);
        return [.. Encoding.ASCII.GetBytes($"l{bytes.Length}:"), .. bytes, .. Encoding.ASCII.GetBytes($"{body.Length}:"), .. body, (byte)'e'];
    }
}
