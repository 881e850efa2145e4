using BenchmarkDotNet.Attributes;
using Sotto.Bencode;
using Sotto.Session;

namespace Sotto.Bench.Micro;

/// <summary>What the storage network's nodes send.</summary>
public class WireBenchmarks
{
    private byte[] _notify = [];

    [Params(300, 2_500)]
    public int Size { get; set; }

    [GlobalSetup]
    public void Prepare()
    {
        var writer = new BencodeWriter();
        writer.StartDictionary();
        writer.Key("@"u8);
        writer.Write(Samples.Account);
        writer.Key("h"u8);
        writer.Write(Samples.HashBytes);
        writer.Key("n"u8);
        writer.Write(0L);
        writer.Key("t"u8);
        writer.Write(1_700_000_000_000);
        writer.Key("z"u8);
        writer.Write(1_701_000_000_000);
        writer.Key("~"u8);
        writer.Write(Samples.Bytes(Size));
        writer.End();
        _notify = writer.ToArray();
    }

    /// <summary>What each storage node's notification costs first.</summary>
    [Benchmark]
    public bool ReadNotifyMessage() => NotifyMessage.TryParse(_notify, out _);

    /// <summary>Bencode alone: every part of the notification is passed over.</summary>
    [Benchmark]
    public int SkipBencode()
    {
        var reader = new BencodeReader(_notify);
        reader.Skip();
        return reader.Offset;
    }
}
