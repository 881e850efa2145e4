using Microsoft.AspNetCore.Builder;
using Sotto.FakeProvider;

namespace Sotto.SenderKit;

/// <summary>
/// What every sender must do alike, whatever its provider: each sender's tests inherit it, and say only what is their provider's own. Real broker, real sender, the
/// provider's simulator (docs/adding-a-provider.md).
/// </summary>
public abstract partial class SenderCompliance
{
    /// <summary>
    /// The longest envelope, in bytes: a message of 2,500 with what is said of it, less than 300, padded to a multiple of 256, and with a nonce of 24 and a tag of 16
    /// (session-v2 section 6).
    /// </summary>
    protected const int EnvelopeBytesMax = 2816 + 40;

    private ProviderSimulator _simulator = null!;
    private SenderUnderTest _sender = null!;

    /// <summary>The provider's name on the bus.</summary>
    protected abstract string ProviderName { get; }

    protected ProviderSimulator Simulator => _simulator;

    protected SenderUnderTest Sender => _sender;

    [SetUp]
    public async Task PrepareAsync()
    {
        _simulator = await StartSimulatorAsync();
        _sender = await SenderUnderTest.PrepareAsync(Build);
        Configure(_sender);
    }

    [TearDown]
    public async Task StopAsync()
    {
        await _sender.DisposeAsync();
        await _simulator.DisposeAsync();
    }

    protected static DateTimeOffset DeathOf { get; } = new(2026, 3, 4, 5, 6, 7, TimeSpan.Zero);

    protected EncryptedPush Push() => SenderUnderTest.Push(ProviderName, NewDevice());

    /// <summary>The section of the sender's settings.</summary>
    protected abstract string Section { get; }

    /// <summary>A part of the path of send requests that token requests do not have.</summary>
    protected abstract string SendPath { get; }

    /// <summary>Whether the provider says when a token died.</summary>
    protected virtual bool TellsTimeOfDeath => false;

    /// <summary>Whether a status of success is believed whatever comes with it.</summary>
    protected virtual bool StatusSaysAll => false;

    /// <summary>Whether credentials that are refused stop the whole queue, and not only what goes to one of many servers.</summary>
    protected virtual bool CredentialsAreForAll => true;

    /// <summary>An envelope so long, in bytes, that the provider refuses the push for its size. The longest that there is has <see cref="EnvelopeBytesMax"/>.</summary>
    protected virtual int EnvelopeBytesTooMany => 4000;

    /// <summary>Whether an answer of success has a body, so that it can come byte by byte.</summary>
    protected virtual bool AnswersHaveBodies => true;

    /// <summary>How the provider says that it is overloaded, without a time.</summary>
    protected virtual Fault Overload => new() { Kind = FaultKind.Answer, Status = 503, Body = "", Path = SendPath };

    /// <summary>The member of <c>service_info</c> by which the device is reached.</summary>
    protected virtual string TokenKey => "token";

    /// <summary>A token of the vendor's form that was never used before.</summary>
    protected abstract string NewToken();

    /// <summary>A device that was never used before.</summary>
    protected virtual TestDevice NewDevice() => new(NewToken());

    /// <summary>Starts the provider's simulator.</summary>
    protected abstract Task<ProviderSimulator> StartSimulatorAsync();

    /// <summary>The sender as its program builds it.</summary>
    protected abstract WebApplication Build(string[] args);

    /// <summary>Makes the provider refuse our credentials; what it gives mends them.</summary>
    protected abstract Action BreakCredentials();

    /// <summary>Tells the sender how to reach the simulator.</summary>
    protected abstract void Configure(SenderUnderTest sender);

    private int SendsReceived => _simulator.Ledger.Received.Count(request => request.Path.Contains(SendPath, StringComparison.Ordinal));

    /// <summary>Every push of the provider's queue has found its end. Stops the sender, so that what it still held is seen.</summary>
    protected async Task NothingIsLeftAsync(int deadLetters = 0)
    {
        await Eventually.BecomesTrueAsync(async () => await _sender.Queues.ReadyAsync(Provider.PushQueue(ProviderName)) == 0, what: "the queue was empty");
        await _sender.StopAsync();
        Assert.That(await _sender.Queues.ReadyAsync(Provider.PushQueue(ProviderName)), Is.Zero, "nothing came back from the sender");
        Assert.That(await _sender.Queues.CountItemsAsync("dead-letters"), Is.EqualTo(deadLetters));
    }
}
