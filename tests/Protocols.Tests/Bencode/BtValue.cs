using System.Numerics;
using Sotto.Bencode;

namespace Protocols.Tests.Bencode;

/// <summary>A bencoded value as a tree, for properties.</summary>
internal abstract record BtValue
{
    internal static Gen<BtValue> Any { get; } = Gen.Sized(size => OfDepth(Math.Min(size, 5)));

    internal abstract void WriteTo(BencodeWriter writer);

    internal static BtValue ReadFrom(ref BencodeReader reader)
    {
        switch (reader.Next)
        {
            case BencodeKind.ByteString:
                return new BtBytes(Convert.ToHexString(reader.ReadBytes()));
            case BencodeKind.Number:
                return new BtNumber(reader.TryReadInt64(out var number) ? number : reader.ReadUInt64());
            case BencodeKind.List:
                var items = new List<BtValue>();
                reader.EnterList();
                while (!reader.TryLeave())
                    items.Add(ReadFrom(ref reader));
                return new BtList([.. items]);
            default:
                var pairs = new List<(string, BtValue)>();
                reader.EnterDictionary();
                while (!reader.TryLeave())
                    pairs.Add((Convert.ToHexString(reader.ReadBytes()), ReadFrom(ref reader)));
                return new BtDictionary([.. pairs]);
        }
    }

    /// <summary>Reads a whole input; null when the reader refuses it. Lets everything but the documented exception through.</summary>
    internal static BtValue? TryRead(ReadOnlySpan<byte> input)
    {
        try
        {
            var reader = new BencodeReader(input);
            var value = ReadFrom(ref reader);
            reader.EndInput();
            return value;
        }
        catch (BencodeException)
        {
            return null;
        }
    }

    internal byte[] ToBytes()
    {
        var writer = new BencodeWriter();
        WriteTo(writer);
        return writer.ToArray();
    }

    private static Gen<BtValue> OfDepth(int depth)
    {
        var bytes = ArbMap.Default.GeneratorFor<byte[]>().Select(b => (BtValue)new BtBytes(Convert.ToHexString(b)));
        var small = ArbMap.Default.GeneratorFor<long>().Select(n => (BtValue)new BtNumber(n));
        var edge = Gen.Elements<BigInteger>(0, -1, long.MinValue, long.MaxValue, (BigInteger)long.MaxValue + 1, ulong.MaxValue).Select(n => (BtValue)new BtNumber(n));
        if (depth == 0)
            return Gen.OneOf(bytes, small, edge);

        var inner = OfDepth(depth - 1);
        var list = Gen.ArrayOf(inner).Select(items => (BtValue)new BtList([.. items.Take(4)]));
        var dictionary = Gen.ArrayOf(ArbMap.Default.GeneratorFor<byte[]>()).SelectMany(keys => Gen.ArrayOf(inner).Select(values => (BtValue)new BtDictionary(
            [.. keys.Select(Convert.ToHexString).Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal).Take(4).Zip(values)])));
        return Gen.OneOf(bytes, small, edge, list, dictionary);
    }
}

internal sealed record BtNumber(BigInteger Number) : BtValue
{
    internal override void WriteTo(BencodeWriter writer)
    {
        if (Number > long.MaxValue)
            writer.Write((ulong)Number);
        else
            writer.Write((long)Number);
    }

    public override string ToString() => $"i{Number}";
}

internal sealed record BtBytes(string Hex) : BtValue
{
    internal override void WriteTo(BencodeWriter writer) => writer.Write(Convert.FromHexString(Hex));

    public override string ToString() => $"s{Hex}";
}

internal sealed record BtList(BtValue[] Items) : BtValue
{
    internal override void WriteTo(BencodeWriter writer)
    {
        writer.StartList();
        foreach (var item in Items)
            item.WriteTo(writer);
        writer.End();
    }

    public override string ToString() => $"[{string.Join<BtValue>(',', Items)}]";
}

internal sealed record BtDictionary((string Key, BtValue Value)[] Pairs) : BtValue
{
    internal override void WriteTo(BencodeWriter writer)
    {
        writer.StartDictionary();
        foreach (var (key, value) in Pairs)
        {
            writer.Key(Convert.FromHexString(key));
            value.WriteTo(writer);
        }

        writer.End();
    }

    public override string ToString() => $"{{{string.Join(',', Pairs)}}}";
}
