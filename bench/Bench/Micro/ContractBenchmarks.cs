using BenchmarkDotNet.Attributes;
using MassTransit;
using MassTransit.Context;
using MassTransit.Serialization;
using Sotto.Contracts;
using Sotto.Hosting.Bus;

namespace Sotto.Bench.Micro;

/// <summary>Each contract as it travels.</summary>
public class ContractBenchmarks
{
    private byte[] _body = [];

    [ParamsSource(nameof(Cases))]
    public ContractCase Contract { get; set; } = null!;

    public static IEnumerable<ContractCase> Cases { get; } =
    [
        .. Framed("MessageArrived_300Bytes", () => Samples.MessageArrived(300)),
        .. Framed("MessageArrived_2500Bytes", () => Samples.MessageArrived(2_500)),
        .. Framed("EncryptedPush_300Bytes", () => Samples.EncryptedPush(300)),
        .. Framed("EncryptedPush_2500Bytes", () => Samples.EncryptedPush(2_500)),
        .. Framed(nameof(SubscriptionChanged), Samples.SubscriptionChanged),
        .. Framed(nameof(PushAccepted), Samples.PushAccepted),
        .. Framed(nameof(PushExpired), Samples.PushExpired),
        .. Framed(nameof(PushDeadLettered), Samples.PushDeadLettered),
        .. Framed(nameof(DeviceTokenInvalidated), Samples.DeviceTokenInvalidated),
        .. Framed(nameof(ValidateDeviceToken), Samples.ValidateDeviceToken),
        .. Framed(nameof(DeviceTokenValidated), Samples.DeviceTokenValidated),
        new SingleCase<ServiceStats>(Samples.ServiceStats()),
    ];

    // In each of the forms that it can travel in.
    private static IEnumerable<ContractCase> Framed<T>(string name, Func<T> make)
        where T : class
    {
        yield return new FramedCase<T>(name, make, FrameFormat.Json);
        if (FrameCodec.Knows<T>())
            yield return new FramedCase<T>($"{name}Compact", make, FrameFormat.Compact);
    }

    [GlobalSetup]
    public void Prepare() => _body = Contract.Write();

    [Benchmark]
    public byte[] Write() => Contract.Write();

    [Benchmark]
    public object Read() => Contract.Read(_body);
}

/// <summary>A contract, written and read as the bus does it.</summary>
public abstract class ContractCase(string name, int items)
{
    private protected static readonly SystemTextJsonMessageSerializer Json = new();

    /// <summary>How many travel together.</summary>
    public int Items => items;

    public abstract byte[] Write();

    public abstract object Read(byte[] body);

    public sealed override string ToString() => name;

    private protected static T ReadJson<T>(byte[] body)
        where T : class =>
        Json.Deserialize(new BytesMessageBody(body), EmptyHeaders.Instance, destinationAddress: null).TryGetMessage(out T? message) && message is not null
            ? message
            : throw new InvalidOperationException("The message does not read.");
}

internal sealed class FramedCase<T>(string name, Func<T> make, FrameFormat format) : ContractCase(name, FrameLimits.ItemsMax)
    where T : class
{
    private readonly Frame<T> _frame = new() { Items = [.. Enumerable.Range(0, FrameLimits.ItemsMax).Select(_ => make())] };

    public override byte[] Write() => new FrameEnvelope<T>(_frame, TimeProvider.System, format).Body.ToArray();

    public override object Read(byte[] body) => format == FrameFormat.Compact ? FrameCodec.Read(body, out _) : ReadJson<Frame<T>>(body);
}

internal sealed class SingleCase<T>(T message) : ContractCase(typeof(T).Name, 1)
    where T : class
{
    public override byte[] Write() => Json.GetMessageBody(new MessageSendContext<T>(message)).GetBytes();

    public override object Read(byte[] body) => ReadJson<T>(body);
}
