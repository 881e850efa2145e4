using System.Diagnostics;
using System.Globalization;
using Sotto.LocalServers.Processes;

namespace Sotto.LocalServers;

/// <summary>Sees to it that servers do not outlive this process, however it ends.</summary>
/// <remarks>
/// A small shell process waits on a pipe from us. The kernel closes the pipe when we end, killed or not; then the guard stops exactly the processes it was told of,
/// known by id and start time, and deletes the folders that nobody wants.
/// </remarks>
public sealed class ServerGuard : IDisposable
{
    // $@ is a list of pid:ticks:signal, then "--", then folders. The fields of /proc/PID/stat
    // are counted from behind the program's name, which may hold anything: the first is the state, and a zombie (Z) has ended; the 20th is the start time.
    private const string Script = """
        exec >/dev/null 2>&1
        read -r released && exit 0
        is_it() { sed 's/.*) //' "/proc/$1/stat" | grep -v '^Z' | cut -d' ' -f20 | grep -qx "$2"; }
        while [ "$1" != "--" ]; do
          pid=${1%%:*}; rest=${1#*:}; ticks=${rest%%:*}; signal=${rest#*:}
          is_it "$pid" "$ticks" && kill -"$signal" "$pid"
          for i in 1 2 3 4 5 6 7 8 9 10; do is_it "$pid" "$ticks" || break; sleep 0.2; done
          is_it "$pid" "$ticks" && kill -9 "$pid"
          shift
        done
        shift
        [ $# -gt 0 ] && rm -rf "$@"
        """;

    private readonly Process _shell;

    private ServerGuard(Process shell) => _shell = shell;

    /// <summary>Guards these servers until it is disposed or this process ends.</summary>
    public static ServerGuard Over(params IEnumerable<ServerHandle> servers)
    {
        var handles = servers.ToList();
        var start = new ProcessStartInfo("setsid", ["/bin/sh", "-c", Script, "sh"]) { UseShellExecute = false, RedirectStandardInput = true };
        foreach (var process in handles.SelectMany(server => server.Processes))
            start.ArgumentList.Add(string.Create(CultureInfo.InvariantCulture, $"{process.Identity.Pid}:{process.Identity.StartTicks}:{(int)process.Signal}"));

        start.ArgumentList.Add("--");
        foreach (var folder in handles.Select(server => server.DeleteFolder).OfType<string>())
            start.ArgumentList.Add(folder);

        return new ServerGuard(Process.Start(start) ?? throw new LocalServerException("The guard over the servers could not be started."));
    }

    /// <summary>Lets the servers live on.</summary>
    public void Dispose()
    {
        try
        {
            _shell.StandardInput.WriteLine("released");
            _shell.StandardInput.Flush();
        }
        catch (IOException)
        {
            // The guard has been killed; there is nothing left to release.
        }

        _shell.Dispose();
    }
}
