using System.Runtime.Serialization;
using FsCheck;
using FsCheck.Fluent;
using NUnit.Framework.Constraints;
using Sotto.Contracts;
using Sotto.Hosting.Bus;

namespace Hosting.Tests.Bus;

/// <summary>The compact form of frames: what is written is read, and what was not written is refused.</summary>
public sealed class FrameCodecTests
{
    private static readonly DateTimeOffset Now = new(2026, 3, 4, 5, 6, 7, 891, TimeSpan.Zero);

    [Test]
    public void A_frame_of_messages_is_read_as_it_was_written() => Prop.ForAll(ArbMap.Default.ArbFor<(byte[], short, long, long)[]>(), values =>
    {
        var items = values.Select((value, i) => Message(value.Item1 ?? [], value.Item2, value.Item3, value.Item4, i % 3 == 0 ? null : value.Item1)).ToArray();

        var read = (Frame<MessageArrived>)FrameCodec.Read(FrameCodec.Write(new Frame<MessageArrived> { Items = items }, Now).Span, out var sentAt);

        Assert.That(sentAt, Is.EqualTo(Now));
        Assert.That(read.Items, EqualAs<MessageArrived>(items));
    }).QuickCheckThrowOnFailure();

    [Test]
    public void A_frame_of_pushes_is_read_as_it_was_written() => Prop.ForAll(ArbMap.Default.ArbFor<(Guid, byte[], int, bool)[]>(), values =>
    {
        var items = values.Select((value, i) => Push(value.Item1, i % 2 == 0 ? Provider.Apns : Provider.Huawei, value.Item2 ?? [], value.Item3, value.Item4 ? Now : null)).ToArray();

        var read = (Frame<EncryptedPush>)FrameCodec.Read(FrameCodec.Write(new Frame<EncryptedPush> { Items = items }, Now).Span, out _);

        Assert.That(read.Items, EqualAs<EncryptedPush>(items));
    }).QuickCheckThrowOnFailure();

    [Test]
    public void What_the_compact_form_has_no_place_for_travels_as_JSON()
    {
        var usual = Push(Guid.NewGuid(), Provider.Apns, [1], 0, null);
        EncryptedPush[] others = [usual with { SuspectedAt = Now }, usual with { PastAttempts = [new PushAttempt { At = Now, Outcome = "RETRY_LATER", Reason = "status 503" }] }];

        Assert.That(TypeOf(usual), Is.EqualTo(FrameCodec.ContentType));
        foreach (var other in others)
            Assert.That(TypeOf(usual, other), Is.Not.EqualTo(FrameCodec.ContentType));

        string? TypeOf(params EncryptedPush[] pushes) => new FrameEnvelope<EncryptedPush>(new Frame<EncryptedPush> { Items = pushes }, TimeProvider.System, FrameFormat.Compact).Properties.ContentType;
    }

    [Test]
    public void A_time_keeps_its_instant_whatever_its_offset()
    {
        var there = new DateTimeOffset(2026, 3, 4, 5, 6, 7, TimeSpan.FromHours(5));
        var push = Push(Guid.NewGuid(), Provider.Apns, [1], 0, there);

        var read = (Frame<EncryptedPush>)FrameCodec.Read(FrameCodec.Write(new Frame<EncryptedPush> { Items = [push] }, there).Span, out var sentAt);

        Assert.Multiple(() =>
        {
            Assert.That(sentAt, Is.EqualTo(there));
            Assert.That(read.Items.Single().FirstAttemptAt, Is.EqualTo(there));
        });
    }

    [Test]
    public void What_is_missing_stays_missing_for_its_consumer_to_judge()
    {
        var push = Push(Guid.NewGuid(), Provider.Apns, [1], 0, null) with { Payload = null!, DeviceId = null!, Provider = null! };

        var read = ((Frame<EncryptedPush>)FrameCodec.Read(FrameCodec.Write(new Frame<EncryptedPush> { Items = [push] }, Now).Span, out _)).Items.Single();

        Assert.Multiple(() =>
        {
            Assert.That(read.Payload, Is.Null);
            Assert.That(read.DeviceId, Is.Null);
            Assert.That(read.Provider, Is.Null);
        });
    }

    [Test]
    public void A_frame_cut_short_anywhere_is_refused_as_no_frame()
    {
        var whole = FrameCodec.Write(new Frame<EncryptedPush> { Items = [Push(Guid.NewGuid(), Provider.Apns, [1, 2, 3], 7, Now)] }, Now);

        for (var length = 0; length < whole.Length; length++)
            Assert.That(() => FrameCodec.Read(whole.Span[..length], out _), Throws.TypeOf<SerializationException>(), $"{length} bytes");
        Assert.That(() => FrameCodec.Read([.. whole.Span, 0], out _), Throws.TypeOf<SerializationException>(), "a byte too many");
    }

    [Test]
    public void Bytes_that_somebody_made_up_are_read_or_refused_and_nothing_else() => Prop.ForAll(ArbMap.Default.ArbFor<byte[]>(), bytes =>
    {
        foreach (var kind in (byte[])[0, 1, 2, 3])
        {
            try
            {
                FrameCodec.Read([1, kind, 0, 0, 0, 0, 0, 0, 0, 0, .. bytes], out _);
            }
            catch (SerializationException)
            {
                // What it is for.
            }
        }
    }).QuickCheckThrowOnFailure();

    [TestCase((byte)0)]
    [TestCase((byte)2)]
    [TestCase((byte)'{')]
    public void A_version_that_is_not_known_is_refused(byte version)
    {
        byte[] frame = [.. FrameCodec.Write(new Frame<MessageArrived> { Items = [Message([5], 0, 0, 0, null)] }, Now).Span];
        frame[0] = version;

        Assert.That(() => FrameCodec.Read(frame, out _), Throws.TypeOf<SerializationException>());
    }

    [Test]
    public void A_number_of_items_that_cannot_be_there_is_refused_before_room_is_made_for_them() =>
        Assert.That(() => FrameCodec.Read([1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 0xff, 0xff, 0x07], out _), Throws.TypeOf<SerializationException>());

    private static EqualConstraint EqualAs<T>(T[] items) =>
        Is.EqualTo(items).Using<T>((one, other) => System.Text.Json.JsonSerializer.Serialize(one) == System.Text.Json.JsonSerializer.Serialize(other));

    private static MessageArrived Message(byte[] account, short @namespace, long storedAt, long expiresAt, byte[]? data) => new()
    {
        Account = account,
        MessageHash = Convert.ToBase64String(account),
        Namespace = @namespace,
        StoredAtMilliseconds = storedAt,
        ExpiresAtMilliseconds = expiresAt,
        Data = data,
        HeardAt = Now,
    };

    private static EncryptedPush Push(Guid id, string provider, byte[] bytes, int attempt, DateTimeOffset? firstAttemptAt) => new()
    {
        PushId = id,
        Provider = provider,
        DeviceId = bytes,
        SealedDeviceToken = [.. bytes, 1],
        Payload = [.. bytes, 2],
        ExpiresAt = Now,
        HeardAt = Now,
        Urgency = attempt % 2 == 0 ? PushUrgency.High : PushUrgency.Normal,
        Attempt = attempt,
        FirstAttemptAt = firstAttemptAt,
    };
}
