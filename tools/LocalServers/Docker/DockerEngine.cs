using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using Sotto.LocalServers.Processes;

namespace Sotto.LocalServers.Docker;

/// <summary>Docker, driven by its command line.</summary>
public static class DockerEngine
{
    private static readonly TimeSpan Soon = TimeSpan.FromSeconds(30);

    // The first start downloads the image.
    private static readonly TimeSpan RunPatience = TimeSpan.FromMinutes(5);

    /// <summary>True when the docker command is there and an engine answers it.</summary>
    public static async Task<bool> AnswersAsync(CancellationToken cancellation = default) =>
        Programs.Find("docker") is not null
        && EngineAddress() is { } address && await TcpProbe.AcceptsAsync(address)
        && (await Programs.RunAsync("docker", ["version", "--format", "{{.Server.Version}}"], Soon, cancellation: cancellation)).Succeeded;

    /// <summary>Starts a container whose ports are published on free ports of 127.0.0.1, and returns its name.</summary>
    /// <param name="name">What it is, as part of the container's name.</param>
    /// <param name="image">Image and tag.</param>
    /// <param name="ports">The ports inside.</param>
    /// <param name="environment">Settings and secrets; handed over in a file that only we can read.</param>
    /// <param name="arguments">For the program inside.</param>
    /// <param name="cancellation">Gives up.</param>
    public static async Task<string> RunAsync(
        string name, string image, IEnumerable<int> ports, IReadOnlyDictionary<string, string> environment, IEnumerable<string> arguments, CancellationToken cancellation)
    {
        var container = $"sotto-{name}-{RandomNumberGenerator.GetHexString(8, lowercase: true)}";
        var secrets = Path.GetTempFileName();
        try
        {
            await File.WriteAllLinesAsync(secrets, environment.Select(setting => $"{setting.Key}={setting.Value}"), cancellation);
            string[] command =
            [
                "run", "--detach", "--name", container, "--env-file", secrets,
                .. ports.SelectMany(port => (string[])["--publish", $"127.0.0.1::{port}"]), image, .. arguments,
            ];
            await Programs.RequireAsync($"Starting a container of {image}", "docker", command, RunPatience, cancellation: cancellation);
            return container;
        }
        finally
        {
            File.Delete(secrets);
        }
    }

    /// <summary>The port of 127.0.0.1 behind which a container's port is.</summary>
    public static async Task<int> PortAsync(string container, int inside, CancellationToken cancellation)
    {
        var lines = await Programs.RequireAsync("docker port", "docker", ["port", container, $"{inside}/tcp"], Soon, cancellation: cancellation);
        return IPEndPoint.TryParse(lines.Split('\n')[0].Trim(), out var address)
            ? address.Port
            : throw new LocalServerException($"Docker did not say where port {inside} of {container} is published.");
    }

    /// <summary>What the container printed last.</summary>
    public static async Task<string> LogTailAsync(string container, CancellationToken cancellation)
    {
        var log = await Programs.RunAsync("docker", ["logs", "--tail", "25", container], Soon, cancellation: cancellation);
        return $"The end of its log:\n{log.Output}{log.Errors}".TrimEnd();
    }

    /// <summary>Stops and deletes the container and its data; whether it exists does not matter.</summary>
    public static Task RemoveAsync(string container, CancellationToken cancellation = default) =>
        Programs.RunAsync("docker", ["rm", "--force", "--volumes", container], Soon, cancellation: cancellation);

    private static EndPoint? EngineAddress()
    {
        var host = Environment.GetEnvironmentVariable("DOCKER_HOST");
        if (string.IsNullOrEmpty(host))
            host = "unix:///var/run/docker.sock";

        return Uri.TryCreate(host, UriKind.Absolute, out var uri)
            ? uri.Scheme switch
            {
                "unix" => File.Exists(uri.AbsolutePath) ? new UnixDomainSocketEndPoint(uri.AbsolutePath) : null,
                "tcp" => new DnsEndPoint(uri.Host, uri.IsDefaultPort ? 2375 : uri.Port),
                _ => null,
            }
            : null;
    }
}
