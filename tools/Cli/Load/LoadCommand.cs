using System.CommandLine;
using System.Runtime.InteropServices;
using Sotto.FakePhone;
using Sotto.Hosting.Settings;

namespace Sotto.Cli.Load;

/// <summary><c>sotto load</c>: made-up phones by the thousand at a system that is not in use yet. It says what it will do, and takes its phones away again.</summary>
internal static class LoadCommand
{
    private static readonly Option<double> Rate = new("--rate") { Description = "Subscriptions a second, whether or not the answers keep up.", DefaultValueFactory = _ => 100 };
    private static readonly Option<int> Subscriptions = new("--subscriptions") { Description = "How many made-up phones.", DefaultValueFactory = _ => 1_000 };
    private static readonly Option<int> Seed = new("--seed") { Description = "Which phones: with the same seed always the same.", DefaultValueFactory = _ => 1 };
    private static readonly Option<int> Seconds = new("--seconds") { Description = "How long to renew, and to store messages, once all are subscribed.", DefaultValueFactory = _ => 10 };
    private static readonly Option<string> Api = new("--api") { Description = "The SubscriptionApi's address for clients. Else that of the system that ./dev up runs." };
    private static readonly Option<string> Provider = new("--provider") { Description = $"Whose device tokens to make up: {string.Join(", ", LoadPlan.Providers)}. By default apns where it is simulated, else dummy (StubSender)." };
    private static readonly Option<bool> Onion = new("--onion") { Description = "Send onion requests, sealed to --onion-key or to the key of the system that ./dev up runs." };
    private static readonly Option<string> OnionKey = new("--onion-key") { Description = "The X25519 public key for onion requests, 64 hex digits; implies --onion." };
    private static readonly Option<int> Items = new("--array") { Description = "Subscriptions in one request.", DefaultValueFactory = _ => 1 };
    private static readonly Option<double?> Messages = new("--messages") { Description = "Messages a second to store in a simulated network; by default as many as --rate says where there is one." };
    private static readonly Option<int> MessageBytes = new("--message-bytes") { Description = "Size of a message.", DefaultValueFactory = _ => 300 };
    private static readonly Option<string> SwarmControl = new("--swarm-control") { Description = "The control endpoint of a FakeSwarm." };
    private static readonly Option<string> ProviderControl = new("--provider-control") { Description = "The control endpoint of the FakeApns, FakeFcm or FakeHms that receives the pushes." };
    private static readonly Option<bool> Keep = new("--keep") { Description = "Leave the phones subscribed." };
    private static readonly Option<bool> CleanUp = new("--clean-up") { Description = "Only unsubscribe what an earlier load of the same numbers left." };
    private static readonly Option<bool> Yes = new("--yes") { Description = "Do it. Needed for any address that is not this machine's own; without it the plan is shown." };

    public static Command Create()
    {
        var command = new Command("load", "Try how much a system bears: made-up phones subscribe, renew and unsubscribe at a steady rate; with a simulated network, messages arrive too. For staging, not for production.")
        {
            Rate, Subscriptions, Seed, Seconds, Api, Provider, Onion, OnionKey, Items, Messages, MessageBytes, SwarmControl, ProviderControl, Keep, CleanUp, Yes,
        };
        command.Runs(RunAsync);
        return command;
    }

    private static async Task<int> RunAsync(ParseResult arguments, CancellationToken stop)
    {
        var plan = PlanOf(arguments).Checked();
        foreach (var sentence in plan.Describe())
            Output.Remark(arguments, sentence);
        if (!plan.Api.IsLoopback && !arguments.GetValue(Yes))
        {
            Output.Print(arguments, new { done = false }, "Nothing was sent. Add --yes to do it.");
            return Output.Done;
        }

        using var http = new HttpMessageInvoker(new SocketsHttpHandler { UseProxy = false, UseCookies = false, ConnectTimeout = TimeSpan.FromSeconds(10), ActivityHeadersPropagator = null });
        var clock = TimeProvider.System;
        var line = new LiveLine(arguments, clock);
        var run = new LoadRun(plan, http, line, clock);
        var reports = new List<PhaseReport>();
        try
        {
            if (!plan.CleanUpOnly)
                await LoadAsync(arguments, plan, run, plan.MessageRate > 0 ? new MessageRun(plan, run, http, line, clock) : null, reports, stop);
        }
        finally
        {
            if (!plan.Keep || plan.CleanUpOnly)
                reports.Add(Say(arguments, await UnsubscribeAsync(arguments, run)));
        }

        Output.Print(arguments, reports.ToDictionary(report => report.Name, report => report.Document(), StringComparer.Ordinal));
        stop.ThrowIfCancellationRequested();
        return reports.TrueForAll(report => report.Failed == 0) ? Output.Done : Output.Failed;
    }

