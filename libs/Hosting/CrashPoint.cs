using System.Diagnostics;
using System.Globalization;
using System.Runtime.CompilerServices;

namespace Sotto.Hosting;

/// <summary>
/// A named place at which a process can be made to die as by <c>kill -9</c>: nothing is flushed, no handler runs, the sockets end as they are. Inert, and free, unless the process
/// was started with <see cref="Variable"/>. docs/operating/chaos.md lists the places.
/// </summary>
/// <remarks>Thread-safe.</remarks>
public static class CrashPoint
{
    /// <summary>The environment variable that arms one place, as <c>name</c> or <c>name@N</c>: the process dies when the place is passed for the Nth time, from 1.</summary>
    public const string Variable = "SOTTO_CRASH_POINT";

    // Read once: while it is null, the compiler of hot code drops the whole call.
    private static readonly Arming? Armed = Arming.Read(System.Environment.GetEnvironmentVariable(Variable));

    /// <summary>True in a process that is to die at one of these places.</summary>
    public static bool IsArmed => Armed is not null;

    /// <summary>Passes the place, or dies at it.</summary>
    /// <param name="place">Its name: the part of the system, a dot, and the step.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Pass(string place)
    {
        if (Armed is not null)
            Armed.Pass(place);
    }

    private sealed class Arming(string place, int pass)
    {
        private int _passes;

        public static Arming? Read(string? text)
        {
            if (string.IsNullOrEmpty(text))
                return null;
            var at = text.IndexOf('@', StringComparison.Ordinal);
            return at < 0 ? new Arming(text, 1) : new Arming(text[..at], int.Parse(text.AsSpan(at + 1), NumberStyles.None, CultureInfo.InvariantCulture));
        }

        public void Pass(string passed)
        {
            if (!string.Equals(place, passed, StringComparison.Ordinal) || Interlocked.Increment(ref _passes) < pass)
                return;
            using var self = Process.GetCurrentProcess();
            self.Kill();
            // SIGKILL to oneself is delivered before the call returns; should it not be, nothing of ours goes on.
            System.Environment.FailFast(null);
        }
    }
}
