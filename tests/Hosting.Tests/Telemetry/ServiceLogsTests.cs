using System.Text.Json;
using Sotto.Hosting.Telemetry;

namespace Hosting.Tests.Telemetry;

public sealed class ServiceLogsTests
{
    [Test]
    public void An_exception_is_described_with_its_causes_and_places()
    {
        var text = ServiceLogs.Describe(Caught(() => throw new InvalidOperationException("outer", Caught(() => throw new TimeoutException("too late")))));

        Assert.Multiple(() =>
        {
            Assert.That(text, Does.Contain("System.InvalidOperationException: outer"));
            Assert.That(text, Does.Contain("System.TimeoutException: too late"));
            Assert.That(text, Does.Contain(nameof(An_exception_is_described_with_its_causes_and_places)));
        });
    }

    [Test]
    public void What_could_not_be_read_is_not_repeated_whoever_says_so()
    {
        var json = Caught(() => JsonDocument.Parse("truhunter2"));
        var wrapped = new InvalidOperationException(json.Message, json);
        var number = Caught(() => _ = int.Parse("hunter2", System.Globalization.CultureInfo.InvariantCulture));

        Assert.Multiple(() =>
        {
            foreach (var fault in (Exception[])[json, wrapped, number])
            {
                Assert.That(fault.Message, Does.Contain("hunter2"), "The test is about nothing.");
                Assert.That(ServiceLogs.Describe(fault), Does.Contain(fault.GetType().FullName).And.Not.Contain("hunter2"));
            }
        });
    }

    [Test]
    public void Nothing_is_described_by_nothing() => Assert.That(ServiceLogs.Describe(null), Is.Empty);

    private static Exception Caught(Action action)
    {
        try
        {
            action();
        }
        catch (Exception e)
        {
            return e;
        }

        throw new InvalidOperationException("Nothing was thrown.");
    }
}
