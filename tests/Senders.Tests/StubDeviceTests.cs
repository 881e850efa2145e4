using System.Text.Json;
using StubSender;

namespace Senders.Tests;

/// <summary>The <c>dummy</c> provider of tests (session-v2 section 8.5).</summary>
public sealed class StubDeviceTests
{
    [TestCaseSource(nameof(Vectors))]
    [Category("vectors")]
    public void A_device_has_the_service_id_of_the_vectors(VectorCase vector)
    {
        var device = StubDevice.Read(vector.Json.GetProperty("service_info"));

        Assert.That(device.ErrorCode, Is.Zero);
        Assert.That(device.ServiceId, Is.EqualTo(vector.Json.Text("service_id")).IgnoreCase);
    }

    [TestCase("{\"bar\":1}", 1)]
    [TestCase("{\"foo\":\"TEST-1\"}", 1)]
    [TestCase("{}", 1)]
    [TestCase("{\"foo\":\"X\"}", 4)]
    [TestCase("{\"foo\":\"test-1\",\"bar\":1}", 4)]
    [TestCase("{\"foo\":7,\"bar\":1}", 4)]
    [TestCase("{\"foo\":\"TEST-1\",\"bar\":\"1\"}", 4)]
    [TestCase("{\"foo\":\"TEST-1\",\"bar\":1.0}", 4)]
    [TestCase("{\"foo\":\"TEST-1\",\"bar\":1e3}", 4)]
    [TestCase("{\"foo\":\"TEST-1\",\"bar\":99999999999999999999}", 4)]
    [TestCase("{\"foo\":\"TEST-1\",\"bar\":0}", 0)]
    [TestCase("{\"foo\":\"TEST-\",\"bar\":-9223372036854775808}", 0)]
    [TestCase("{\"foo\":\"TEST-\",\"bar\":18446744073709551615}", 0)]
    public void A_device_is_taken_or_refused_with_its_code(string serviceInfo, int code)
    {
        using var json = JsonDocument.Parse(serviceInfo);

        Assert.That(StubDevice.Read(json.RootElement).ErrorCode, Is.EqualTo(code));
    }

    private static IEnumerable<TestCaseData> Vectors => VectorFolder.Cases("session", "hashes.json", "dummy_service_id");
}
