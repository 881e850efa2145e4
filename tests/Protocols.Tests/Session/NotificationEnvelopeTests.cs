using System.Text;
using System.Text.Json;
using Sotto.Bencode;
using Sotto.Session;
using Sotto.Sodium;

namespace Protocols.Tests.Session;

public sealed class NotificationEnvelopeTests
{
    private static readonly AccountId Account = new Phone(1).Session;
    private static readonly byte[] Key = [.. Enumerable.Range(0, 32).Select(i => (byte)i)];

    [Test]
    public void Any_envelope_is_opened_by_its_key_and_padded() => Prop.ForAll((byte[] data, short @namespace, bool asJson) =>
    {
        var plaintext = NotificationEnvelope.Plaintext(Message(data, @namespace), asJson ? MetadataForm.Json : MetadataForm.Bencode);
        var envelope = NotificationEnvelope.Seal(plaintext, Key);
        var opened = Open(envelope);
        return opened.SequenceEqual(plaintext) && plaintext.Length % NotificationEnvelope.PaddingBytes == 0
            && envelope.Length == plaintext.Length + NotificationEnvelope.Overhead;
    }).Check(200);

    [TestCase(0, 1)]
    [TestCase(1, 2)]
    [TestCase(2499, 2)]
    [TestCase(2500, 2)]
    [TestCase(2501, 1)]
    [TestCase(76_800, 1)]
    public void Data_travels_inside_as_long_as_it_fits(int size, int elements)
    {
        var data = Enumerable.Range(0, size).Select(i => (byte)i).ToArray();
        foreach (var form in Enum.GetValues<MetadataForm>())
        {
            var plaintext = NotificationEnvelope.Plaintext(Message(data, -11), form);
            var (metadata, inside) = Read(plaintext);

            Assert.That(inside, Is.EqualTo(elements == 2 ? data : null));
            Assert.That(metadata["l"], Is.EqualTo(size > 0 ? $"{size}" : null));
            Assert.That(metadata["B"], Is.EqualTo(size > 2500 ? (form == MetadataForm.Json ? "True" : "1") : null));
            Assert.That(metadata["n"], Is.EqualTo("-11"));
            Assert.That(metadata["@"], Is.EqualTo(Convert.ToHexStringLower(Account.Bytes)));
            Assert.That(metadata["#"], Is.EqualTo(new string('h', 43)));
            Assert.That(metadata["t"] + metadata["z"], Is.EqualTo("12"));
        }
    }

    [Test]
    public void The_largest_envelope_stays_within_its_limit()
    {
        var message = Message(new byte[NotificationEnvelope.DataBytesMax], short.MinValue) with
        {
            Hash = new string('h', NotifyMessage.HashLengthMax),
            TimestampMilliseconds = long.MinValue,
            ExpiryMilliseconds = long.MinValue,
        };

        Assert.That(NotificationEnvelope.Plaintext(message), Has.Length.LessThanOrEqualTo(2816));
    }

    [Test]
    public void A_hash_with_quotes_is_still_JSON()
    {
        var message = Message([1], 0) with { Hash = "\"\\\n\u0001+/</>" + new string('h', 40) };

        var (metadata, _) = Read(NotificationEnvelope.Plaintext(message, MetadataForm.Json));

        Assert.That(metadata["#"], Is.EqualTo(message.Hash));
    }

    [Test]
    public void Two_envelopes_of_one_message_have_nothing_in_common()
    {
        var plaintext = NotificationEnvelope.Plaintext(Message([1], 0));

        var (first, second) = (NotificationEnvelope.Seal(plaintext, Key), NotificationEnvelope.Seal(plaintext, Key));

        Assert.That(second, Is.Not.EqualTo(first));
    }

    [Test]
    public void A_device_is_recognised_by_text_or_bytes_alike()
    {
        var (text, bytes) = (new byte[DuplicateKey.Size], new byte[DuplicateKey.Size]);

        DuplicateKey.Compute("firebase", "dev:\u00e9", "hash", text);
        DuplicateKey.Compute("firebase", Encoding.UTF8.GetBytes("dev:\u00e9"), "hash", bytes);

        Assert.That(bytes, Is.EqualTo(text));
        Assert.That(() => DuplicateKey.Compute("a", "b", "c", new byte[31]), Throws.ArgumentException);
    }

    private static NotifyMessage Message(byte[] data, short @namespace) => new()
    {
        Account = Account,
        Hash = new string('h', 43),
        Namespace = @namespace,
        TimestampMilliseconds = 1,
        ExpiryMilliseconds = 2,
        Data = data,
    };

    private static byte[] Open(byte[] envelope)
    {
        var plaintext = new byte[envelope.Length - NotificationEnvelope.Overhead];
        Assert.That(XChaCha20Poly1305.TryDecrypt(envelope.AsSpan(24), envelope.AsSpan(0, 24), Key, plaintext), Is.True);
        return plaintext;
    }

    // As a phone reads it: zeros off, a list, metadata as JSON or as a dictionary.
    private static (Metadata Values, byte[]? Data) Read(byte[] plaintext)
    {
        var reader = new BencodeReader(plaintext.AsSpan().TrimEnd((byte)0));
        reader.EnterList();
        var metadata = reader.Next == BencodeKind.Dictionary ? ReadDictionary(ref reader) : ReadJson(reader.ReadBytes());
        var data = reader.TryReadBytes(out var bytes) ? bytes.ToArray() : null;
        reader.Leave();
        reader.EndInput();
        return (new Metadata(metadata), data);
    }

    private static Dictionary<string, string> ReadJson(ReadOnlySpan<byte> json)
    {
        using var document = JsonDocument.Parse(json.ToArray());
        return document.RootElement.EnumerateObject().ToDictionary(member => member.Name, member => member.Value.ToString(), StringComparer.Ordinal);
    }

    private static Dictionary<string, string> ReadDictionary(ref BencodeReader reader)
    {
        var metadata = new Dictionary<string, string>(StringComparer.Ordinal);
        reader.EnterDictionary();
        while (!reader.TryLeave())
        {
            var key = Encoding.ASCII.GetString(reader.ReadBytes());
            metadata.Add(key, reader.TryReadInt64(out var number) ? $"{number}" : Encoding.ASCII.GetString(reader.ReadBytes()));
        }

        return metadata;
    }

    private sealed class Metadata(Dictionary<string, string> values)
    {
        internal string? this[string key] => values.GetValueOrDefault(key);
    }
}
