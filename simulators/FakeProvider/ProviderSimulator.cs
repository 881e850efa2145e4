using System.Diagnostics.CodeAnalysis;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Https;
using System.Security.Cryptography.X509Certificates;
using Microsoft.Extensions.DependencyInjection;

namespace Sotto.FakeProvider;

/// <summary>A push provider that runs on this machine: it judges as its vendor does, keeps a ledger, and can be made to fail.</summary>
/// <remarks>Members are thread-safe. How it behaves and what it saw are apart: <see cref="Tokens"/> and <see cref="Faults"/>, <see cref="Ledger"/>.</remarks>
public abstract class ProviderSimulator : IAsyncDisposable
{
    // What is still under way when the simulator stops is cut off after this.
    private static readonly TimeSpan StopMax = TimeSpan.FromSeconds(1);

    private readonly bool _ownsAuthority;
    private readonly CancellationTokenSource _stopping = new();
    private readonly TrafficMeter _meter;
    private WebApplication? _provider;
    private ControlServer? _control;
    private KestrelServerOptions? _kestrel;
    private Uri[] _endpoints = [];

    protected ProviderSimulator(string name, FakeProviderOptions options)
    {
        (Name, Options) = (name, options);
        _ownsAuthority = options.Authority is null;
        Authority = options.Authority ?? TestAuthority.Create();
        Clock = new(options.Clock);
        Tokens = new(options.StrictTokens);
        Faults = new(Clock);
        Ledger = new(options.ReceivedMax, options.JournalFile is { } file ? new Journal(file) : null);
        _meter = new(TimeProvider.System);
    }

    /// <summary>The vendor in one short word.</summary>
    public string Name { get; }

    /// <summary>The authority that a client must trust.</summary>
    public TestAuthority Authority { get; }

    /// <summary>The simulator's idea of now; can be moved.</summary>
    public OffsetClock Clock { get; }

    /// <summary>What it knows of device tokens.</summary>
    public TokenRegistry Tokens { get; }

    /// <summary>How it will fail.</summary>
    public FaultScript Faults { get; }

    /// <summary>What it received.</summary>
    public Ledger Ledger { get; }

    /// <summary>Its address, without a slash at the end of <see cref="Uri.OriginalString"/>.</summary>
    public Uri Endpoint => EndpointAt(0);

    /// <summary>The address of its control endpoint.</summary>
    public Uri Control => _control?.Endpoint ?? throw NotStarted();

    /// <summary>HTTP/2 streams at once, on connections that are made from now on; with <see cref="FaultKind.GoAway"/> clients come to make new ones.</summary>
    public int MaxStreams
    {
        get => (_kestrel ?? throw NotStarted()).Limits.Http2.MaxStreamsPerConnection;
        set => (_kestrel ?? throw NotStarted()).Limits.Http2.MaxStreamsPerConnection = value;
    }

    internal TrafficMeter Meter => _meter;

    internal CancellationToken Stopping => _stopping.Token;

    protected internal FakeProviderOptions Options { get; }

    /// <summary>A client's handler that trusts this simulator and nothing else.</summary>
    public SocketsHttpHandler CreateHandler() => Authority.CreateHandler();

    /// <summary>Forgets what it received, its faults, its device tokens and the move of its clock.</summary>
    public virtual void Reset()
    {
        Faults.Clear();
        Tokens.Clear();
        Ledger.Clear();
        Clock.Offset = TimeSpan.Zero;
        MaxStreams = Options.MaxStreams;
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _stopping.CancelAsync();
        using var patience = new CancellationTokenSource(StopMax);
        if (_provider is not null)
        {
            await _provider.StopAsync(patience.Token);
            await _provider.DisposeAsync();
        }

        if (_control is not null)
            await _control.DisposeAsync();
        Dispose();
        GC.SuppressFinalize(this);
    }

    /// <summary>The device tokens that a request names, before it is judged; empty when it cannot be read.</summary>
    protected internal abstract IReadOnlyList<string> TokensOf(ReceivedRequest request);

