using Sotto.Bencode;
using Sotto.Session;

namespace Protocols.Tests.Session;

public sealed class NotifyMessageTests
{
    private static readonly AccountId Account = new Phone(1).Session;
    private static readonly string Hash = new('h', 43);

    [TestCase(0)]
    [TestCase(1)]
    [TestCase(2499)]
    [TestCase(2500)]
    [TestCase(2501)]
    [TestCase(76_800)]
    public void Data_of_any_size_is_a_slice_of_what_came(int size)
    {
        var data = Enumerable.Range(0, size).Select(i => (byte)i).ToArray();
        ReadOnlyMemory<byte> part = Write(data: data);

        Assert.That(NotifyMessage.TryParse(part, out var message), Is.True);
        Assert.That(message.Data!.Value.ToArray(), Is.EqualTo(data));
        Assert.That(part.Span.Overlaps(message.Data.Value.Span), Is.EqualTo(size > 0));
    }

    [Test]
    public void More_data_than_the_network_stores_is_dropped() =>
        Assert.That(NotifyMessage.TryParse(Write(data: new byte[NotifyMessage.DataBytesMax + 1]), out _), Is.False);

    [Test]
    public void Any_notification_survives_its_reading() => Prop.ForAll(
        (short @namespace, long time) => Prop.ForAll((long expiry, byte[]? data) =>
            NotifyMessage.TryParse(Write(@namespace: @namespace, time: time, expiry: expiry, data: data), out var message)
            && message.Account == Account && message.Hash == Hash && message.Namespace == @namespace && message.TimestampMilliseconds == time
            && message.ExpiryMilliseconds == expiry && (message.Data?.ToArray() ?? []).SequenceEqual(data ?? []) && message.Data.HasValue == (data is not null)))
        .Check();

    [TestCase(31, false)]
    [TestCase(32, true)]
    [TestCase(99, true)]
    [TestCase(100, false)]
    public void A_hash_has_32_to_99_bytes(int length, bool isTaken) =>
        Assert.That(NotifyMessage.TryParse(Write(hash: new string('h', length)), out _), Is.EqualTo(isTaken));

    [TestCase(-32_769, false)]
    [TestCase(-32_768, true)]
    [TestCase(32_767, true)]
    [TestCase(32_768, false)]
    [TestCase(long.MaxValue, false)]
    public void A_namespace_has_16_bits(long @namespace, bool isTaken) =>
        Assert.That(NotifyMessage.TryParse(Write(@namespace: @namespace), out _), Is.EqualTo(isTaken));

    [Test]
    public void A_hash_that_is_not_ASCII_is_dropped() =>
        Assert.That(NotifyMessage.TryParse(Write(hash: new string('\u00e9', 43)), out _), Is.False);

    [Test]
    public void Every_beginning_is_dropped_and_trailing_bytes_too()
    {
        var part = Write(data: [1, 2, 3]);

        Assert.That(Hostile.Truncations(part).Any(cut => NotifyMessage.TryParse(cut, out _)), Is.False);
        Assert.That(NotifyMessage.TryParse((byte[])[.. part, 0], out _), Is.False);
        Assert.That(NotifyMessage.TryParse((byte[])[.. part, .. part], out _), Is.False);
    }

    [Test]
    public void Whatever_strangers_make_of_it_nothing_is_thrown() => Prop.ForAll((int seed) =>
    {
        var taken = NotifyMessage.TryParse(Hostile.Mutate(Write(data: [1, 2, 3]), seed), out var message);
        return !taken || (message.Hash.Length is >= 32 and <= 99 && (message.Data?.Length ?? 0) <= NotifyMessage.DataBytesMax);
    }).Check(5000);

    [Test]
    public void Noise_throws_nothing() => Prop.ForAll((byte[] noise) => !NotifyMessage.TryParse(noise, out _)).Check(1000);

    [Test]
    public void Reading_allocates_the_hash_and_nothing_else()
    {
        var (good, bad) = (Write(data: new byte[1000]), Write(data: new byte[1000])[..^1]);
        Assert.That(NotifyMessage.TryParse(good, out _) && !NotifyMessage.TryParse(bad, out _), Is.True);

        const int Times = 100;
        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < Times; i++)
            _ = NotifyMessage.TryParse(bad, out _);
        var refused = GC.GetAllocatedBytesForCurrentThread() - before;
        for (var i = 0; i < Times; i++)
            _ = NotifyMessage.TryParse(good, out _);
        var taken = GC.GetAllocatedBytesForCurrentThread() - before - refused;

        Assert.That(refused, Is.LessThan(Times));
        Assert.That(taken / Times, Is.LessThan(150), "a string of 43 characters");
    }

    internal static byte[] Write(string? hash = null, long @namespace = 0, long time = 1, long expiry = 2, byte[]? data = null)
    {
        var writer = new BencodeWriter();
        writer.StartDictionary();
        writer.Key("@"u8);
        writer.Write(Account.Bytes);
        writer.Key("h"u8);
        writer.Write(System.Text.Encoding.UTF8.GetBytes(hash ?? Hash));
        Append(writer, "n"u8, @namespace);
        Append(writer, "t"u8, time);
        Append(writer, "z"u8, expiry);
        if (data is not null)
        {
            writer.Key("~"u8);
            writer.Write(data);
        }

        writer.End();
        return writer.ToArray();
    }

    private static void Append(BencodeWriter writer, ReadOnlySpan<byte> key, long value)
    {
        writer.Key(key);
        writer.Write(value);
    }
}
