using Sotto.Session;
using Sotto.TestSupport;

namespace Vectors.Tests.OxenMq;

/// <summary>What a storage server was asked and answered, on the real wire.</summary>
public sealed class StorageVectorTests
{
    private const int PartsBeforeData = 2;

    private static IEnumerable<TestCaseData> Exchanges => VectorFolder.Cases("oxenmq", "storage-monitor.json", "cases");

    [TestCaseSource(nameof(Exchanges))]
    public void A_storage_server_is_understood(VectorCase vector)
    {
        var answer = vector.Json.HexList("listener_sends");
        if (answer[0].AsSpan().SequenceEqual("notify.message"u8))
        {
            Assert.That(NotifyMessage.TryParse(answer[1], out _), Is.True);
            return;
        }

        var asked = vector.Json.HexList("dealer_sends");
        var wellFormed = asked.Length == PartsBeforeData + 1 ? WireSubscription.Read(asked[PartsBeforeData]) : null;
        Assert.That(MonitorReply.TryParse(answer[PartsBeforeData], Math.Max(wellFormed?.Count ?? 0, 1), out var reply), Is.True);
        if (wellFormed is not null && reply!.Results.Count == wellFormed.Count)
            AssertAgreement(asked[PartsBeforeData], wellFormed, reply);
    }

    private static void AssertAgreement(byte[] request, List<MonitorSubscription> subscriptions, MonitorReply reply)
    {
        Assert.That(reply.IsList, Is.EqualTo(request[0] == (byte)'l'));
        Assert.That(WireSubscription.Write(subscriptions, reply.IsList), Is.EqualTo(request));
        foreach (var (subscription, result) in subscriptions.Zip(reply.Results))
        {
            if (result.Accepted)
            {
                Assert.That(NamespaceList.Verify(subscription.Namespaces), Is.Null);
                Assert.That(ErrorOf(subscription), Is.Null);
            }
            else if (result.ErrorCode == 3)
            {
                Assert.That(NamespaceList.Verify(subscription.Namespaces), Is.Not.Null);
            }
            else if (result.ErrorCode == 5)
            {
                Assert.That(ErrorOf(subscription), Is.Not.Null);
            }
        }
    }

    private static string? ErrorOf(MonitorSubscription one) => SubscriptionSignature.Verify(
        one.Account, one.SessionEd25519, one.SubaccountToken, one.SubaccountSignature,
        SignedText.Monitor(one.Account, one.SignedAtSeconds, one.WantsData, one.Namespaces), one.Signature);
}
