using Sotto.Contracts;
using SwarmListener.Monitoring;
using SwarmListener.Storage;

namespace SwarmListener.Tests.Storage;

public sealed class SubscriptionRowTests
{
    private static readonly SubscriptionChanged Good = new()
    {
        SubscriptionId = new Guid("8a3c0f6e-5f0e-4f7e-9d5e-3f4b1c2d0a01"),
        Revision = 1,
        Withdrawn = false,
        Account = [0x05, .. new byte[32]],
        Provider = Provider.Apns,
        DeviceId = new byte[32],
        SealedDeviceToken = new byte[80],
        SealedEnvelopeKey = new byte[80],
        Namespaces = [-10, 0, 5],
        WantsData = true,
        Authorization = new MonitorAuthorization { SessionEd25519 = new byte[32], SignedAtSeconds = 1_800_000_000, Signature = new byte[64] },
        ExpiresAt = DateTimeOffset.FromUnixTimeSeconds(1_801_209_600),
    };

    private static IEnumerable<TestCaseData> BadChanges()
    {
        var authorization = Good.Authorization;
        yield return Bad("an account of 32 bytes", "account", Good with { Account = new byte[32] });
        yield return Bad("no account", "account", Good with { Account = null! });
        yield return Bad("no authorization", "signature", Good with { Authorization = null! });
        yield return Bad("a short signature", "signature", Good with { Authorization = authorization with { Signature = new byte[63] } });
        yield return Bad("no Ed25519 key", "Ed25519", Good with { Authorization = authorization with { SessionEd25519 = null } });
        yield return Bad("a token alone", "subaccount", Good with { Authorization = authorization with { SubaccountToken = new byte[36] } });
        yield return Bad(
            "a short token", "subaccount",
            Good with { Authorization = authorization with { SubaccountToken = new byte[35], SubaccountSignature = new byte[64] } });
        yield return Bad("empty namespaces", "namespaces", Good with { Namespaces = [] });
        yield return Bad("no namespaces", "namespaces", Good with { Namespaces = null! });
        yield return Bad("descending namespaces", "namespaces", Good with { Namespaces = [1, 0] });
        yield return Bad("a negative time", "time", Good with { Authorization = authorization with { SignedAtSeconds = -1 } });
        yield return Bad("a far time", "time", Good with { ExpiresAt = new DateTimeOffset(3000, 1, 1, 0, 0, 0, TimeSpan.Zero) });
    }

    private static TestCaseData Bad(string name, string word, SubscriptionChanged change) => new TestCaseData(change, word).SetArgDisplayNames(name);

    [TestCaseSource(nameof(BadChanges))]
    public void A_change_that_is_none_is_refused_with_a_reason(SubscriptionChanged change, string word)
    {
        Assert.That(SubscriptionRow.From(change, out var reason), Is.Null);
        Assert.That(reason, Does.Contain(word));
    }

    [Test]
    public void A_change_becomes_a_row_with_the_request_as_it_is_sent()
    {
        var row = SubscriptionRow.From(Good, out _)!;

        Assert.That(
            System.Text.Encoding.Latin1.GetString(row.Request),
            Does.StartWith("d1:P32:").And.Contain("1:di1e1:nli-10ei0ei5ee1:s64:").And.EndWith("1:ti1800000000ee"));
        Assert.That(row.Upstream.ExpiresAt, Is.EqualTo(1_801_209_600));
    }

    [Test]
    public void Kinds_differ_exactly_when_something_else_is_asked()
    {
        var token = new byte[36];
        long[] kinds =
        [
            Upstream.KindOf(null, [0], wantsData: true), Upstream.KindOf(null, [0], wantsData: false), Upstream.KindOf(null, [1], wantsData: true),
            Upstream.KindOf(null, [0, 1], wantsData: true), Upstream.KindOf(token, [0], wantsData: true),
            Upstream.KindOf([1, .. token[1..]], [0], wantsData: true),
        ];

        Assert.That(kinds, Is.Unique);
        Assert.That(Upstream.KindOf(null, [0], wantsData: true), Is.EqualTo(kinds[0]));
        Assert.That(Upstream.KindOf(new byte[36], [0], wantsData: true), Is.EqualTo(kinds[4]));
    }

    [Test]
    public void A_notice_of_changes_reads_back_and_nothing_else_does()
    {
        var id = Guid.NewGuid();
        var changes = new List<(byte Bucket, Guid Id)>();

        Assert.That(ChangedIds.TryParse($"0a{id:N}ff{id:N}", changes), Is.True);
        Assert.That(changes, Is.EqualTo(new[] { ((byte)10, id), ((byte)255, id) }));
        Assert.That(ChangedIds.TryParse($"zz{id:N}", []), Is.False);
        Assert.That(ChangedIds.TryParse("0a", []), Is.False);
    }
}
