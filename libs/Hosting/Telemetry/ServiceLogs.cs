using System.Globalization;
using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.Logging;
using Serilog;
using Serilog.Core;
using Serilog.Events;
using Sotto.Hosting.Settings;

namespace Sotto.Hosting.Telemetry;

/// <summary>How services write their logs: to standard output, a line an event, times in UTC; level from <c>Log:Level</c>.</summary>
internal static class ServiceLogs
{
    private const string Line = "{At} {Level:u3} {SourceContext} {Message:lj}{NewLine}{Fault}";

    /// <exception cref="SettingsException">The level is not one.</exception>
    public static void AddLogs(this WebApplicationBuilder builder)
    {
        var level = builder.Configuration["Log:Level"] ?? nameof(LogEventLevel.Information);
        if (!Enum.TryParse<LogEventLevel>(level, ignoreCase: true, out var minimum))
            throw new SettingsException($"Setting Log:Level: '{level}' is not one of {string.Join(", ", Enum.GetNames<LogEventLevel>())}.");
        var noisy = minimum < LogEventLevel.Warning ? LogEventLevel.Warning : minimum;
        var logger = new LoggerConfiguration()
            .MinimumLevel.Is(minimum)
            .MinimumLevel.Override("Microsoft", noisy)
            // Whoever asks for health is told; asking again and again must not fill the log.
            .MinimumLevel.Override("Microsoft.Extensions.Diagnostics.HealthChecks", LogEventLevel.Fatal)
            .MinimumLevel.Override("MassTransit", noisy)
            .MinimumLevel.Override("Npgsql", noisy)
            .Enrich.With<TimeAndFault>()
            .WriteTo.Console(outputTemplate: Line, formatProvider: CultureInfo.InvariantCulture)
            .CreateLogger();
        builder.Logging.ClearProviders().AddSerilog(logger, dispose: true);
    }

    /// <summary>An exception as it is logged: its kind, message and place, and those of what caused it; but no message that repeats the text that could not be read.</summary>
    internal static string Describe(Exception? exception)
    {
        var text = new StringBuilder();
        for (; exception is not null; exception = exception.InnerException)
        {
            text.Append(exception.GetType().FullName).Append(": ").AppendLine(RepeatsItsInput(exception) ? "[REDACTED]" : exception.Message);
            if (exception.StackTrace is { } place)
                text.AppendLine(place);
        }

        return text.ToString();
    }

    // What stands in a bus message or a request, these would print; and the message of an exception often repeats that of its cause.
    private static bool RepeatsItsInput(Exception exception) =>
        exception is JsonException or FormatException or DecoderFallbackException || (exception.InnerException is { } inner && RepeatsItsInput(inner));

    private sealed class TimeAndFault : ILogEventEnricher
    {
        public void Enrich(LogEvent logEvent, ILogEventPropertyFactory propertyFactory)
        {
            logEvent.AddOrUpdateProperty(Text("At", logEvent.Timestamp.UtcDateTime.ToString("yyyy-MM-ddTHH:mm:ss.fffZ", CultureInfo.InvariantCulture)));
            logEvent.AddOrUpdateProperty(Text("Fault", Describe(logEvent.Exception)));
        }

        private static LogEventProperty Text(string name, string value) => new(name, new Verbatim(value));
    }

    // A text property would be written in quotes.
    private sealed class Verbatim(string text) : LogEventPropertyValue
    {
        public override void Render(TextWriter output, string? format = null, IFormatProvider? formatProvider = null) => output.Write(text);
    }
}
