using System.Reflection;
using MassTransit;
using Microsoft.Extensions.Logging.Abstractions;
using Sotto.Delivery;
using Sotto.Hosting.Bus;

namespace Senders.Tests.Delivery;

public sealed class EndpointSwitchTests
{
    private readonly ManualTimeProvider _clock = new();
    private IReceiveEndpoint _endpoint = null!;
    private ProviderGate _gate = null!;
    private EndpointSwitch _switch = null!;

    private FakeEndpoint Fake => (FakeEndpoint)_endpoint;

    [SetUp]
    public async Task StartAsync()
    {
        _endpoint = DispatchProxy.Create<IReceiveEndpoint, FakeEndpoint>();
        _gate = new ProviderGate("apns", new GateOptions { InFlightMax = 1 }, _clock, NullLogger.Instance);
        _switch = new EndpointSwitch(_gate, new PausedQueues(), "push.apns", "apns", _clock, NullLogger<EndpointSwitch>.Instance);
        var ready = DispatchProxy.Create<ReceiveEndpointReady, FakeReady>();
        ((FakeReady)ready).Endpoint = _endpoint;
        await _switch.Ready(ready);
    }

    [TearDown]
    public async Task StopAsync()
    {
        await _switch.StopAsync(CancellationToken.None);
        _switch.Dispose();
        _gate.Dispose();
    }

    [Test]
    public async Task A_pause_that_began_before_the_switch_ran_is_not_missed()
    {
        _gate.LongPause!(true);
        await _switch.StartAsync(CancellationToken.None);

        await Fake.HasDoneAsync("Stop");
    }

    [Test]
    public async Task A_stop_that_fails_is_tried_again()
    {
        await _switch.StartAsync(CancellationToken.None);
        Fake.FailuresLeft = 2;

        _gate.LongPause!(true);

        await AdvanceUntilAsync("Stop", "Stop", "Stop");
    }

    [Test]
    public async Task A_newer_wish_takes_the_place_of_one_that_failed_and_what_may_be_half_stopped_is_stopped_before_it_starts()
    {
        await _switch.StartAsync(CancellationToken.None);
        Fake.FailuresLeft = 1;

        _gate.LongPause!(true);
        await Fake.HasDoneAsync("Stop");
        _gate.LongPause!(false);

        await AdvanceUntilAsync("Stop", "Stop", "Start");
    }

    private async Task AdvanceUntilAsync(params string[] calls)
    {
        await Eventually.BecomesTrueAsync(
            () =>
            {
                _clock.Advance(TimeSpan.FromSeconds(5));
                return Fake.Calls.Count >= calls.Length;
            },
            what: $"there were {calls.Length} calls");
        Assert.That(Fake.Calls, Is.EqualTo(calls));
    }

    /// <summary>An endpoint of which only stopping and starting matter.</summary>
    public class FakeEndpoint : DispatchProxy
    {
        private readonly Lock _gate = new();
        private readonly List<string> _calls = [];

        public int FailuresLeft { get; set; }

        public IReadOnlyList<string> Calls
        {
            get
            {
                lock (_gate)
                    return [.. _calls];
            }
        }

        public Task HasDoneAsync(string call) => Eventually.BecomesTrueAsync(() => Calls.Contains(call), what: $"there was a {call}");

        protected override object? Invoke(MethodInfo? targetMethod, object?[]? args)
        {
            lock (_gate)
                _calls.Add(targetMethod!.Name);
            if (targetMethod.Name == nameof(IReceiveEndpoint.Start))
                return Create<ReceiveEndpointHandle, FakeHandle>();
            return FailuresLeft-- > 0 ? Task.FromException(new InvalidOperationException("It does not stop.")) : Task.CompletedTask;
        }
    }

    /// <summary>The handle of an endpoint that is ready at once.</summary>
    public class FakeHandle : DispatchProxy
    {
        protected override object? Invoke(MethodInfo? targetMethod, object?[]? args) => Task.FromResult<ReceiveEndpointReady>(null!);
    }

    /// <summary>Says which endpoint is ready.</summary>
    public class FakeReady : DispatchProxy
    {
        public IReceiveEndpoint? Endpoint { get; set; }

        protected override object? Invoke(MethodInfo? targetMethod, object?[]? args) => Endpoint;
    }
}