    private static async Task LoadAsync(ParseResult arguments, LoadPlan plan, LoadRun run, MessageRun? messages, List<PhaseReport> reports, CancellationToken stop)
    {
        reports.Add(Say(arguments, await run.SubscribeAsync(stop)));
        if (plan.Seconds == 0 || stop.IsCancellationRequested)
            return;
        if (messages is not null)
            await messages.WaitUntilMonitoredAsync(stop);
        if (messages?.NotMonitored > 0)
            Output.Remark(arguments, $"{messages.NotMonitored} phones are not monitored yet and get no messages.");

        var renewing = run.RenewAsync(stop);
        if (messages is not null)
            reports.Add(Say(arguments, await messages.RunAsync(stop)));
        reports.Add(Say(arguments, await renewing));
    }

    // The operator's Ctrl-C ended the load; what takes the phones away goes on until a second one.
    private static async Task<PhaseReport> UnsubscribeAsync(ParseResult arguments, LoadRun run)
    {
        using var enough = new CancellationTokenSource();
        using var second = PosixSignalRegistration.Create(PosixSignal.SIGINT, signal =>
        {
            signal.Cancel = true;
            enough.Cancel();
        });
        Output.Remark(arguments, "Unsubscribing the phones. Ctrl-C leaves the rest; sotto load --clean-up with the same numbers takes them away later.");
        var report = await run.UnsubscribeAsync(enough.Token);
        if (report.Failed > 0 || enough.IsCancellationRequested)
            Output.Remark(arguments, "Some phones may still be subscribed: run sotto load --clean-up with the same numbers.");
        return report;
    }

    private static PhaseReport Say(ParseResult arguments, PhaseReport report)
    {
        if (arguments.GetValue(Output.Json))
            Output.Remark(arguments, report.Line());
        else
            arguments.InvocationConfiguration.Output.WriteLine(report.Line());
        return report;
    }

    private static LoadPlan PlanOf(ParseResult arguments)
    {
        var running = arguments.GetValue(Api) is null ? LoadTarget.Running(arguments) : LoadTarget.None;
        var api = Address(arguments, Api) ?? running.Api ?? throw new SettingsException("--api names the SubscriptionApi to load; no system of ./dev up runs here.");
        var provider = arguments.GetValue(Provider) ?? (running.Doors("apns") is not null || arguments.GetValue(ProviderControl) is not null ? "apns" : "dummy");
        var (swarm, door) = (Address(arguments, SwarmControl), Address(arguments, ProviderControl));
        var doors = swarm is not null && door is not null ? new SimulatorDoors(swarm, door) : running.Doors(provider);
        var rate = arguments.GetValue(Rate);
        return new LoadPlan
        {
            Api = api,
            Route = RouteOf(arguments.GetValue(Onion), arguments.GetValue(OnionKey), running),
            Provider = provider,
            Rate = rate,
            Subscriptions = arguments.GetValue(Subscriptions),
            Seed = arguments.GetValue(Seed),
            Array = arguments.GetValue(Items),
            Seconds = arguments.GetValue(Seconds),
            MessageRate = arguments.GetValue(Messages) ?? (doors is null ? 0 : rate),
            MessageBytes = arguments.GetValue(MessageBytes),
            Keep = arguments.GetValue(Keep),
            CleanUpOnly = arguments.GetValue(CleanUp),
            Simulators = doors,
        };
    }

    private static Uri? Address(ParseResult arguments, Option<string> option)
    {
        if (arguments.GetValue(option) is not { } text)
            return null;
        return Uri.TryCreate(text, UriKind.Absolute, out var address) && address.Scheme is "http" or "https"
            ? address
            : throw new SettingsException($"{option.Name} is an address that begins with http:// or https://.");
    }

    private static Route RouteOf(bool onion, string? key, LoadTarget running)
    {
        if (!onion && key is null)
            return new Route.Plain();
        var hex = key ?? running.OnionKey ?? throw new SettingsException("--onion needs --onion-key.");
        var bytes = new byte[32];
        return hex.Length == 64 && Convert.FromHexString(hex, bytes, out _, out _) == System.Buffers.OperationStatus.Done
            ? new Route.Onion(bytes)
            : throw new SettingsException("--onion-key is 64 hex digits.");
    }
}
