using System.Diagnostics;
using System.Globalization;
using Sotto.LocalServers.Processes;

namespace Sotto.LocalServers;

/// <summary>Sees to it that what we started does not outlive this process, however it ends.</summary>
/// <remarks>
/// A small shell process reads from a pipe what it has to watch. The kernel closes the pipe when we end, killed or not; then the guard stops exactly the processes it was
/// told of, known by id and start time, and deletes the folders that nobody wants. Thread-safe. Keep a reference: a guard that is collected acts as if we had ended.
/// </remarks>
public sealed class ServerGuard : IDisposable
{
    // The fields of /proc/PID/stat are counted from behind the program's name, which may hold anything: the first is the state, and a zombie (Z) has ended;
    // the 20th is the start time.
    private const string Script = """
        exec >/dev/null 2>&1
        list=
        while read -r kind rest; do
          case $kind in
            released) exit 0 ;;
            process) list="$list $rest" ;;
            folder) set -- "$@" "$rest" ;;
          esac
        done
        is_it() { sed 's/.*) //' "/proc/$1/stat" | grep -v '^Z' | cut -d' ' -f20 | grep -qx "$2"; }
        for entry in $list; do
          pid=${entry%%:*}; rest=${entry#*:}; ticks=${rest%%:*}; signal=${rest#*:}
          is_it "$pid" "$ticks" && kill -"$signal" "$pid"
        done
        for entry in $list; do
          pid=${entry%%:*}; rest=${entry#*:}; ticks=${rest%%:*}
          for i in 1 2 3 4 5 6 7 8 9 10; do is_it "$pid" "$ticks" || break; sleep 0.2; done
          is_it "$pid" "$ticks" && kill -9 "$pid"
        done
        [ $# -gt 0 ] && rm -rf -- "$@"
        """;

    private bool _released;

    private readonly Process _shell = Process.Start(
        new ProcessStartInfo("setsid", ["/bin/sh", "-c", Script, "sh"]) { UseShellExecute = false, RedirectStandardInput = true })
        ?? throw new LocalServerException("The guard over the servers could not be started.");

    /// <summary>Guards this server too.</summary>
    public void Watch(ServerHandle server)
    {
        foreach (var process in server.Processes)
            Watch(process.Identity, process.Signal);

        if (server.DeleteFolder is not null)
            Write($"folder {server.DeleteFolder}");
    }

    /// <summary>Guards this process too.</summary>
    public void Watch(ProcessIdentity process, StopSignal signal = StopSignal.Kill) =>
        Write(string.Create(CultureInfo.InvariantCulture, $"process {process.Pid}:{process.StartTicks}:{(int)signal}"));

    /// <summary>Lets everything live on.</summary>
    public void Dispose()
    {
        if (Interlocked.Exchange(ref _released, value: true))
            return;

        Write("released");
        _shell.Dispose();
    }

    private void Write(string line)
    {
        try
        {
            lock (_shell)
            {
                _shell.StandardInput.WriteLine(line);
                _shell.StandardInput.Flush();
            }
        }
        catch (IOException)
        {
            // The guard itself has been killed; what it watched is still stopped in the ordinary way.
        }
    }
}
