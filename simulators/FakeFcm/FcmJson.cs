using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using Sotto.FakeProvider;

namespace Sotto.FakeFcm;

/// <summary>JSON as Google's front end writes it: indented, with a line's end after it.</summary>
internal static class FcmJson
{
    private static readonly JsonSerializerOptions Indented = new() { WriteIndented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public static Verdict Verdict(int status, string? reason, JsonObject body) => new()
    {
        Status = status,
        Reason = reason,
        Body = System.Text.Encoding.UTF8.GetBytes(body.ToJsonString(Indented) + "\n"),
        ContentType = "application/json; charset=UTF-8",
    };
}