    /// <summary>The vendor's answer to a request.</summary>
    protected internal abstract Verdict Judge(ReceivedRequest request, ConnectionState connection);

    /// <summary>An order to the control endpoint that only this vendor's simulator understands.</summary>
    /// <returns>The answer; null when it does not understand it either.</returns>
    protected internal virtual object? Obey(string method, string path, JsonElement order) => null;

    /// <summary>Frees what the simulator made for itself.</summary>
    protected virtual void Dispose()
    {
        if (_ownsAuthority)
            Authority.Dispose();
        Ledger.Dispose();
        _stopping.Dispose();
    }

    /// <summary>The address of a listener, in the order of the plans.</summary>
    protected Uri EndpointAt(int listener) => listener < _endpoints.Length ? _endpoints[listener] : throw NotStarted();

    /// <summary>Opens the ports.</summary>
    protected async Task ListenAsync(params IReadOnlyList<ListenerPlan> plans)
    {
        var builder = WebApplication.CreateEmptyBuilder(new());
        builder.WebHost.UseKestrelCore().UseKestrelHttpsConfiguration().ConfigureKestrel(kestrel => Configure(kestrel, plans));
        _provider = builder.Build();
        var pipeline = new RequestPipeline(this);
        _provider.Run(pipeline.HandleAsync);
        await _provider.StartAsync();

        var addresses = _provider.Services.GetRequiredService<IServer>().Features.GetRequiredFeature<IServerAddressesFeature>().Addresses;
        _endpoints = [.. addresses.Select(address => new Uri($"https://{Options.Host}:{new Uri(address).Port}"))];
        _control = await ControlServer.StartAsync(this);
    }

    [SuppressMessage("Reliability", "CA2000", Justification = "Kestrel holds the certificate for as long as the process lives.")]
    private void Configure(KestrelServerOptions kestrel, IReadOnlyList<ListenerPlan> plans)
    {
        _kestrel = kestrel;
        kestrel.AddServerHeader = false;
        kestrel.Limits.MaxRequestBodySize = RequestPipeline.BodyBytesMax;
        kestrel.Limits.MinRequestBodyDataRate = null;
        kestrel.Limits.MinResponseDataRate = null;
        kestrel.Limits.Http2.MaxStreamsPerConnection = Options.MaxStreams;
        var (good, expired) = (Authority.IssueServer(Options.Host), Authority.IssueExpiredServer(Options.Host));
        foreach (var plan in plans)
            kestrel.Listen(Options.Bind, plan.Port, listen => Configure(listen, plan, () => Faults.TakeForConnection(FaultKind.ExpiredCertificate) ? expired : good));
    }

    private void Configure(ListenOptions listen, ListenerPlan plan, Func<X509Certificate2> certificate)
    {
        listen.Protocols = plan.Protocols;
        listen.Use(next => connection => AcceptAsync(next, connection, plan.Name));
        listen.UseHttps(new HttpsConnectionAdapterOptions
        {
            ServerCertificateSelector = (_, _) => certificate(),
            ClientCertificateMode = plan.AsksForCertificate ? ClientCertificateMode.AllowCertificate : ClientCertificateMode.NoCertificate,
            // Any certificate passes the handshake: what is wrong with it is the vendor's to say in an answer.
            ClientCertificateValidation = (_, _, _) => true,
        });
    }

    private async Task AcceptAsync(ConnectionDelegate next, ConnectionContext connection, string listener)
    {
        if (Faults.TakeForConnection(FaultKind.Refuse))
        {
            connection.Abort();
            return;
        }

        connection.Features.Set(new ConnectionState(connection, listener));
        _meter.ConnectionOpened();
        try
        {
            await next(connection);
        }
        finally
        {
            _meter.ConnectionClosed();
        }
    }

    private InvalidOperationException NotStarted() => new($"The simulator '{Name}' was not started.");
}
